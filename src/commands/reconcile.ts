// `tallywire reconcile`: consumes frames, statuses and states of all devices, accounts for every sequence number, and
// reports. Wiring only: what it says is decided in reconcile/.
import { parseArgs } from "node:util";
import { parseDuration } from "../config/duration.js";
import { BROKER_HELP, BROKER_OPTIONS, type BrokerAddress, readBrokerOptions } from "../consume/broker-options.js";
import { type Message, subscribe } from "../consume/subscribe.js";
import { type Account, createAccount, limitsOf } from "../reconcile/account.js";
import { createObjectives, type Objectives, recordOutcomes, reportObjectives } from "../reconcile/objectives.js";
import { deviceOutcomes, fleetOutcome } from "../reconcile/outcomes.js";
import { jsonReport, textReport } from "../reconcile/report.js";
import { fromState, toState } from "../reconcile/state.js";
import { loadState, saveState } from "../reconcile/state-file.js";
import { readClockSynchronised } from "../run/clock-sync.js";
import { decodeFrame } from "../wire/decode-frame.js";
import { decodeState, decodeStatus } from "../wire/decode-status.js";
import { EXIT_DONE, EXIT_FAILED, EXIT_OBJECTIVE_MISSED, EXIT_WRONG_USE, type RunIo } from "./command.js";

const HELP = `usage: tallywire reconcile [--broker URL] [--for DURATION] [--json] [--slo PERCENT] [--state FILE]

Consumes the topics of all devices, accounts for every sequence number, and reports at the end what became of each:
received, lost and why, or not decided. What happened while it was not connected is "unobserved", and nobody's loss.

      --for DURATION        end by itself after this time, such as 60s; without it: at SIGINT or SIGTERM
      --json                the report as one JSON object
      --slo PERCENT         the objective: this share of the decided readings of each device and of the fleet arrive
      --state FILE          go on from this file, and keep the account in it
      --prefix PREFIX       of the topics (default: tallywire)
${BROKER_HELP}  -h, --help                this text

Without --broker: mqtt://localhost:1883. Exit status: 0 done, 1 it could not be observed, 2 wrong use,
3 the objective was missed.
`;

const DEFAULT_BROKER = "mqtt://localhost:1883";
/** Used for burn rates that are kept, not reported, where no objective was given. */
const DEFAULT_SLO = 0.995;

const TICK_MS = 1_000;
/** Working out the outcomes of DEVICES_MAX devices takes some 20 ms. */
const RECORD_MS = 10_000;
const SAVE_MS = 30_000;
const CLOCK_MS = 60_000;

interface Options {
	readonly broker: BrokerAddress;
	readonly prefix: string;
	readonly forMs: number | undefined;
	readonly json: boolean;
	/** 0 to 1. */
	readonly slo: number | undefined;
	readonly stateFile: string | undefined;
}

/** What it works on. */
interface Desk {
	readonly account: Account;
	readonly objectives: Objectives;
	/** Messages that were refused by the decoder, by kind. */
	readonly refused: Map<string, number>;
}

/** What the command needs of its process. */
export type ReconcileIo = Pick<RunIo, "stdout" | "stderr" | "cwd" | "onStop">;

/** Runs until --for is over or it is told to stop. */
export async function reconcile(args: readonly string[], io: ReconcileIo): Promise<number> {
	const options = readOptions(args, io);
	if (options === "help") {
		io.stdout(HELP);
		return EXIT_DONE;
	}
	if (typeof options === "string") {
		io.stderr(`${options}\n\n${HELP}`);
		return EXIT_WRONG_USE;
	}
	const desk = openDesk(options);
	if (typeof desk === "string") {
		io.stderr(`${desk}\n`);
		return EXIT_FAILED;
	}
	const observed = await observe(options, desk, io);
	record(desk);
	if (!save(options, desk, io)) return EXIT_FAILED;
	if (observed.trouble !== null) {
		io.stderr(`${observed.trouble}\n`);
		return EXIT_FAILED;
	}
	return report(options, desk, observed.observedMs, io);
}

