// A made-up /sys in a folder of its own, and sources that read it. Slow files are named pipes: who reads one waits in the
// kernel, as on a sensor that takes its time.
import { execFileSync } from "node:child_process";
import {
	closeSync,
	constants,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	renameSync,
	rmSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { RejectReason } from "../../src/core/value.js";
import type { CreateSource, Source, SourceSettings } from "../../src/sources/source.js";
import { createRecording, type Recording } from "../parse/recording-host.js";
import { makeTempDir } from "../support/temp-dir.js";
import { until } from "../support/wait.js";

export interface KernelTree {
	readonly sysRoot: string;
	/** Makes files; null takes one away, or a folder with all in it. */
	write(files: Readonly<Record<string, string | null>>): void;
	/** Makes a file that answers when the test says so. */
	slow(path: string): SlowFile;
}

export interface SlowFile {
	/** Whether somebody waits for it. */
	isAsked(): boolean;
	/** Answers the one who waits, or the next one who does; resolves when that one has closed the file. */
	answer(text: string): Promise<void>;
}

export function createKernelTree(): KernelTree {
	const sysRoot = makeTempDir("sys");
	return {
		sysRoot,
		write(files) {
			for (const [path, text] of Object.entries(files)) {
				const file = join(sysRoot, path);
				if (text === null) {
					rmSync(file, { recursive: true, force: true });
					continue;
				}
				mkdirSync(dirname(file), { recursive: true });
				// In one piece: who reads it meanwhile never finds it empty.
				writeFileSync(`${file}.new`, text);
				renameSync(`${file}.new`, file);
			}
		},
		slow: (path) => createSlowFile(join(sysRoot, path)),
	};
}

function createSlowFile(path: string): SlowFile {
	mkdirSync(dirname(path), { recursive: true });
	execFileSync("mkfifo", [path]);
	// Open for both: then it opens at once for everybody, as the kernel's files do, and only the read waits.
	const own = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
	made.push(own);
	const isAsked = (): boolean => readersOf(path) > 1;
	return {
		isAsked,
		async answer(text) {
			await until(`${path} is read`, isAsked);
			writeSync(own, text === "" ? "\n" : text);
			await until(`${path} is closed`, () => !isAsked());
		},
	};
}

/** How often this process, the sources in it among the rest, has a file open for reading. */
export function readersOf(path: string): number {
	const readers = readdirSync("/proc/self/fd").filter((fd) => {
		try {
			if (readlinkSync(`/proc/self/fd/${fd}`) !== path) return false;
			const [, mode] = /^flags:\s+\d*(\d)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8")) ?? [];
			return Number(mode) !== constants.O_WRONLY;
		} catch {
			return false; // closed meanwhile, as the folder itself
		}
	});
	return readers.length;
}

export interface Running extends Recording {
	readonly source: Source;
	readonly units: ReadonlyMap<string, string | undefined>;
	/** The newest value of a field. */
	value(field: string): unknown;
	/** Why values were rejected; instants that were missed, on a machine that is busy, are left out. */
	refused(): RejectReason[];
	/** `up`, or why not. */
	state(): string | undefined;
}

const running = new Set<Source>();
/** The test's own ends of slow files. */
const made: number[] = [];

/** Makes a source and starts it. */
export function runSource<Settings extends SourceSettings>(
	create: CreateSource<Settings>,
	settings: Omit<Settings, "name" | "type">,
	sysRoot: string,
): Running {
	const recording = createRecording(() => performance.now());
	const units = new Map<string, string | undefined>();
	const host = {
		...recording.host,
		stream(field: string, unit?: string) {
			units.set(field, unit);
			return recording.host.stream(field);
		},
	};
	const named = { name: "s", type: "t", ...settings } as unknown as Settings;
	const source = create(named, host, { sysRoot, devRoot: "/dev", board: "generic-linux" });
	running.add(source);
	source.start();
	return {
		...recording,
		source,
		units,
		value: (field) => recording.readings.findLast(([name]) => name === field)?.[1],
		refused: () => recording.rejects.filter((reason) => reason !== "missed"),
		state: () => recording.states.at(-1),
	};
}

/** Stops all that was started; for `after.each`. */
export async function stopSources(): Promise<void> {
	await Promise.all([...running].map((source) => source.stop()));
	running.clear();
	for (const fd of made.splice(0)) closeSync(fd);
}
