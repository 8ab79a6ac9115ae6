// The parts that an image is made of, without making one: modules, initrd, partition table, the list for Imager, and what stands in
// the overlay and on the card.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runTallywire } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";
import { IMAGE_DIR, load, writeFiles } from "./tools.js";

interface Selection {
	readonly paths: readonly string[];
	readonly absent: readonly string[];
}

interface Entry {
	readonly path: string;
	readonly mode: number;
	readonly content?: Uint8Array | string;
}

const { INITRD_MODULES, ROOT_MODULES, parseDependencies, selectModules, moduleName } = await load<{
	INITRD_MODULES: readonly string[];
	ROOT_MODULES: { readonly folders: readonly string[]; readonly names: readonly string[] };
	parseDependencies: (text: string) => Map<string, readonly string[]>;
	selectModules: (dependencies: Map<string, readonly string[]>, wanted: object) => Selection;
	moduleName: (path: string) => string;
}>("modules.mjs");
const { archive } = await load<{ archive: (entries: readonly Entry[]) => Buffer }>("cpio.mjs");
const { initrdEntries } = await load<{
	initrdEntries: (kernel: string, version: string, busybox: string) => readonly Entry[];
}>("initrd.mjs");
const { bootRecord, commandLine } = await load<{
	bootRecord: (partitions: readonly object[]) => Buffer;
	commandLine: (console: string) => string;
}>("card.mjs");
const { imagerList, measure } = await load<{
	imagerList: (facts: object) => { os_list: readonly Readonly<Record<string, unknown>>[] };
	measure: (path: string) => Promise<{ bytes: number; sha256: string }>;
}>("imager.mjs");

/** As depmod writes it, but for most of its lines. */
const MODULES_DEP = `kernel/fs/ext4/ext4.ko: kernel/fs/jbd2/jbd2.ko kernel/fs/mbcache.ko
kernel/fs/jbd2/jbd2.ko:
kernel/fs/mbcache.ko:
kernel/fs/fat/vfat.ko: kernel/fs/fat/fat.ko
kernel/fs/fat/fat.ko:
kernel/drivers/usb/serial/ftdi_sio.ko: kernel/drivers/usb/serial/usbserial.ko
kernel/drivers/usb/serial/usbserial.ko:
kernel/drivers/usb/serial-less/other.ko:
kernel/drivers/mmc/host/sdhci-iproc.ko: kernel/drivers/mmc/host/sdhci.ko
kernel/drivers/mmc/host/sdhci.ko:
`;

test("a module never stands before what it needs, and none comes twice", () => {
	const dependencies = parseDependencies(MODULES_DEP);
	const { paths, absent } = selectModules(dependencies, {
		folders: ["drivers/usb/serial"],
		names: ["ext4", "vfat", "sdhci_iproc", "mmc_block"],
	});
	assert.equal(absent, ["mmc_block"]);
	assert.is(new Set(paths).size, paths.length);
	assert.is(paths.length, 9);
	assert.not.ok(paths.some((path) => path.includes("serial-less")));
	for (const path of paths)
		for (const needed of dependencies.get(path) ?? []) assert.ok(paths.indexOf(needed) < paths.indexOf(path), path);
});

test("the lists name nothing twice, and the root can read what the initrd can", () => {
	for (const list of [INITRD_MODULES, ROOT_MODULES.folders, ROOT_MODULES.names])
		assert.is(new Set(list).size, list.length);
	assert.is(moduleName("kernel/drivers/mmc/host/sdhci-iproc.ko.xz"), "sdhci_iproc");
	assert.ok(["ext4", "vfat"].every((name) => INITRD_MODULES.includes(name)));
});

