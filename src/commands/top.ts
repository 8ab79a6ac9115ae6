// `tallywire top`: an agent on a terminal, over ssh or from afar: from its own /status, or from what it tells the broker.
import { get as httpGet } from "node:http";
import { parseArgs } from "node:util";
import { showUrl } from "../config/address.js";
import { parseDuration } from "../config/duration.js";
import {
	BROKER_HELP,
	BROKER_OPTIONS,
	type BrokerAddress,
	hasBrokerOptions,
	readBrokerOptions,
} from "../consume/broker-options.js";
import { subscribe } from "../consume/subscribe.js";
import { createLatestValues, type LatestValues } from "../observe/latest-values.js";
import { type AgentScreenInput, renderAgentLine, renderAgentScreen } from "../screen/agent-screen.js";
import { type AgentShown, shownOfStatus } from "../screen/agent-shown.js";
import { visible } from "../screen/cells.js";
import { createTerminal } from "../screen/terminal.js";
import { decodeFrame } from "../wire/decode-frame.js";
import { decodeStatus } from "../wire/decode-status.js";
import { EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USE, type RunIo } from "./command.js";

const HELP = `usage: tallywire top [URL] [--for DURATION]
       tallywire top --broker URL [--device ID] [--prefix PREFIX] [--for DURATION]

Shows a running agent: is all well, the way of its readings, its books, its sources; from the address its configuration
has as http.listen (default http://127.0.0.1:9464), once a second, or from what it tells the broker, with the last values
of its streams. q or Ctrl-C ends it. Without a terminal: a line every 2 s.

      --for DURATION        end by itself after this time, such as 60s
      --device ID           which device; without it the first that is heard
      --prefix PREFIX       of the topics (default: tallywire)
${BROKER_HELP}  -h, --help                this text

Exit status: 0 done, 1 nothing was heard of an agent, 2 wrong use.
`;

const DEFAULT_URL = "http://127.0.0.1:9464";
const POLL_MS = 1_000;
/** An agent that does not answer for this long is not well; its server gives up on us no later. */
const ANSWER_MS = 5_000;
/** The largest status, 64 sources with an error each and 64 losses, is about 40 KiB. */
const ANSWER_BYTES_MAX = 262_144;
const SCREEN_MS = 500;
const LINE_MS = 2_000;
/** A status older than this is said to be: three times the default of `status.interval`. */
const STALE_MS = 30_000;

interface Options {
	readonly forMs: number | undefined;
	readonly url: string;
	readonly broker: BrokerAddress | null;
	readonly device: string | undefined;
	readonly prefix: string;
}

/** What is known of the agent by now. */
interface Heard {
	agent: AgentShown | null;
	atMs: number;
	previous: AgentShown | null;
	previousAtMs: number;
	trouble: string | null;
	/** Of which values come in; null where they do not. */
	readonly values: LatestValues | null;
	/** Other devices that were heard, by name. */
	readonly others: Set<string>;
}

/** Devices whose names are kept to be told. */
const OTHERS_MAX = 8;

/** What the command needs of its process. */
export type TopIo = Pick<RunIo, "stdout" | "stderr" | "cwd" | "onStop" | "onKey" | "terminal">;

/** Runs until it is told to stop. */
export async function top(args: readonly string[], io: TopIo): Promise<number> {
	const options = readOptions(args, io.cwd);
	if (options === "help") {
		io.stdout(HELP);
		return EXIT_DONE;
	}
	if (typeof options === "string") {
		io.stderr(`${options}\n\n${HELP}`);
		return EXIT_WRONG_USE;
	}
	const heard: Heard = {
		...{ agent: null, atMs: 0, previous: null, previousAtMs: 0, trouble: null, others: new Set() },
		values: options.broker === null ? null : createLatestValues(),
	};
	const stopHearing = options.broker === null ? poll(options.url, heard) : follow(options, options.broker, heard);
	const stopShow = show(options, heard, io);
	await new Promise<void>((resolve) => {
		const timer = options.forMs === undefined ? undefined : setTimeout(end, options.forMs);
		const giveBack = io.onKey?.((key) => {
			if (key === "q" || key === "\u0003") end();
		});
		io.onStop(end);
		function end(): void {
			clearTimeout(timer);
			giveBack?.();
			resolve();
		}
	});
	stopHearing();
	stopShow();
	if (heard.agent !== null) return EXIT_DONE;
	io.stderr(`nothing was heard of an agent: ${visible(heard.trouble ?? "no answer")}\n`);
	return EXIT_FAILED;
}

