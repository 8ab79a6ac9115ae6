// A source that reads kernel files at an interval: what is the same for all of them. Owns when the source is up and down:
// what is not there brings it down at once, what gives no value does from the second round in a row, and a round without
// either brings it up. One sensor that fails keeps no other from being read.
import { readdirSync } from "node:fs";
import type { RejectReason, Value } from "../../core/value.js";
import { isFieldName } from "../host.js";
import type { Source, SourceHost } from "../source.js";
import { type Decimal, parseDecimal } from "./decimal.js";
import { readKernelFile } from "./kernel-reads.js";
import { createSampler, nodeTimers, type Timers } from "./sampler.js";

/** A read that takes longer hangs: the status says so. It cannot be called off, and the round goes on when it ends. */
export const HANG_MS = 5_000;
/** Rounds in a row with a value missing before the source is down: a wrong checksum now and then is no failure. */
const BAD_ROUNDS_MAX = 2;

/** One round of reading, for the source to fill. After `stop` it takes nothing any more. */
export interface Round {
	isOver(): boolean;
	/** A value, captured at this moment. */
	take(field: string, value: Value, unit?: string): void;
	/** What was read is no value: counted, and the source's error if it stays so. */
	refuse(reason: RejectReason, error: string): void;
	/** What should be there is not. */
	miss(error: string): void;
	/** The trimmed text of a file; null where there is none, which has been reported then, as `missing` if it is not there. */
	read(path: string, missing?: string): Promise<string | null>;
	/** The trimmed text of a file that need not be there; null where it is not. */
	lookUp(path: string): Promise<string | null>;
	/** Anything else that may hang, such as a look at a network mount; rejects as `work` does. */
	watch<T>(what: string, work: () => Promise<T>): Promise<T>;
	/** The number in a file; null as with `read`. */
	readDecimal(path: string, missing?: string): Promise<Decimal | null>;
}

export interface SampledSourceOptions {
	readonly everyMs: number;
	readonly host: SourceHost;
	/** Reads all that there is to read. */
	readonly sample: (round: Round) => Promise<void>;
	readonly timers?: Timers;
}

/** Makes the source. */
export function createSampledSource({ everyMs, host, sample, timers = nodeTimers }: SampledSourceOptions): Source {
	let isStopped = false;
	let isUp = false;
	let error: string | null = null;
	let badRounds = 0;

	function down(why: string): void {
		isUp = false;
		if (why !== error) host.down(why);
		error = why;
	}

	function conclude(missing: readonly string[], refused: readonly string[]): void {
		badRounds = refused.length > 0 ? badRounds + 1 : 0;
		const problems = [...missing, ...refused];
		const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
		if (problems.length === 0) {
			if (!isUp) host.up();
			isUp = true;
			error = null;
		} else if (missing.length > 0 || badRounds >= BAD_ROUNDS_MAX || !isUp) down(`${problems[0]}${more}`);
	}

	async function takeRound(): Promise<void> {
		const missing: string[] = [];
		const refused: string[] = [];
		const round = createRound(host, missing, refused, () => isStopped, {
			timers,
			onHang: (path) => down(`${path} has given no answer for ${HANG_MS / 1_000} s: is its sensor connected?`),
		});
		try {
			await sample(round);
		} catch (cause) {
			missing.push(`cannot be read: ${(cause as Error).message}`);
		}
		if (!isStopped) conclude(missing, refused);
	}

	const sampler = createSampler({
		everyMs,
		now: host.now,
		sample: takeRound,
		onMissed(instants) {
			for (let instant = 0; instant < instants; instant += 1) host.reject("missed");
		},
		timers,
	});
	return {
		start: sampler.start,
		async stop() {
			isStopped = true;
			sampler.stop();
		},
	};
}

interface Watch {
	readonly timers: Timers;
	/** While a read goes on; never after `stop`. */
	readonly onHang: (path: string) => void;
}

function createRound(
	host: SourceHost,
	missing: string[],
	refused: string[],
	isOver: () => boolean,
	{ timers, onHang }: Watch,
): Round {
	async function watch<T>(what: string, work: () => Promise<T>): Promise<T> {
		const hang = timers.setTimeout(() => {
			if (!isOver()) onHang(what);
		}, HANG_MS);
		try {
			return await work();
		} finally {
			timers.clearTimeout(hang);
		}
	}

	async function readFile(path: string): Promise<string> {
		return (await watch(path, () => readKernelFile(path))).trim();
	}

	function refuse(reason: RejectReason, error: string): void {
		if (isOver()) return;
		host.reject(reason);
		refused.push(error);
	}

	function report(path: string, cause: unknown, absent = `${path} is not there`): void {
		const code = codeOf(cause);
		if (isAbsent(code)) missing.push(absent);
		else if (code === "EACCES" || code === "EPERM") missing.push(`no permission to read ${path}`);
		else refuse("empty", `${path} gives no value (${code}): check the sensor's wiring and power`);
	}

	const round: Round = {
		isOver,
		take(field, value, unit) {
			if (!isOver()) host.offer(host.stream(field, unit), value, host.now());
		},
		refuse,
		miss: (error) => missing.push(error),
		watch,
		read: (path, absent) =>
			readFile(path).catch((cause: unknown) => {
				report(path, cause, absent);
				return null;
			}),
		lookUp: (path) =>
			readFile(path).catch((cause: unknown) => {
				if (!isAbsent(codeOf(cause))) report(path, cause);
				return null;
			}),
		async readDecimal(path, absent) {
			const text = await round.read(path, absent);
			if (text === null) return null;
			const decimal = parseDecimal(text);
			if (text === "") refuse("empty", `${path} is empty: check the sensor's wiring and power`);
			else if (decimal === null) refuse("value", `${path} holds no number: ${text.slice(0, 40)}`);
			return decimal;
		},
	};
	return round;
}

/** The fields of a setting that cannot name a stream, as a factory says it. */
export function fieldProblems(key: string, fields: Readonly<Record<string, unknown>> = {}): string[] {
	const wrong = Object.keys(fields).filter((field) => !isFieldName(field));
	return wrong.map((field) => `${key}: ${JSON.stringify(field)} cannot name a stream`);
}

/** The names in a folder that fit, hwmon9 before hwmon10; none where there is no such folder. */
export function listFolder(folder: string, pattern: RegExp): readonly string[] {
	let names: readonly string[] = [];
	try {
		names = readdirSync(folder);
	} catch (cause) {
		if (!isAbsent(codeOf(cause))) throw cause;
	}
	return names.filter((name) => pattern.test(name)).sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
}

function codeOf(cause: unknown): string {
	return cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
}

/** Not there, or gone between two looks. */
function isAbsent(code: string): boolean {
	return code === "ENOENT" || code === "ENOTDIR" || code === "ENODEV" || code === "ENXIO";
}
