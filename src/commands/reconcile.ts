// `tallywire reconcile`: consumes frames, statuses and states of all devices, accounts for every sequence number, and
// reports: live on a terminal, over HTTP, and at the end. Wiring only: what it says is decided in reconcile/.
import { showUrl } from "../config/address.js";
import { subscribe } from "../consume/subscribe.js";
import { printable } from "../core/unprintable.js";
import type { Log } from "../log.js";
import { fleetSite } from "../observe/fleet-site.js";
import { createObserver, type Observer } from "../observe/observer.js";
import { type Account, createAccount, limitsOf } from "../reconcile/account.js";
import { createObjectives, type Objectives } from "../reconcile/objectives.js";
import { jsonReport } from "../reconcile/report.js";
import { fromState, toState } from "../reconcile/state.js";
import { loadState, saveState } from "../reconcile/state-file.js";
import { readClockSynchronised } from "../run/clock-sync.js";
import { textReport } from "../screen/fleet-report.js";
import { renderFleetScreen } from "../screen/fleet-screen.js";
import { createTerminal } from "../screen/terminal.js";
import { createHttpServer } from "../serve/http-server.js";
import { EXIT_DONE, EXIT_FAILED, EXIT_OBJECTIVE_MISSED, EXIT_WRONG_USE, type RunIo } from "./command.js";
import { RECONCILE_HELP, type ReconcileOptions, readReconcileOptions } from "./reconcile-options.js";
import { createStderrLog, type LogIo } from "./stderr-log.js";

/** For the budget that is shown, and for burn rates, where no objective was given. */
const DEFAULT_SLO = 0.995;

const TICK_MS = 1_000;
const RECORD_MS = 10_000;
const SAVE_MS = 30_000;
const CLOCK_MS = 60_000;
/** A drawing reports on every device: some 100 ms for as many as there may be. */
const SCREEN_MS = 1_000;
/** Rates are over at least this long. */
const RATE_MS = 2_000;

/** What it works on. */
interface Desk {
	readonly account: Account;
	readonly objectives: Objectives;
	readonly observer: Observer;
}

/** What the command needs of its process. */
export type ReconcileIo = LogIo & Pick<RunIo, "stdout" | "cwd" | "onStop" | "terminal">;

/** Runs until --for is over or it is told to stop. */
export async function reconcile(args: readonly string[], io: ReconcileIo): Promise<number> {
	const options = readReconcileOptions(args, io.cwd);
	if (options === "help") {
		io.stdout(RECONCILE_HELP);
		return EXIT_DONE;
	}
	if (typeof options === "string") {
		io.stderr(`${options}\n\n${RECONCILE_HELP}`);
		return EXIT_WRONG_USE;
	}
	const desk = openDesk(options);
	if (typeof desk === "string") {
		io.stderr(`${desk}\n`);
		return EXIT_FAILED;
	}
	const log = createStderrLog(io, "info");
	const http = await openHttp(options, desk, log);
	if (typeof http === "string") {
		io.stderr(`${http}\n`);
		return EXIT_FAILED;
	}
	const trouble = await observe(options, desk, io, log);
	await http?.stop();
	desk.observer.record(Date.now());
	if (!save(options, desk, log)) return EXIT_FAILED;
	if (trouble !== null) {
		io.stderr(`${printable(trouble)}\n`);
		return EXIT_FAILED;
	}
	return report(options, desk, io);
}

/** A new account, or the one that the state file holds. A file that is no state is never written over. */
function openDesk({ stateFile, prefix, shard, slo = DEFAULT_SLO }: ReconcileOptions): Desk | string {
	const deskOf = (account: Account, objectives: Objectives): Desk => {
		return { account, objectives, observer: createObserver({ prefix, account, objectives, ...(shard && { shard }) }) };
	};
	const loaded = stateFile === undefined ? ({ kind: "none" } as const) : loadState(stateFile);
	switch (loaded.kind) {
		case "none":
			return deskOf(createAccount(), createObjectives(slo));
		case "unreadable":
			return `--state ${stateFile}: ${loaded.why}; move it away to begin anew`;
		case "state": {
			const restored = fromState(loaded.state, limitsOf({}), slo);
			if (!restored.ok)
				return `--state ${stateFile}: no state of this program: ${restored.why}; move it away to begin anew`;
			return deskOf(createAccount({}, restored.fleet), restored.objectives);
		}
	}
}