/** Reads a "newc" archive back: names, and what is in the files. */
function unpack(bytes: Buffer): Map<string, { readonly mode: number; readonly content: Buffer }> {
	const entries = new Map<string, { readonly mode: number; readonly content: Buffer }>();
	for (let at = 0; ; ) {
		assert.is(bytes.toString("latin1", at, at + 6), "070701");
		const field = (index: number): number =>
			Number.parseInt(bytes.toString("latin1", at + 6 + 8 * index, at + 14 + 8 * index), 16);
		const [mode, size, nameSize] = [field(1), field(6), field(11)];
		const name = bytes.toString("utf8", at + 110, at + 110 + nameSize - 1);
		const start = Math.ceil((at + 110 + nameSize) / 4) * 4;
		if (name === "TRAILER!!!") return entries;
		entries.set(name, { mode, content: bytes.subarray(start, start + size) });
		at = Math.ceil((start + size) / 4) * 4;
	}
}

test("the initrd holds busybox, the scripts, and the modules in their order", () => {
	const version = "6.12.0-test";
	const modules = Object.fromEntries(
		MODULES_DEP.split("\n")
			.filter(Boolean)
			.map((line) => [`usr/lib/modules/${version}/${line.split(":")[0]}`, line]),
	);
	const kernel = writeFiles(makeTempDir("kernel"), {
		...modules,
		[`usr/lib/modules/${version}/modules.dep`]: MODULES_DEP,
		busybox: "a static one",
	});
	const entries = initrdEntries(kernel, version, join(kernel, "busybox"));
	const unpacked = unpack(archive(entries));
	assert.equal(
		[...unpacked.keys()],
		entries.map(({ path }) => path),
	);
	for (const name of ["init", "read-card", "network", "board-number", "identify"]) {
		assert.is((unpacked.get(name)?.mode ?? 0) & 0o777, 0o755, name);
		assert.is(unpacked.get(name)?.content.toString(), readFileSync(join(IMAGE_DIR, "initrd", name), "utf8"));
	}
	const order = unpacked.get("modules/order")?.content.toString().trim().split("\n") ?? [];
	assert.equal(order, ["mbcache", "jbd2", "ext4", "fat", "vfat", "sdhci", "sdhci_iproc"].sort(byPlace(order)));
	assert.is(order.length, 7);
	for (const name of order) assert.ok(unpacked.has(`modules/${name}.ko`), name);
	assert.equal(archive(entries), archive(entries));
	// A folder comes before what is in it: the kernel makes none by itself.
	const paths = [...unpacked.keys()];
	for (const path of paths.filter((one) => one.includes("/")))
		assert.ok(paths.indexOf(path.replace(/\/.*/, "")) < paths.indexOf(path), path);
});

function byPlace(order: readonly string[]): (a: string, b: string) => number {
	return (a, b) => order.indexOf(a) - order.indexOf(b);
}

test("the partition table says what a Pi's boot ROM looks for", () => {
	const record = bootRecord([
		{ type: 0x0c, startMib: 4, sizeMib: 128 },
		{ type: 0x83, startMib: 132, sizeMib: 300 },
	]);
	assert.is(record.length, 512);
	assert.equal([...record.subarray(510)], [0x55, 0xaa]);
	const partition = (at: number) => [
		record[at],
		record[at + 4],
		record.readUInt32LE(at + 8),
		record.readUInt32LE(at + 12),
	];
	assert.equal(partition(446), [0x80, 0x0c, 8_192, 262_144]);
	assert.equal(partition(462), [0, 0x83, 270_336, 614_400]);
	assert.ok(record.subarray(478, 510).every((byte) => byte === 0));
});

test("the root is read-only and a crash starts the board again, by the kernel's own command line", () => {
	const words = commandLine("console=tty0").split(" ");
	for (const word of ["console=tty0", "ro", "panic=10"]) assert.ok(words.includes(word), word);
	assert.ok(words.some((word) => word.startsWith("root=UUID=")));
	assert.not.ok(words.some((word) => word === "rw" || word.startsWith("console=ttyS")));
});

