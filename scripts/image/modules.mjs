// Which of a kernel's 4,400 modules the image takes: what a gateway of this class has or may have plugged in, and what these
// depend on. A list of folders and names, held against modules.dep; the smaller list is for the initrd.

/** Enough to find the card and to read both of its partitions, on every board of the list and in the emulator. */
export const INITRD_MODULES = [
	...["crc32c_generic", "ext4", "vfat", "nls_cp437", "nls_ascii"],
	// Pi 3 and Zero 2 W (both controllers), Pi 4, Pi 5
	...["sdhci_iproc", "bcm2835", "sdhci_brcmstb", "gpio_regulator", "reset_raspberrypi"],
	...["pinctrl_brcmstb_bcm2712", "pinctrl_rp1", "clk_rp1", "rp1_pci"],
	// A USB disk in the place of the card
	...["dwc2", "phy_generic", "xhci_pci", "usb_storage", "uas", "sd_mod"],
	...["virtio_blk", "virtio_mmio"],
	// Without a source of randomness the first number that cannot be guessed takes a minute on a slow board.
	...["bcm2835_rng", "iproc_rng200"],
];

/** Folders under kernel/, and single modules. */
export const ROOT_MODULES = {
	folders: [
		...["drivers/gpio", "drivers/pinctrl/bcm", "drivers/i2c", "drivers/spi", "drivers/iio", "drivers/hwmon"],
		...["drivers/w1", "drivers/thermal", "drivers/leds", "drivers/rtc", "drivers/pwm", "drivers/regulator"],
		...["drivers/usb/serial", "drivers/usb/class", "drivers/usb/host", "drivers/usb/dwc2", "drivers/usb/storage"],
		...["drivers/net/usb", "drivers/net/phy", "drivers/net/mdio", "drivers/net/wireless/broadcom"],
		...["drivers/net/ethernet/broadcom/genet", "drivers/net/ethernet/cadence", "drivers/mmc", "drivers/dma"],
		...["drivers/soc/bcm", "drivers/mailbox", "drivers/firmware", "drivers/virtio", "drivers/char/hw_random"],
		...["fs/ext4", "fs/fat", "fs/nls", "fs/autofs", "net/ipv6"],
	],
	names: [
		...["bcm2835_wdt", "i6300esb", "virtio_net", "virtio_blk", "vc4", "uas", "sd_mod"],
		...["raspberrypi_cpufreq", "reset_raspberrypi"],
		...["rp1_pci", "clk_rp1", "pinctrl_rp1", "ledtrig_timer"],
	],
};

/** `modules.dep` as a map: path of a module to the paths of what it needs, all from the folder of the version. */
export function parseDependencies(text) {
	const lines = text.split("\n").filter((line) => line !== "");
	return new Map(
		lines.map((line) => {
			const [path, needs] = line.split(":");
			return [path, needs.trim().split(/\s+/).filter(Boolean)];
		}),
	);
}

/** The name that modprobe knows a file by. */
export function moduleName(path) {
	return path
		.replace(/^.*\//, "")
		.replace(/\.ko(\..*)?$/, "")
		.replaceAll("-", "_");
}

/**
 * The paths of the modules in `folders` and with `names`, and of what they need, in order: what a module needs stands
 * before it. `absent` are names that this kernel has built in, or does not have.
 */
export function selectModules(dependencies, { folders = [], names = [] }) {
	const byName = new Map([...dependencies.keys()].map((path) => [moduleName(path), path]));
	const wanted = [...dependencies.keys()].filter((path) =>
		folders.some((folder) => path.startsWith(`kernel/${folder}/`)),
	);
	for (const name of names) if (byName.has(name)) wanted.push(byName.get(name));
	const paths = new Set();
	const take = (path) => {
		if (paths.has(path)) return;
		for (const needed of dependencies.get(path) ?? []) take(needed);
		paths.add(path);
	};
	wanted.forEach(take);
	return { paths: [...paths], absent: names.filter((name) => !byName.has(name)) };
}
