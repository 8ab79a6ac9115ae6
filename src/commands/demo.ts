// `tallywire demo`: the whole way on one machine: an embedded broker, simulated sensors, the agent, a consumer that
// counts for itself, and one screen that shows where every reading is.
import net from "node:net";
import { parseArgs } from "node:util";
import type { Config } from "../config/config.js";
import { parseDuration } from "../config/duration.js";
import { loadConfig } from "../config/load.js";
import { type EmbeddedBroker, startEmbeddedBroker } from "../demo/broker.js";
import { createFloodSource, type FloodSource } from "../demo/flood.js";
import { type DemoLink, startLink } from "../demo/link.js";
import { renderLine, renderScreen } from "../demo/screen.js";
import { createTerminal } from "../demo/terminal.js";
import { startWatcher, type Watcher } from "../demo/watcher.js";
import { createLog } from "../log.js";
import { type AgentProcess, createAgentProcess } from "../run/agent-process.js";
import { createHttpServer, type HttpServer } from "../serve/http-server.js";
import { createPage } from "../serve/page.js";
import { VERSION } from "../version.js";
import { topicsOf } from "../wire/topics.js";
import { EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USE, type RunIo } from "./command.js";
import { loadEnvironment } from "./load-environment.js";

const HELP = `usage: tallywire demo [--for DURATION] [--cut] [--stall] [--flood]

Shows the agent at work with nothing installed: an embedded MQTT broker on loopback, simulated sensors, and a consumer
that accounts for every reading. Keys: c cuts the link, s stalls it (and lets it go on), f floods a sensor, q ends it.

      --for DURATION  end by itself after this time, such as 10s
      --cut           cut the link after 3 s, as the key does
      --stall         stall the link after 3 s, for 4 s
      --flood         flood a sensor after 3 s
  -h, --help          this text
`;

/** A small greenhouse. */
const CONFIG = (url: string): string => `
device: demo
mqtt: { url: ${url}, version: 4 }
buffer: { capacity: 20000, ttl: 15s }
status: { interval: 2s }
http: { listen: 127.0.0.1:9464 }
shutdown_timeout: 2s
sources:
  - name: env
    type: sim
    rate: 10
    seed: 1
    units: { temperature: Cel, humidity: "%RH", pressure: hPa }
    streams:
      temperature: { shape: sine, min: 18, max: 27, period: 2m, noise: 0.2 }
      humidity: { shape: walk, min: 40, max: 60, decimals: 1 }
      pressure: { shape: walk, min: 990, max: 1030, decimals: 1 }
  - name: power
    type: sim
    rate: 25
    seed: 2
    units: { voltage: V, current: A }
    streams:
      voltage: { shape: sine, min: 11.8, max: 14.4, period: 30s, decimals: 3 }
      current: { shape: square, min: 0.2, max: 2.5, period: 10s, noise: 0.05 }
  - name: door
    type: sim
    rate: 1
    seed: 3
    streams:
      open: { shape: pulse, period: 20s }
      state: { shape: text, period: 15s, texts: [closed, moving, open] }
`;

/** Between two lines where there is no terminal. */
const LINE_MS = 2_000;
const SCREEN_MS = 250;

/** When the flags act, and for how long a stall lasts. */
const ACT_AFTER_MS = 3_000;
const STALL_MS = 4_000;

interface Options {
	readonly help: boolean;
	readonly forMs: number | undefined;
	readonly cut: boolean;
	readonly stall: boolean;
	readonly flood: boolean;
}