/** What --http asks for; a port that cannot be had is said at once, not after an hour of looking. */
async function openHttp({ http, broker }: ReconcileOptions, { observer }: Desk, log: Log) {
	if (http === undefined) return null;
	const site = fleetSite({ brokerUrl: showUrl(broker.url), observe: () => observer.observe(Date.now()) });
	const server = createHttpServer({ listen: http, site, log });
	try {
		await server.start();
		return server;
	} catch (error) {
		return `--${(error as Error).message}`;
	}
}

/** Takes messages until the end. Resolves to why nothing could be observed, or null. */
function observe(options: ReconcileOptions, desk: Desk, io: ReconcileIo, log: Log): Promise<string | null> {
	const { account, observer } = desk;
	const screen = options.json ? null : openScreen(options, observer, io);
	const broker = showUrl(options.broker.url);
	let wasObserving = false;
	return new Promise((resolve) => {
		const subscription = subscribe({
			broker: options.broker,
			name: "reconcile",
			topics: ["data", "status", "state"].map((kind) => `${options.prefix}/+/${kind}`),
			events: {
				message(message) {
					observer.take(message);
					return undefined;
				},
				up() {
					wasObserving = true;
					observer.up(Date.now());
					if (screen === null) log.info("observing", { broker, prefix: options.prefix });
				},
				down({ reason, isRefused, retryMs }) {
					observer.down(reason, Date.now());
					if (isRefused && !wasObserving) end();
					else if (screen === null) log.warn("not_observing", { broker, reason, retry_ms: retryMs });
				},
			},
			random: Math.random,
			nowMs: () => performance.now(),
		});
		const timers = [
			setInterval(() => observer.tick(Date.now()), TICK_MS),
			setInterval(() => observer.record(Date.now()), RECORD_MS),
			setInterval(() => void save(options, desk, log), SAVE_MS),
			setInterval(() => void checkClock(account), CLOCK_MS),
			...(options.forMs === undefined ? [] : [setTimeout(() => end(), options.forMs)]),
		];
		void checkClock(account);
		io.onStop(() => end());
		function end(): void {
			for (const timer of timers) clearTimeout(timer);
			subscription.stop();
			screen?.close();
			const { trouble } = observer.observe(Date.now());
			resolve(wasObserving ? null : `nothing was observed: ${trouble}`);
		}
	});
}

/** The live table, where stdout is a terminal. */
function openScreen(options: ReconcileOptions, observer: Observer, io: ReconcileIo): { close(): void } | null {
	if (io.terminal === null) return null;
	const terminal = createTerminal({ ...io.terminal, nowMs: () => performance.now() });
	let previous = { atMs: Date.now(), report: observer.observe(Date.now()).report };
	let older = previous;
	const draw = (): void => {
		const nowMs = Date.now();
		const observation = observer.observe(nowMs);
		if (nowMs - previous.atMs >= RATE_MS) {
			older = previous;
			previous = { atMs: nowMs, report: observation.report };
		}
		terminal.draw(
			renderFleetScreen({
				...observation,
				previous: older.report,
				elapsedMs: nowMs - older.atMs,
				refused: Object.values(observation.refused).reduce((sum, count) => sum + count, 0),
				brokerUrl: showUrl(options.broker.url),
				...terminal.size(),
				colour: true,
			}),
		);
	};
	terminal.enter();
	draw();
	const timer = setInterval(draw, SCREEN_MS);
	return {
		close() {
			clearInterval(timer);
			terminal.leave();
		},
	};
}

async function checkClock(account: Account): Promise<void> {
	account.setClock(await readClockSynchronised());
}

function save({ stateFile }: ReconcileOptions, { account, objectives }: Desk, log: Log): boolean {
	if (stateFile === undefined) return true;
	try {
		saveState(stateFile, toState(account.fleet, objectives, Date.now()));
		return true;
	} catch (error) {
		log.error("state_not_saved", { file: stateFile, why: (error as Error).message });
		return false;
	}
}

function report({ json, slo }: ReconcileOptions, { observer }: Desk, io: ReconcileIo): number {
	const { report, objectives, observedMs, refused } = observer.observe(Date.now());
	const context = { observedMs, refused, objectives: slo === undefined ? null : objectives };
	io.stdout(json ? `${JSON.stringify(jsonReport(report, context), null, 2)}\n` : textReport(report, context));
	return context.objectives?.isMissed ? EXIT_OBJECTIVE_MISSED : EXIT_DONE;
}