function readOptions(args: readonly string[], io: ReconcileIo): Options | "help" | string {
	let values: ReturnType<typeof parse>;
	try {
		values = parse(args);
	} catch (error) {
		return (error as Error).message;
	}
	if (values.help) return "help";
	const forMs = values.for === undefined ? undefined : parseDuration(values.for);
	if (values.for !== undefined && forMs === undefined) return "--for takes a duration such as 60s or 5m";
	const percent = values.slo === undefined ? undefined : Number(values.slo);
	if (percent !== undefined && !(percent > 0 && percent <= 100)) return "--slo takes a percentage such as 99.5";
	if (!/^[^+#]+$/.test(values.prefix)) return "--prefix takes a topic without wildcards";
	const address = readBrokerOptions(values, io.cwd, DEFAULT_BROKER);
	if (!address.ok) return address.message;
	return {
		broker: address.broker,
		prefix: values.prefix,
		forMs,
		json: values.json,
		slo: percent === undefined ? undefined : percent / 100,
		stateFile: values.state,
	};
}

function parse(args: readonly string[]) {
	return parseArgs({
		args: [...args],
		options: {
			...BROKER_OPTIONS,
			for: { type: "string" },
			json: { type: "boolean", default: false },
			slo: { type: "string" },
			state: { type: "string" },
			prefix: { type: "string", default: "tallywire" },
			help: { type: "boolean", short: "h", default: false },
		},
	}).values;
}

/** A new account, or the one that the state file holds. A file that is no state is never written over. */
function openDesk({ stateFile, slo = DEFAULT_SLO }: Options): Desk | string {
	const refused = new Map<string, number>();
	const loaded = stateFile === undefined ? ({ kind: "none" } as const) : loadState(stateFile);
	switch (loaded.kind) {
		case "none":
			return { account: createAccount(), objectives: createObjectives(slo), refused };
		case "unreadable":
			return `--state ${stateFile}: ${loaded.why}; move it away to begin anew`;
		case "state": {
			const restored = fromState(loaded.state, limitsOf({}), slo);
			if (!restored.ok)
				return `--state ${stateFile}: no state of this program: ${restored.why}; move it away to begin anew`;
			return { account: createAccount({}, restored.fleet), objectives: restored.objectives, refused };
		}
	}
}

interface Observed {
	readonly observedMs: number;
	/** Why nothing could be observed, or null. */
	readonly trouble: string | null;
}

/** Takes messages until the end. */
function observe(options: Options, desk: Desk, io: ReconcileIo): Promise<Observed> {
	const { account } = desk;
	let observedMs = 0;
	let upAtMs: number | null = null;
	let why = "no connection came about";
	return new Promise((resolve) => {
		const rest = (): void => {
			if (upAtMs !== null) observedMs += Date.now() - upAtMs;
			upAtMs = null;
		};
		const subscription = subscribe({
			broker: options.broker,
			name: "reconcile",
			topics: ["data", "status", "state"].map((kind) => `${options.prefix}/+/${kind}`),
			events: {
				message(message) {
					take(desk, options.prefix, message);
					return undefined;
				},
				up() {
					upAtMs = Date.now();
					account.observing(upAtMs);
					io.stderr(`observing ${options.prefix}/+/data, status and state\n`);
				},
				down({ reason, isRefused, retryMs }) {
					rest();
					account.absent();
					why = reason;
					if (isRefused && observedMs === 0) end();
					else io.stderr(`not observing: ${reason}; next attempt in ${retryMs} ms\n`);
				},
			},
			random: Math.random,
			nowMs: () => performance.now(),
		});
		const timers = [
			setInterval(() => account.tick(Date.now()), TICK_MS),
			setInterval(() => record(desk), RECORD_MS),
			setInterval(() => void save(options, desk, io), SAVE_MS),
			setInterval(() => void checkClock(account), CLOCK_MS),
			...(options.forMs === undefined ? [] : [setTimeout(() => end(), options.forMs)]),
		];
		void checkClock(account);
		io.onStop(() => end());
		function end(): void {
			rest();
			for (const timer of timers) clearTimeout(timer);
			subscription.stop();
			const trouble = observedMs > 0 ? null : `nothing was observed: ${why}`;
			resolve({ observedMs, trouble });
		}
	});
}

async function checkClock(account: Account): Promise<void> {
	account.setClock(await readClockSynchronised());
}

/** Lays a message where it belongs. What the decoder refuses is counted by kind. */
function take({ account, refused }: Desk, prefix: string, { topic, payload, isRetained }: Message): void {
	const nowMs = Date.now();
	const [device, kind] = topic.slice(prefix.length + 1).split("/");
	if (device === undefined) return;
	const refuse = (what: string): void => void refused.set(what, (refused.get(what) ?? 0) + 1);
	switch (kind) {
		case "data": {
			const decoded = decodeFrame(payload);
			if (decoded.ok) account.frame(decoded.frame, device, nowMs, isRetained);
			else refuse(decoded.error);
			return;
		}
		case "status": {
			const decoded = decodeStatus(payload);
			if (decoded.ok) account.status(decoded.status, device, nowMs, isRetained);
			else refuse(decoded.error);
			return;
		}
		case "state": {
			const decoded = decodeState(payload);
			if (decoded.ok) account.state(device, decoded.state, nowMs, isRetained);
			else refuse(decoded.error);
		}
	}
}

function record({ account, objectives }: Desk): void {
	const nowMs = Date.now();
	account.tick(nowMs);
	recordOutcomes(objectives, fleetOutcome(account.fleet, nowMs), deviceOutcomes(account.fleet, nowMs), nowMs);
}

function save({ stateFile }: Options, { account, objectives }: Desk, io: ReconcileIo): boolean {
	if (stateFile === undefined) return true;
	try {
		saveState(stateFile, toState(account.fleet, objectives, Date.now()));
		return true;
	} catch (error) {
		io.stderr(`--state ${stateFile}: ${(error as Error).message}\n`);
		return false;
	}
}

function report({ json, slo }: Options, desk: Desk, observedMs: number, io: ReconcileIo): number {
	const { account, objectives, refused } = desk;
	const nowMs = Date.now();
	const outcomes = [...deviceOutcomes(account.fleet, nowMs)];
	const held =
		slo === undefined ? null : reportObjectives(objectives, fleetOutcome(account.fleet, nowMs), outcomes, nowMs);
	const context = { observedMs, refused: Object.fromEntries(refused), objectives: held };
	const fleet = account.report(nowMs);
	io.stdout(json ? `${JSON.stringify(jsonReport(fleet, context), null, 2)}\n` : textReport(fleet, context));
	return held?.isMissed ? EXIT_OBJECTIVE_MISSED : EXIT_DONE;
}