interface Stage {
	readonly broker: EmbeddedBroker;
	readonly link: DemoLink;
	readonly flood: FloodSource;
	readonly agent: AgentProcess;
	readonly watcher: Watcher;
	readonly http: HttpServer;
	readonly pageUrl: string;
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
	await stage.agent.stop();
	// What the agent has confirmed is with the broker; the consumer may be a moment behind.
	await settle(stage);
	stopShow();
	io.stdout(`${lastWords(stage)}\n`);
	stage.watcher.stop();
	stage.link.stop();
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
function act({ link, flood }: Stage, options: Options, io: RunIo, end: () => void): void {
	const giveBack = io.onKey?.((key) => {
		if (key === "c") link.cut();
		else if (key === "s") link.toggleStall();
		else if (key === "f") flood.flood();
		else if (key === "q" || key === "\u0003") {
			giveBack?.();
			end();
		}
	});
	if (options.forMs !== undefined) {
		setTimeout(() => {
			giveBack?.();
			end();
		}, options.forMs);
	}
	setTimeout(() => {
		if (options.cut) link.cut();
		if (options.stall) {
			link.toggleStall();
			setTimeout(link.toggleStall, STALL_MS);
		}
		if (options.flood) flood.flood();
	}, ACT_AFTER_MS);
}

async function setUp(broker: EmbeddedBroker, io: RunIo): Promise<Stage> {
	const { port } = new URL(broker.url);
	const link = await startLink(Number(port));
	const flood = createFloodSource("mad");
	const loaded = loadConfig(CONFIG(link.url), "demo", loadEnvironment(io.env));
	if (!loaded.ok) throw new Error(`the demo's own configuration is wrong: ${JSON.stringify(loaded.errors)}`);
	const { config } = loaded;
	// With a screen, its account says what a log would; without one, warnings go between the lines.
	const level = io.terminal === null ? "warn" : "error";
	const write = (line: string): number => {
		if (io.terminal === null) io.stderr(line);
		return 0;
	};
	const log = createLog({ level, json: false, write, nowMs: () => performance.now() });
	const machine = { sysRoot: "/sys", devRoot: "/dev", board: config.board };
	const agent = createAgentProcess({ config, version: VERSION, machine, log, made: [flood] });
	const watcher = await startWatcher(
		() => net.connect(Number(port), "127.0.0.1"),
		topicsOf(config.mqtt.prefix, config.device).data,
		agent.run,
		agent.report().facts.units,
	);
	const { http, pageUrl } = await startPage(config, agent, log);
	await agent.start();
	return { broker, link, flood, agent, watcher, http, pageUrl };
}

/** The page on its usual port, or on a free one. */
async function startPage(config: Config, agent: AgentProcess, log: ReturnType<typeof createLog>) {
	const listen = config.http || { host: "127.0.0.1", port: 0 };
	const make = (port: number): HttpServer =>
		createHttpServer({ listen: { ...listen, port }, report: agent.report, log, page: createPage() });
	const usual = make(listen.port);
	try {
		return { http: usual, pageUrl: `http://${listen.host}:${(await usual.start()).port}/` };
	} catch {
		const free = make(0);
		return { http: free, pageUrl: `http://${listen.host}:${(await free.start()).port}/` };
	}
}

/** Draws until the returned function is called. */
function show({ agent, watcher, broker, pageUrl }: Stage, io: RunIo): () => void {
	let previous = agent.report();
	let previousAccount = watcher.account();
	const terminal = io.terminal && createTerminal({ ...io.terminal, nowMs: () => performance.now() });
	terminal?.enter();
	const timer = setInterval(
		() => {
			const report = agent.report();
			const account = watcher.account();
			const view = {
				report,
				previous,
				elapsedMs: report.timeMs - previous.timeMs,
				brokerUrl: broker.url,
				pageUrl,
				account,
				previousAccount,
			};
			if (terminal) {
				const hints = [
					"keys: c cut the link   s stall it   f flood a sensor   q quit",
					`mosquitto_sub -p ${new URL(broker.url).port} -t 'tallywire/#' -v`,
				];
				terminal.draw(renderScreen({ ...view, ...terminal.size(), latest: watcher.latest(), hints, colour: true }));
			} else io.stdout(`${renderLine(view)}\n`);
			// Rates over a second or more: over a single drawing they would jump about.
			if (view.elapsedMs >= 1_000) [previous, previousAccount] = [report, account];
		},
		terminal ? SCREEN_MS : LINE_MS,
	);
	return () => {
		clearInterval(timer);
		terminal?.leave();
	};
}

/** Waits for the consumer to see what was confirmed, for a second at the most. */
async function settle({ agent, watcher }: Stage): Promise<void> {
	const { confirmed } = agent.report().books;
	for (let tries = 0; tries < 20 && watcher.account().received < confirmed; tries++) {
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

function lastWords({ agent, watcher }: Stage): string {
	const { stamped, confirmed, uncertain, dropped } = agent.report().books;
	const { received, missing, duplicates } = watcher.account();
	const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
	return [
		`The agent:    ${stamped} readings stamped, ${confirmed} confirmed by the broker, ${uncertain} uncertain, ${lost} dropped.`,
		`The consumer: ${received} received, ${missing} missing, ${duplicates} twice.`,
	].join("\n");
}
