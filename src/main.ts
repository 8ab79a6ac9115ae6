// The entry of the CLI: argv, environment, signals, exit status. Each command is a file of its own in commands/, loaded
// only when it is called.
import { fstatSync } from "node:fs";
import type { RunIo } from "./commands/command.js";
import { EXIT_DONE, EXIT_WRONG_USE } from "./commands/command.js";
import { VERSION } from "./version.js";

type Command = (args: readonly string[], io: RunIo) => Promise<number>;

interface Entry {
	readonly does: string;
	readonly load: () => Promise<Command>;
}

const COMMANDS: ReadonlyMap<string, Entry> = new Map([
	["run", { does: "the agent", load: async () => (await import("./commands/run.js")).run }],
	["demo", { does: "try it here: a broker, simulated sensors, the agent", load: loadDemo }],
	["check", { does: "validate a configuration, print what would be in force", load: loadCheck }],
	["doctor", { does: "look at this machine, say what is wrong and how to mend it", load: loadDoctor }],
	["top", { does: "look at a running agent", load: async () => (await import("./commands/top.js")).top }],
	["reconcile", { does: "account for every reading of every device", load: loadReconcile }],
	["decode", { does: "frames in, readings out", load: loadDecode }],
]);

async function loadDemo(): Promise<Command> {
	return (await import("./commands/demo.js")).demo;
}

async function loadCheck(): Promise<Command> {
	return (await import("./commands/check.js")).check;
}

async function loadDoctor(): Promise<Command> {
	return (await import("./commands/doctor.js")).doctor;
}

async function loadDecode(): Promise<Command> {
	return (await import("./commands/decode.js")).createDecode(process);
}

async function loadReconcile(): Promise<Command> {
	return (await import("./commands/reconcile.js")).reconcile;
}

function usage(): string {
	const lines = [...COMMANDS].map(([name, { does }]) => `  ${name.padEnd(10)} ${does}`);
	return [
		`tallywire ${VERSION}: sensors to MQTT at most once, every lost reading counted and explained`,
		"",
		"usage: tallywire <command> [options]",
		"",
		...lines,
		"",
		"Every command has --help. tallywire --version prints the version.",
		"",
	].join("\n");
}

function createIo(): RunIo {
	const listeners: (() => void)[] = [];
	for (const signal of ["SIGTERM", "SIGINT"] as const) {
		process.on(signal, () => {
			if (listeners.length === 0) process.exit(128 + (signal === "SIGINT" ? 2 : 15));
			for (const listener of listeners) listener();
		});
	}
	// A reader that went away (`| head`) ends the program quietly.
	process.stdout.on("error", () => process.exit(EXIT_DONE));
	// A log that nobody reads any more (its terminal is gone) must not end the agent.
	process.stderr.on("error", () => {});
	return {
		stdout: (text) => void process.stdout.write(text),
		stderr: (text) => void process.stderr.write(text),
		env: process.env,
		cwd: process.cwd(),
		terminal: process.stdout.isTTY ? { out: process.stdout, events: process } : null,
		onKey: process.stdin.isTTY ? onKey : null,
		onStop: (listener) => void listeners.push(listener),
		isJournal: isJournal(),
		stderrBacklog: () => process.stderr.writableLength,
	};
}

/**
 * Whether stderr is the journal (systemd.exec(5), $JOURNAL_STREAM). That the variable is there says little: a terminal that
 * systemd started hands it on to all that runs in it.
 */
function isJournal(): boolean {
	const { dev, ino } = fstatSync(2, { bigint: true });
	return process.env["JOURNAL_STREAM"] === `${dev}:${ino}`;
}

/** Keys as they are typed, without waiting for a line. */
function onKey(listener: (key: string) => void): () => void {
	const { stdin } = process;
	const read = (bytes: Buffer): void => {
		for (const key of bytes.toString("latin1")) listener(key);
	};
	stdin.setRawMode(true).on("data", read).resume();
	return () => {
		stdin.off("data", read).setRawMode(false).pause();
	};
}

async function main(args: readonly string[]): Promise<number> {
	// With it, the MQTT library prints the packets it sends, and the password is in one of them.
	delete process.env["DEBUG"];
	const io = createIo();
	const [name, ...rest] = args;
	if (name === "--version" || name === "-v") {
		io.stdout(`${VERSION}\n`);
		return EXIT_DONE;
	}
	if (name === undefined || name === "--help" || name === "-h" || name === "help") {
		(name === undefined ? io.stderr : io.stdout)(usage());
		return name === undefined ? EXIT_WRONG_USE : EXIT_DONE;
	}
	const entry = COMMANDS.get(name);
	if (entry === undefined) {
		io.stderr(`tallywire: no command ${JSON.stringify(name)}; one of ${[...COMMANDS.keys()].join(", ")}\n`);
		return EXIT_WRONG_USE;
	}
	const command = await entry.load();
	return command(rest, io);
}

process.exit(await main(process.argv.slice(2)));