test("Imager is told the sizes and hashes of before and after unpacking", async () => {
	const file = join(writeFiles(makeTempDir("imager"), { "a.img": "card" }), "a.img");
	const image = await measure(file);
	assert.equal(image, { bytes: 4, sha256: createHash("sha256").update("card").digest("hex") });
	const [entry] = imagerList({
		url: "https://example.org/a.img.xz",
		version: "1.0.0",
		kernel: "trixie",
		releaseDate: "2026-11-21",
		image,
		compressed: { bytes: 2, sha256: "b".repeat(64) },
	}).os_list;
	assert.is(entry?.["extract_size"], 4);
	assert.is(entry?.["extract_sha256"], image.sha256);
	assert.is(entry?.["image_download_size"], 2);
	assert.is(entry?.["image_download_sha256"], "b".repeat(64));
	for (const key of ["name", "description", "icon", "url", "release_date"]) assert.type(entry?.[key], "string", key);
	assert.equal(entry?.["devices"], ["pi3-64bit", "pi4-64bit"]);
	assert.not.ok("init_format" in (entry ?? {}), "Imager would ask for settings that the image does not read");
});

const OVERLAY = join(IMAGE_DIR, "overlay");
const overlayFiles = readdirSync(OVERLAY, { recursive: true, encoding: "utf8" }).filter((path) =>
	statSync(join(OVERLAY, path)).isFile(),
);
const overlayText = (path: string): string => readFileSync(join(OVERLAY, path), "utf8");

test("every program that a unit of the overlay starts from it is there and may be run", () => {
	const units = overlayFiles.filter((path) => /\.(service|conf)$/.test(path));
	const started = units.flatMap((path) => [
		...overlayText(path).matchAll(/^Exec\w+=\+?(\/usr\/lib\/tallywire-image\/\S+)/gm),
	]);
	assert.ok(started.length >= 5);
	for (const [, path = ""] of started) assert.is(statSync(join(OVERLAY, path)).mode & 0o111, 0o111, path);
});

test("nothing of the overlay mounts the card, and all that is written is in memory", () => {
	assert.not.ok(overlayFiles.some((path) => path.endsWith("fstab") || path.endsWith(".mount")));
	const init = readFileSync(join(IMAGE_DIR, "initrd/init"), "utf8");
	assert.equal(
		[...init.matchAll(/^\s*(?:if ! )?mount -t (\S+) -o (r[ow])?/gm)]
			.map(([, type, mode]) => [type, mode])
			.filter(([type]) => type !== "tmpfs"),
		[
			["vfat", "ro"],
			["ext4", "ro"],
		],
	);
	assert.match(init, /^blockdev --setro/m);
	assert.match(overlayText("etc/systemd/journald.conf.d/memory.conf"), /^Storage=volatile$/m);
	assert.match(overlayText("etc/systemd/system.conf.d/watchdog.conf"), /^RuntimeWatchdogSec=\d+s$/m);
});

test("SSH needs a key on the card, and knows no password", () => {
	const unit = overlayText("usr/lib/systemd/system/tallywire-ssh.service");
	assert.match(unit, /^ConditionFileNotEmpty=\/run\/tallywire-card\/authorized_keys$/m);
	assert.match(unit, /^ExecStart=\/usr\/sbin\/dropbear .*-s /m);
	assert.not.ok(overlayFiles.some((path) => /shadow|passwd|authorized_keys$/.test(path)));
});

test("the configuration on a new card holds", async () => {
	const { code, stderr } = await runTallywire(["check", "-c", join(IMAGE_DIR, "card/tallywire.yaml")]);
	assert.is(code, 0, stderr);
});

test("the files on the card name each other", () => {
	const readme = readFileSync(join(IMAGE_DIR, "card/README.TXT"), "utf8");
	for (const name of ["tallywire.yaml", "network.txt", "credentials", "authorized_keys"])
		assert.ok(readme.includes(name), name);
	const config = readFileSync(join(IMAGE_DIR, "card/config.txt"), "utf8");
	for (const setting of ["arm_64bit=1", "kernel=kernel.img", "initramfs initrd.gz followkernel", "upstream_kernel=1"])
		assert.ok(config.split("\n").includes(setting), setting);
});

test.run();
