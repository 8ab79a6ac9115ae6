// `tallywire demo`: the whole story on one machine: an embedded broker, three simulated gateways, the reconciler, the page,
// and one screen that shows where every reading is and where each lost one went.
import { parseArgs } from "node:util";
import { parseDuration } from "../config/duration.js";
import { subscribe } from "../consume/subscribe.js";
import { type EmbeddedBroker, startEmbeddedBroker } from "../demo/broker.js";
import { createGateways, type Gateway, PAGE } from "../demo/gateway.js";
import { type DemoScreenInput, type Loss, lastWords, renderDemoLine, renderDemoScreen } from "../demo/screen.js";
import { createLog, type Log } from "../log.js";
import { createObserver, type Observer } from "../observe/observer.js";
import { createAccount } from "../reconcile/account.js";
import { createObjectives } from "../reconcile/objectives.js";
import { shownOfReport } from "../screen/agent-shown.js";
import { createTerminal } from "../screen/terminal.js";
import { agentSite } from "../serve/agent-site.js";
import { createHttpServer, type HttpServer } from "../serve/http-server.js";
import { EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USE, type RunIo } from "./command.js";
import { loadEnvironment } from "./load-environment.js";

const HELP = `usage: tallywire demo [--for DURATION] [--cut] [--stall] [--flood]

Shows the whole story with nothing installed: an embedded MQTT broker on loopback, three simulated gateways, and a
reconciler that accounts for every reading. Keys: 1 2 3 choose a gateway, c cuts its link, s stalls it (and lets it go
on), f floods a sensor of it, q ends it all.

      --for DURATION  end by itself after this time, such as 10s
      --cut           cut the link of the first gateway after 3 s, as the key does
      --stall         stall the link of the second after 3 s, for 8 s: longer than its readings live
      --flood         flood a sensor of the second after 3 s
  -h, --help          this text
`;

/** Between two lines where there is no terminal. */
const LINE_MS = 2_000;
const SCREEN_MS = 250;
/** Rates are over at least this long: over a single drawing they would jump about. */
const RATE_MS = 1_500;

/** When the flags act, and for how long a stall lasts. */
const ACT_AFTER_MS = 3_000;
const STALL_MS = 8_000;

/** On one machine nothing takes longer; on a real network the reconciler waits for 30 s. */
const GRACE_MS = 3_000;
const OBJECTIVE = 0.995;

interface Options {
	readonly help: boolean;
	readonly forMs: number | undefined;
	readonly cut: boolean;
	readonly stall: boolean;
	readonly flood: boolean;
}

interface Stage {
	readonly broker: EmbeddedBroker;
	readonly gateways: readonly Gateway[];
	readonly observer: Observer;
	readonly stopObserving: () => void;
	readonly http: HttpServer;
	readonly pageUrl: string;
	/** Which gateway the keys act upon, and the screen shows. */
	chosen: Gateway;
}

/** Runs the demo until it is told to stop. 0 after a clean end, 1 when the broker cannot start, 2 for wrong use. */
export async function demo(args: readonly string[], io: RunIo): Promise<number> {
	const options = parse(args);
	if (typeof options === "string") {
		io.stderr(`${options}\n\n${HELP}`);
		return EXIT_WRONG_USE;
	}
	if (options.help) {
		io.stdout(HELP);
		return EXIT_DONE;
	}
	const broker = await startEmbeddedBroker().catch((error: Error) => error);
	if (broker instanceof Error) {
		io.stderr(`${broker.message}\n`);
		return EXIT_FAILED;
	}
	const stage = await setUp(broker, io);
	const stopShow = show(stage, io);
	await new Promise<void>((resolve) => {
		io.onStop(resolve);
		act(stage, options, io, resolve);
	});
	// A last word needs a way; whoever stalled a link wants to see it end, not wait.
	for (const { link } of stage.gateways) if (link.state() === "stalled") link.toggleStall();
	await Promise.all(stage.gateways.map(({ agent }) => agent.stop()));
	await settle(stage);
	stopShow();
	const stamped = stage.gateways.reduce((sum, { agent }) => sum + agent.report().books.stamped, 0);
	// All have ended and said their last word: the account as it stands once a late message can be excluded.
	io.stdout(`${lastWords(stage.observer.observe(Date.now() + 3 * GRACE_MS), stamped)}\n`);
	stage.stopObserving();
	for (const { link } of stage.gateways) link.stop();
	await stage.http.stop();
	await stage.broker.stop();
	return EXIT_DONE;
}

function parse(args: readonly string[]): Options | string {
	try {
		const { values } = parseArgs({
			args: [...args],
			options: {
				for: { type: "string" },
				cut: { type: "boolean", default: false },
				stall: { type: "boolean", default: false },
				flood: { type: "boolean", default: false },
				help: { type: "boolean", short: "h", default: false },
			},
		});
		const forMs = values.for === undefined ? undefined : parseDuration(values.for);
		if (values.for !== undefined && forMs === undefined) return "--for takes a duration such as 10s or 5m";
		return { ...values, forMs };
	} catch (error) {
		return (error as Error).message;
	}
}

