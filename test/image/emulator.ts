// A board in QEMU with a copy of the image as its card: kernel and initrd are read out of the card's FAT partition, as the
// board's firmware would. Settings are put there as a laptop would, and all the guest ever asked of the card is counted.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { freePort } from "../support/free-port.js";
import { type Running, runProcess, startProcess } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";
import { until } from "../support/wait.js";

export type Board = "virt" | "raspi3b";

/** What the host's loopback is to the guest. */
export const HOST = "10.0.2.2";

/** The FAT partition begins here (scripts/image/card.mjs). */
const SETTINGS_AT = "@@4M";
/** QEMU takes cards of a power of two. */
const CARD_BYTES = "1G";

export interface CardFiles {
	/** Path on the FAT partition to content; null removes a file. */
	readonly [path: string]: string | null;
}

export interface Card {
	readonly file: string;
	readonly folder: string;
	/** Changes files, as on a laptop. */
	put(files: CardFiles): Promise<void>;
	/** Of every byte. */
	hash(): Promise<string>;
}

export interface BootOptions {
	readonly board: Board;
	/** The board's number in its device tree; none where it is null. */
	readonly serialNumber?: string | null;
	/** Ports of the guest that this host shall reach. */
	readonly forward?: readonly number[];
	/** What the board's clock says at power-on. */
	readonly clock?: string;
}

export interface CardUse {
	readonly writeOperations: number;
	readonly writtenBytes: number;
}

export interface Gateway {
	readonly startedMs: number;
	/** What QEMU has used of this machine's processors: says how busy others kept it. */
	cpuSeconds(): number;
	readonly console: () => string;
	/** The host's port for one of the guest's. */
	port(guestPort: number): number;
	cardUse(): Promise<CardUse>;
	/** SIGKILL: the power is gone. */
	cutPower(): Promise<void>;
	/** Runs a command in the guest as root, if it is let in by this key and the host shows that one. */
	ssh(key: Key, host: Key, command: string): Promise<string>;
	readonly running: Running;
}

/** A card is large and the machine may be busy. */
const COMMAND_TIMEOUT_MS = 600_000;