function readOptions(args: readonly string[], cwd: string): Options | "help" | string {
	try {
		const { values, positionals } = parseArgs({
			args: [...args],
			allowPositionals: true,
			options: {
				...BROKER_OPTIONS,
				for: { type: "string" },
				device: { type: "string" },
				prefix: { type: "string", default: "tallywire" },
				help: { type: "boolean", short: "h", default: false },
			},
		});
		if (values.help) return "help";
		const forMs = values.for === undefined ? undefined : parseDuration(values.for);
		if (values.for !== undefined && forMs === undefined) return "--for takes a duration such as 60s or 5m";
		if (!/^[^+#$][^+#]*$/.test(values.prefix)) return "--prefix takes a topic without wildcards";
		const [url = DEFAULT_URL, ...rest] = positionals;
		if (rest.length > 0) return "one URL at a time";
		const common = { forMs, url: url.replace(/\/$/, ""), device: values.device, prefix: values.prefix };
		if (!hasBrokerOptions(values)) {
			if (values.device !== undefined) return "--device needs --broker";
			return /^http:\/\/[^/]+$/.test(common.url) ? { ...common, broker: null } : `${url}: not http://HOST:PORT`;
		}
		if (positionals.length > 0) return "either a URL or --broker";
		const address = readBrokerOptions(values, cwd);
		return address.ok ? { ...common, broker: address.broker } : address.message;
	} catch (error) {
		return (error as Error).message;
	}
}

/** Asks the agent for its status, once a second and never twice at a time. */
function poll(url: string, heard: Heard): () => void {
	let timer: NodeJS.Timeout | undefined;
	let stopped = false;
	const next = (trouble: string | null): void => {
		if (stopped) return;
		heard.trouble = trouble;
		timer = setTimeout(ask, POLL_MS);
	};
	const ask = (): void => {
		const failed = (error: NodeJS.ErrnoException): void => next(reasonOf(error, url));
		const request = httpGet(`${url}/status`, { timeout: ANSWER_MS, agent: false }, (response) => {
			const chunks: Buffer[] = [];
			let bytes = 0;
			response.on("data", (chunk: Buffer) => {
				bytes += chunk.length;
				if (bytes > ANSWER_BYTES_MAX) request.destroy(new Error("an answer too long for a status"));
				else chunks.push(chunk);
			});
			response.on("error", failed);
			response.on("end", () => {
				const decoded = decodeStatus(Buffer.from(Buffer.concat(chunks).toString("utf8").trimEnd()));
				if (decoded.ok) hear(heard, shownOfStatus(decoded.status));
				next(decoded.ok ? null : `${url}/status answers ${response.statusCode}, and no status of an agent`);
			});
		});
		request.on("timeout", () => request.destroy(new Error(`no answer for ${ANSWER_MS / 1_000} s`)));
		request.on("error", failed);
	};
	ask();
	return () => {
		stopped = true;
		clearTimeout(timer);
	};
}

function reasonOf(error: NodeJS.ErrnoException, url: string): string {
	if (error.code === "ECONNREFUSED") {
		return `nobody listens on ${url}: is the agent running, and is this its http.listen?`;
	}
	return `${url}: ${error.message}`;
}

/** Listens to what a device tells the broker. */
function follow({ device, prefix }: Options, broker: BrokerAddress, heard: Heard): () => void {
	let chosen = device;
	const subscription = subscribe({
		broker,
		name: "top",
		topics: ["data", "status"].map((kind) => `${prefix}/${device ?? "+"}/${kind}`),
		events: {
			message({ topic, payload }) {
				const [id = "", kind] = topic.slice(prefix.length + 1).split("/");
				chosen ??= id;
				if (id !== chosen) {
					if (heard.others.size < OTHERS_MAX) heard.others.add(id);
				} else if (kind === "data") {
					const decoded = decodeFrame(payload);
					if (decoded.ok) heard.values?.take(decoded.frame, Date.now());
				} else {
					const decoded = decodeStatus(payload);
					if (decoded.ok) hear(heard, shownOfStatus(decoded.status));
				}
				return undefined;
			},
			up() {
				heard.trouble = null;
			},
			down({ reason }) {
				heard.trouble = `not observing: ${reason}`;
			},
		},
		random: Math.random,
		nowMs: () => performance.now(),
	});
	return subscription.stop;
}

function hear(heard: Heard, agent: AgentShown): void {
	if (heard.agent !== null && heard.agent.uptimeMs !== agent.uptimeMs) {
		heard.previous = heard.agent;
		heard.previousAtMs = heard.atMs;
	}
	heard.agent = agent;
	heard.atMs = performance.now();
}

/** Draws until the returned function is called. */
function show(options: Options, heard: Heard, io: TopIo): () => void {
	const terminal = io.terminal && createTerminal({ ...io.terminal, nowMs: () => performance.now() });
	const from = options.broker === null ? `${options.url}/status` : `${showUrl(options.broker.url)}, its status`;
	const draw = (): void => {
		const { agent, previous } = heard;
		if (agent === null) {
			terminal?.draw(
				[`● waiting for ${from}`, heard.trouble ?? ""].map((line) => visible(line).slice(0, terminal.size().columns)),
			);
			return;
		}
		const elapsedMs = previous === null ? 0 : agent.uptimeMs - previous.uptimeMs;
		const ageMs = performance.now() - heard.atMs;
		const stale = ageMs > STALE_MS ? `nothing new for ${Math.round(ageMs / 1_000)} s` : null;
		const shown = { agent, previous, elapsedMs, trouble: heard.trouble ?? stale };
		if (!terminal) {
			io.stdout(`${renderAgentLine(shown)}\n`);
			return;
		}
		const others = heard.others.size > 0 ? `   others: --device ${[...heard.others].sort().join(", ")}` : "";
		const input: AgentScreenInput = {
			...{ ...shown, from, latest: heard.values?.latest(Date.now()) ?? [], hints: [`q quit${others}`] },
			...{ ...terminal.size(), colour: true },
		};
		terminal.draw(renderAgentScreen(input));
	};
	terminal?.enter();
	const timer = setInterval(draw, terminal ? SCREEN_MS : LINE_MS);
	return () => {
		clearInterval(timer);
		terminal?.leave();
	};
}
