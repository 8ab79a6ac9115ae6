// A small world for tests of the whole program: a real broker, an independent subscriber straight to it, and agents that
// reach it through a fault proxy of their own. `end` is the judgement that every such test comes to: SIGTERM, exit 0, the
// last status, `offline` after it, and books that agree with what arrived to the last reading.
import { assertBooks, checkHistory, type FrameArrival, type RunAccount } from "./account.js";
import { freePort } from "./free-port.js";
import { type Broker, type BrokerOptions, type Login, startBroker } from "./mosquitto.js";
import { type Agent, startAgent } from "./process.js";
import { type Proxy as FaultProxy, startProxy } from "./proxy.js";
import { type DeviceAccount, type StatusArrival, type Subscriber, startSubscriber } from "./subscriber.js";
import { until } from "./wait.js";

/** `publish.at_risk` unless a configuration says otherwise (CONTRACT, Configuration). */
const AT_RISK = 1_024;

/** More than `shutdown_timeout` is in any of these tests. */
const END_TIMEOUT_MS = 30_000;

export type Settings = Readonly<Record<string, unknown>>;

export interface GatewayOptions {
	/** Added to `mqtt`; `url` instead of the way through the proxy. */
	readonly mqtt?: Settings;
	/** The broker's listener behind the proxy; the plain one unless given. */
	readonly listener?: { readonly scheme: "mqtts" | "ws" | "wss"; readonly port: number };
	/** Serves HTTP on a free port. */
	readonly http?: boolean;
	/** Where a run that died left its last counters; a folder of its own unless given. */
	readonly runtimeDir?: string;
	readonly env?: Readonly<Record<string, string | undefined>>;
	/** See StartOptions. */
	readonly through?: readonly string[];
}

/** A device: the running agent, its proxy, and what arrived of it. */
export interface Gateway {
	readonly name: string;
	readonly agent: Agent;
	readonly proxy: FaultProxy;
	/** `http://127.0.0.1:<port>`; empty without `http`. */
	readonly httpUrl: string;
	/** What the subscriber has of the device. */
	readonly account: DeviceAccount;
	/** The agent's id of this run, from the first line of its log. */
	run(): Promise<string>;
	/** Resolves when `online` has arrived for the `connects`th time. */
	online(connects: number): Promise<void>;
	/** Resolves when at least `readings` more have arrived than had when it was called. */
	delivers(readings?: number): Promise<void>;
	/** Readings that arrived so far, of all runs. */
	received(): number;
	/** The status as HTTP has it now. */
	status(): Promise<StatusArrival>;
	/** Ends the agent with a signal and judges the run; its last status. */
	end(signal?: NodeJS.Signals): Promise<StatusArrival>;
}

export interface World {
	readonly broker: Broker;
	readonly subscriber: Subscriber;
	/** Starts an agent for a new device. */
	start(name: string, config: Settings, options?: GatewayOptions): Promise<Gateway>;
	/** Ends everything. */
	stop(): Promise<void>;
}

export interface WorldOptions extends BrokerOptions {
	/** The subscriber's. */
	readonly login?: Login;
	/** Called with each frame as it comes. */
	readonly onFrame?: (frame: FrameArrival) => void;
}

/** Starts the broker and the subscriber. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
	const broker = await startBroker(options);
	const { login, onFrame } = options;
	const subscriber = await startSubscriber(broker, { ...(login && { login }), ...(onFrame && { onFrame }) });
	const gateways: Gateway[] = [];
	return {
		broker,
		subscriber,
		start: async (name, config, gatewayOptions = {}) => {
			const gateway = await startGateway(broker, subscriber, name, config, gatewayOptions);
			gateways.push(gateway);
			return gateway;
		},
		stop: async () => {
			await Promise.all(gateways.map(({ agent }) => agent.kill()));
			await Promise.all(gateways.map(({ proxy }) => proxy.stop()));
			await subscriber.stop();
			await broker.kill();
		},
	};
}

/** The settings of a simulated source with one stream. */
export function sim(rate: number, stream: Settings = { shape: "sine", min: 18, max: 24, period: "1m" }): Settings {
	return { name: "lab", type: "sim", rate, seed: 1, streams: { value: stream } };
}