/** Runs a command that has to succeed; its stdout. */
async function run(command: string, args: readonly string[]): Promise<string> {
	const { code, signal, stdout, stderr } = await runProcess(command, args, { timeoutMs: COMMAND_TIMEOUT_MS });
	if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${signal ?? code}\n${stdout}${stderr}`);
	return stdout;
}

/** The image under test. */
export function imageFile(): string {
	const file = process.env["TALLYWIRE_IMAGE"] ?? "";
	if (!existsSync(file)) throw new Error("TALLYWIRE_IMAGE names no image; npm run test:image sets it");
	return file;
}

/** Writes the image to a card of its own. */
export async function writeCard(files: CardFiles = {}): Promise<Card> {
	const folder = makeTempDir("card");
	const file = join(folder, "card.img");
	await run("cp", ["--sparse=always", imageFile(), file]);
	await run("truncate", ["-s", CARD_BYTES, file]);
	const put = async (changes: CardFiles): Promise<void> => {
		for (const [path, content] of Object.entries(changes)) {
			if (content === null) {
				await run("mdel", ["-i", file + SETTINGS_AT, `::${path}`]);
				continue;
			}
			const source = join(folder, "setting");
			writeFileSync(source, content);
			await run("mcopy", ["-o", "-i", file + SETTINGS_AT, source, `::${path}`]);
			rmSync(source);
		}
	};
	await put(files);
	return {
		file,
		folder,
		put,
		hash: async () => (await run("sha256sum", [file])).slice(0, 64),
	};
}

export interface Key {
	/** Of the private half. */
	readonly file: string;
	/** The public half, a line for `authorized_keys`. */
	readonly line: string;
}

/** Makes a key, of a person or of a host. */
export async function makeKey(): Promise<Key> {
	const file = join(makeTempDir("key"), "id");
	await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", file]);
	return { file, line: readFileSync(`${file}.pub`, "utf8") };
}

const DEVICE_TREES: Readonly<Record<Board, string>> = { virt: "virt.dtb", raspi3b: "bcm2837-rpi-3-b.dtb" };

/** Turns the power on. */
export async function boot(card: Card, options: BootOptions): Promise<Gateway> {
	const { folder } = card;
	for (const name of ["kernel.img", "initrd.gz", "cmdline.txt"]) {
		await run("mcopy", ["-n", "-o", "-i", card.file + SETTINGS_AT, `::${name}`, join(folder, name)]);
	}
	await makeDeviceTree(card, options);
	const forwards = await Promise.all((options.forward ?? []).map(async (guest) => [guest, await freePort()] as const));
	const socket = join(folder, "qmp");
	rmSync(socket, { force: true });
	const args = [
		...machineArgs(options.board, card, forwards),
		...["-kernel", join(folder, "kernel.img"), "-initrd", join(folder, "initrd.gz")],
		...["-dtb", join(folder, DEVICE_TREES[options.board]), "-append", commandLine(card, options.board)],
		...["-rtc", `base=${options.clock ?? "1970-01-01"}`],
		...["-display", "none", "-serial", "stdio", "-monitor", "none", "-qmp", `unix:${socket},server=on,wait=off`],
	];
	const startedMs = performance.now();
	const running = startProcess("qemu-system-aarch64", args);
	const port = (guest: number): number => {
		const found = forwards.find(([one]) => one === guest);
		if (found === undefined) throw new Error(`port ${guest} is not forwarded`);
		return found[1];
	};
	return {
		startedMs,
		running,
		cpuSeconds: () => cpuSeconds(running.pid),
		console: running.stdout,
		port,
		cardUse: () => readCardUse(socket),
		cutPower: async () => {
			await running.kill();
		},
		ssh: (key, host, command) => runOverSsh(port(22), key, host, command),
	};
}

/** User and system time of a process (proc_pid_stat(5), fields 14 and 15, in hundredths). */
function cpuSeconds(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return Math.round((Number(fields[11]) + Number(fields[12])) / 100);
}

/** The card's own command line; a serial console beside the screen, so that it can be read here. */
function commandLine(card: Card, board: Board): string {
	const own = readFileSync(join(card.folder, "cmdline.txt"), "utf8").trim();
	// QEMU 7.2's model of this watchdog resets the board as soon as it is armed.
	return board === "raspi3b" ? `${own} console=ttyAMA0 modprobe.blacklist=bcm2835_wdt` : `${own} console=ttyAMA0`;
}

/** Nothing random from outside, so that two starts differ in nothing but what the guest finds by itself. */
function machineArgs(board: Board, card: Card, forwards: readonly (readonly [number, number])[]): readonly string[] {
	const user = ["user,id=net", ...forwards.map(([guest, host]) => `hostfwd=tcp:127.0.0.1:${host}-:${guest}`)].join(",");
	const drive = `file=${card.file},format=raw,if=${board === "virt" ? "none,id=card" : "sd"}`;
	const common = ["-accel", "tcg,thread=multi", "-drive", drive, "-netdev", user];
	if (board === "raspi3b") return ["-M", "raspi3b", ...common, "-device", "usb-net,netdev=net"];
	return [
		...["-M", "virt,dtb-randomness=off", "-cpu", "cortex-a53", "-smp", "2", "-m", "512", ...common],
		...["-device", "virtio-blk-device,drive=card", "-device", "virtio-net-device,netdev=net"],
		...["-device", "i6300esb", "-action", "watchdog=reset"],
	];
}

/** The board's device tree with a serial number, as a Pi's firmware would put it there. */
async function makeDeviceTree(card: Card, { board, serialNumber = "10000000abcdef01" }: BootOptions): Promise<void> {
	const file = join(card.folder, DEVICE_TREES[board]);
	if (board === "virt") {
		const args = machineArgs("virt", card, []).with(1, `virt,dtb-randomness=off,dumpdtb=${file}`);
		await run("qemu-system-aarch64", [...args, "-display", "none"]);
	} else {
		await run("mcopy", ["-n", "-o", "-i", card.file + SETTINGS_AT, `::${DEVICE_TREES[board]}`, file]);
	}
	if (serialNumber !== null) await run("fdtput", ["-t", "s", file, "/", "serial-number", serialNumber]);
}

async function runOverSsh(port: number, key: Key, host: Key, command: string): Promise<string> {
	const known = join(makeTempDir("known"), "hosts");
	writeFileSync(known, `[127.0.0.1]:${port} ${host.line}`);
	const options = ["BatchMode=yes", "ConnectTimeout=60", "LogLevel=ERROR", `UserKnownHostsFile=${known}`];
	const flags = ["-F", "none", "-p", String(port), "-i", key.file, ...options.flatMap((option) => ["-o", option])];
	return run("ssh", [...flags, "root@127.0.0.1", command]);
}

interface BlockStats {
	readonly return: readonly {
		readonly stats: {
			readonly rd_operations: number;
			readonly wr_operations: number;
			readonly wr_bytes: number;
			readonly unmap_operations: number;
		};
	}[];
}

/** What QEMU counted at the card since power-on. */
async function readCardUse(socket: string): Promise<CardUse> {
	const connection = createConnection(socket);
	let text = "";
	connection.setEncoding("utf8").on("data", (chunk: string) => {
		text += chunk;
	});
	const answers = (): readonly string[] => text.split("\r\n").filter((line) => line.startsWith('{"return"'));
	try {
		connection.write('{"execute":"qmp_capabilities"}\n{"execute":"query-blockstats"}\n');
		await until("QEMU's count of the card's use", () => answers().length === 2, 30_000);
	} finally {
		connection.destroy();
	}
	const { return: drives }: BlockStats = JSON.parse(answers()[1] ?? "");
	const sum = (of: (stats: BlockStats["return"][number]["stats"]) => number): number =>
		drives.reduce((total, { stats }) => total + of(stats), 0);
	return {
		writeOperations: sum((stats) => stats.wr_operations + stats.unmap_operations),
		writtenBytes: sum((stats) => stats.wr_bytes),
	};
}
