// What scripts/record-version.mjs wrote of each released version: messages as they came, and the truth about them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Account, createAccount } from "../../src/reconcile/account.js";
import { jsonReport } from "../../src/reconcile/report.js";
import { decodeFrame } from "../../src/wire/decode-frame.js";
import { decodeState, decodeStatus } from "../../src/wire/decode-status.js";
import { projectDir } from "../support/process.js";
import type { Verdict } from "../support/reconciler.js";

export interface RecordedMessage {
	/** Since the reconciler listened. */
	readonly ms: number;
	readonly topic: string;
	readonly retained: boolean;
	readonly payload: Buffer;
}

export interface RecordedFrame {
	readonly device: string;
	readonly run: string;
	readonly seq: number;
	readonly sent: number;
	readonly time: number;
	readonly clockSynchronised: boolean;
	readonly readings: readonly (readonly [timeMs: number, stream: string, value: unknown])[];
}

export interface RecordedConfiguration {
	/** Within `configurations`. */
	readonly file: string;
	/** What `check` said is in force. */
	readonly config: unknown;
	readonly delivery: unknown;
}

export interface RecordedVersion {
	readonly version: string;
	readonly folder: string;
	readonly messages: readonly RecordedMessage[];
	/** In the order of devices, runs and seq. */
	readonly frames: readonly RecordedFrame[];
	readonly verdicts: readonly Verdict[];
	readonly configurations: readonly RecordedConfiguration[];
}

const folder = join(projectDir, "test/versions");

/** All that are recorded. */
export const recordedVersions: readonly RecordedVersion[] = readdirSync(folder, { withFileTypes: true })
	.filter((entry) => entry.isDirectory())
	.map(({ name }) => readVersion(name, join(folder, name)));

function readVersion(version: string, from: string): RecordedVersion {
	const messages = lines<{ ms: number; topic: string; retained: boolean; text?: string; base64?: string }>(
		join(from, "messages.ndjson"),
	);
	return {
		version,
		folder: from,
		messages: messages.map(({ text, base64, ...message }) => ({
			...message,
			payload: text === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(text),
		})),
		frames: lines(join(from, "frames.ndjson")),
		verdicts: lines(join(from, "verdicts.ndjson")),
		configurations: lines(join(from, "configurations.ndjson")),
	};
}

function lines<Line>(file: string): readonly Line[] {
	const text = readFileSync(file, "utf8").trimEnd();
	return text.split("\n").map((line) => JSON.parse(line) as Line);
}

const EPOCH_MS = 1_800_000_000_000;
/** After which every loss is laid at a door. */
const DECIDED_MS = 60_000;

/** What today's reconciler makes of messages; throws where today's decoder refuses one. */
export function judge(messages: readonly RecordedMessage[]): readonly Verdict[] {
	const account = createAccount();
	account.observing(EPOCH_MS);
	let nowMs = EPOCH_MS;
	const waitUntil = (untilMs: number): void => {
		for (; nowMs < untilMs; nowMs += 1_000) account.tick(nowMs);
		nowMs = untilMs;
	};
	for (const message of messages) {
		waitUntil(EPOCH_MS + message.ms);
		const error = take(account, message, nowMs);
		if (error !== null) throw new Error(`${message.topic}: ${error}`);
	}
	waitUntil(nowMs + DECIDED_MS);
	return verdictsOf(account, nowMs);
}

function take(account: Account, { topic, payload, retained }: RecordedMessage, nowMs: number): string | null {
	const [, device = "", kind] = topic.split("/");
	if (kind === "data") {
		const result = decodeFrame(payload);
		if (result.ok) account.frame(result.frame, device, nowMs, retained);
		return result.ok ? null : result.error;
	}
	if (kind === "status") {
		const result = decodeStatus(payload);
		if (result.ok) account.status(result.status, device, nowMs, retained);
		return result.ok ? null : result.error;
	}
	const result = decodeState(payload);
	if (result.ok) account.state(device, result.state, nowMs, retained);
	return result.ok ? null : result.error;
}

/** As `tallywire reconcile --json` says them. */
export function verdictsOf(account: Account, nowMs: number): readonly Verdict[] {
	const context = { observedMs: 0, refused: {}, objectives: null };
	const report = jsonReport(account.report(nowMs), context) as { devices: readonly Verdict[] };
	return report.devices.map(({ device, tally, odd }) => ({ device, tally, odd }));
}

/** Whether all that `before` had is in `after` as it was; what is new may be anything. */
export function whatChanged(before: unknown, after: unknown, path = ""): readonly string[] {
	if (typeof before !== "object" || before === null || typeof after !== "object" || after === null) {
		return Object.is(before, after) ? [] : [`${path}: ${JSON.stringify(before)} became ${JSON.stringify(after)}`];
	}
	return Object.entries(before).flatMap(([key, value]) =>
		whatChanged(value, (after as Readonly<Record<string, unknown>>)[key], `${path}/${key}`),
	);
}