async function startGateway(
	broker: Broker,
	subscriber: Subscriber,
	name: string,
	config: Settings,
	options: GatewayOptions,
): Promise<Gateway> {
	const { scheme, port: brokerPort } = options.listener ?? { scheme: "mqtt", port: broker.port };
	const proxy = await startProxy({ host: broker.host, port: brokerPort });
	const port = options.http === true ? await freePort() : 0;
	const { runtimeDir, env, through } = options;
	const agent = startAgent(
		{
			device: name,
			status: { interval: "500ms" },
			shutdown_timeout: "10s",
			...(port > 0 ? { http: { listen: `127.0.0.1:${port}` } } : {}),
			...config,
			mqtt: {
				url: `${scheme}://localhost:${proxy.port}`,
				reconnect: { min: "50ms", max: "100ms" },
				...options.mqtt,
			},
		},
		{ ...(runtimeDir && { runtimeDir }), ...(env && { env }), ...(through && { through }) },
	);
	const status = async (): Promise<StatusArrival> =>
		(await (await fetch(`http://127.0.0.1:${port}/status`)).json()) as StatusArrival;
	if (port > 0) {
		const serves = (): Promise<boolean> =>
			status().then(
				() => true,
				() => false,
			);
		await until(() => `HTTP of ${name}:\n${agent.stderr()}`, serves, 10_000);
	}
	const account = subscriber.device(name);
	const { at_risk: atRisk = AT_RISK } = (config["publish"] ?? {}) as { at_risk?: number };
	const received = (): number => receivedOf([...account.runs.values()]);
	const waitFor = (what: string, look: () => boolean): Promise<boolean> =>
		until(
			() =>
				`${what} of ${name}; states ${account.states.slice(-20).map(({ state }) => state)}\n${agent.stderr().slice(-2_000)}`,
			look,
			20_000,
		);
	return {
		name,
		agent,
		proxy,
		httpUrl: port > 0 ? `http://127.0.0.1:${port}` : "",
		account,
		run: async () => (await agent.waitForOutput(/event=start .*\brun=([\w-]+)/))[1] ?? "",
		online: async (connects) => {
			await waitFor(`online ${connects} times`, () => countOf(account, "online") >= connects);
		},
		delivers: async (readings = 1) => {
			const target = received() + readings;
			await waitFor(`${target} readings, not ${received()}`, () => received() >= target);
		},
		received,
		status,
		end: async (signal = "SIGTERM") => {
			if (port > 0) await checkMetrics(`http://127.0.0.1:${port}/metrics`);
			agent.signal(signal);
			return judge(name, agent, subscriber, atRisk);
		},
	};
}

/** The numbers of the last line of the log, which is all there is where no broker takes the last status. */
export interface EndLine {
	readonly stamped: number;
	readonly confirmed: number;
	readonly uncertain: number;
	readonly overflow: number;
	readonly expired: number;
	readonly oversize: number;
	readonly shutdown: number;
}

/** The end of an agent that has ended. */
export function endLine({ agent }: Pick<Gateway, "agent">): EndLine {
	const line = /^level=info event=end (.*)$/m.exec(agent.stderr())?.[1] ?? "";
	const pairs = line.split(" ").map((pair) => pair.split("=") as [string, string]);
	return Object.fromEntries(pairs.map(([name, number]) => [name, Number(number)])) as unknown as EndLine;
}

/** The books as Prometheus gets them: they balance, and say so. */
async function checkMetrics(url: string): Promise<void> {
	const text = await (await fetch(url)).text();
	const value = (name: string): number => {
		const samples = [...text.matchAll(new RegExp(`^tallywire_${name}(?:\\{.*\\})? (\\S+)$`, "gm"))];
		return samples.reduce((sum, [, sample]) => sum + Number(sample), 0);
	};
	const sent = value("readings_sent_total");
	const isBalanced =
		value("books_balanced") === 1 &&
		value("readings_stamped_total") === value("buffer_readings") + sent + value("readings_dropped_total") &&
		sent === value("readings_confirmed_total") + value("readings_in_flight") + value("readings_uncertain_total");
	if (!isBalanced) throw new Error(`/metrics does not balance:\n${text}`);
}

/** Waits for the end of an agent that was told to stop, and holds everything that arrived against its last status. */
export async function judge(
	name: string,
	agent: Agent,
	subscriber: Subscriber,
	atRisk = AT_RISK,
): Promise<StatusArrival> {
	await until(
		() => `the agent to end:\n${agent.stderr().slice(-2_000)}`,
		() => !agent.isRunning(),
		END_TIMEOUT_MS,
	);
	const exit = await agent.exited;
	if (exit.code !== 0) throw new Error(`exit ${exit.signal ?? exit.code}, not 0:\n${agent.stderr().slice(-4_000)}`);
	const account = subscriber.device(name);
	const last = await subscriber.waitFor(`the end of ${name}`, () => {
		const status = account.status();
		return status?.state === "offline" && account.state() === "offline" && status;
	});
	await subscriber.settle();
	if (account.status() !== last) throw new Error(`a status came after the last: ${JSON.stringify(account.status())}`);
	if (account.states.at(-1)?.statusesBefore !== account.statuses.length) {
		throw new Error("`offline` came before the last status");
	}
	if (subscriber.malformed.length > 0) throw new Error(`malformed: ${subscriber.malformed.join("\n")}`);
	assertBooks(subscriber.run(name, last.run), last);
	const history = checkHistory(
		account.statuses.filter(({ run }) => run === last.run),
		atRisk,
	);
	if (history.length > 0) throw new Error(history.join("\n"));
	return last;
}

function countOf(account: DeviceAccount, wanted: string): number {
	return account.states.filter(({ state }) => state === wanted).length;
}

function receivedOf(runs: readonly RunAccount[]): number {
	return runs.reduce((sum, run) => sum + run.received, 0);
}