/** What the keys and the flags do. */
function act(stage: Stage, options: Options, io: RunIo, end: () => void): void {
	const { gateways } = stage;
	const giveBack = io.onKey?.((key) => {
		const { link, flood } = stage.chosen;
		if (key === "c") link.cut();
		else if (key === "s") link.toggleStall();
		else if (key === "f") flood.flood();
		else if (key === "q" || key === "\u0003") finish();
		else stage.chosen = gateways[Number(key) - 1] ?? stage.chosen;
	});
	function finish(): void {
		giveBack?.();
		end();
	}
	if (options.forMs !== undefined) setTimeout(finish, options.forMs);
	const [first = stage.chosen, second = stage.chosen] = gateways;
	setTimeout(() => {
		if (options.cut) first.link.cut();
		if (options.flood) second.flood.flood();
		if (!options.stall) return;
		second.link.toggleStall();
		setTimeout(second.link.toggleStall, STALL_MS);
	}, ACT_AFTER_MS);
}

async function setUp(broker: EmbeddedBroker, io: RunIo): Promise<Stage> {
	// With a screen, its account says what a log would; without one, warnings go between the lines.
	const level = io.terminal === null ? "warn" : "error";
	const write = (line: string): number => {
		if (io.terminal === null) io.stderr(line);
		return 0;
	};
	const log = createLog({ level, json: false, write, nowMs: () => performance.now() });
	const { observer, stop } = await startObserving(broker.url);
	const gateways = await createGateways(Number(new URL(broker.url).port), loadEnvironment(io.env), log);
	const [chosen] = gateways;
	if (chosen === undefined) throw new Error("the demo has no gateway");
	const { http, pageUrl } = await startPage(chosen, log);
	await Promise.all(gateways.map(({ agent }) => agent.start()));
	return { broker, gateways, observer, stopObserving: stop, http, pageUrl, chosen };
}

/** The reconciler, beside the links: what is cut and stalled is between the gateways and the broker. */
function startObserving(url: string): Promise<{ readonly observer: Observer; readonly stop: () => void }> {
	const account = createAccount({ graceMs: GRACE_MS });
	account.setClock(true); // one machine, one clock
	const observer = createObserver({ prefix: "tallywire", account, objectives: createObjectives(OBJECTIVE) });
	return new Promise((resolve) => {
		const subscription = subscribe({
			broker: { url },
			name: "demo",
			topics: ["data", "status", "state"].map((kind) => `tallywire/+/${kind}`),
			events: {
				message(message) {
					observer.take(message);
					return undefined;
				},
				up() {
					observer.up(Date.now());
					resolve({ observer, stop: subscription.stop });
				},
				down: ({ reason }) => observer.down(reason, Date.now()),
			},
			random: Math.random,
			nowMs: () => performance.now(),
		});
	});
}

/** The page of a gateway on its usual port, or on a free one. */
async function startPage({ agent }: Gateway, log: Log) {
	const make = (port: number): HttpServer =>
		createHttpServer({ listen: { host: PAGE.host, port }, site: agentSite(agent), log });
	const usual = make(PAGE.port);
	try {
		return { http: usual, pageUrl: `http://${PAGE.host}:${(await usual.start()).port}/` };
	} catch {
		const free = make(0);
		return { http: free, pageUrl: `http://${PAGE.host}:${(await free.start()).port}/` };
	}
}

/** Draws until the returned function is called. */
function show(stage: Stage, io: RunIo): () => void {
	const { observer, broker } = stage;
	const startedMs = performance.now();
	const take = () => ({
		atMs: performance.now(),
		observation: observer.observe(Date.now()),
		shown: new Map(stage.gateways.map((gateway) => [gateway, shownOfReport(gateway.agent.report())])),
	});
	let [older, newer] = [take(), take()];
	const terminal = io.terminal && createTerminal({ ...io.terminal, nowMs: () => performance.now() });
	const draw = (): void => {
		const now = take();
		const uptimeMs = now.atMs - startedMs;
		if (terminal) {
			const { chosen } = stage;
			const input: DemoScreenInput = {
				observation: now.observation,
				previous: older.observation,
				elapsedMs: now.atMs - older.atMs,
				gateway: {
					agent: shownOfReport(chosen.agent.report()),
					previous: older.shown.get(chosen) ?? null,
					link: chosen.link.state(),
				},
				losses: newestLosses(stage),
				uptimeMs,
				brokerUrl: broker.url,
				pageUrl: stage.pageUrl,
				hints: [
					"keys: 1 2 3 choose a gateway  c cut its link  s stall it  f flood it  q quit",
					`mosquitto_sub -p ${new URL(broker.url).port} -t 'tallywire/#' -v`,
				],
				...terminal.size(),
				colour: true,
			};
			terminal.draw(renderDemoScreen(input));
		} else io.stdout(`${renderDemoLine({ observation: now.observation, uptimeMs })}\n`);
		if (now.atMs - newer.atMs >= RATE_MS) [older, newer] = [newer, now];
	};
	terminal?.enter();
	const timer = setInterval(draw, terminal ? SCREEN_MS : LINE_MS);
	return () => {
		clearInterval(timer);
		terminal?.leave();
	};
}

/** Of all gateways, each one's newest first. */
function newestLosses({ gateways, chosen }: Stage): Loss[] {
	return [chosen, ...gateways.filter((gateway) => gateway !== chosen)].flatMap(({ name, agent }) =>
		[...agent.report().books.losses].reverse().map((range) => ({ gateway: name, range })),
	);
}

/** Waits for the reconciler to hear the last words of all, for a second at the most. */
async function settle({ gateways, observer }: Stage): Promise<void> {
	const isHeard = (): boolean => {
		const { devices } = observer.observe(Date.now()).report;
		return gateways.every(({ name }) => devices.some(({ device, state }) => device === name && state === "offline"));
	};
	for (let tries = 0; tries < 20 && !isHeard(); tries++) await new Promise((resolve) => setTimeout(resolve, 50));
}
