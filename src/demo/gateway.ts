// The demo's gateways: three small configurations, each a whole agent with a link of its own that can be cut and stalled,
// and a sensor that can go mad.
import { type LoadEnvironment, loadConfig } from "../config/load.js";
import type { Log } from "../log.js";
import { type AgentProcess, createAgentProcess } from "../run/agent-process.js";
import { VERSION } from "../version.js";
import { createFloodSource, type FloodSource } from "./flood.js";
import { type DemoLink, startLink } from "./link.js";

export interface Gateway {
	readonly name: string;
	readonly agent: AgentProcess;
	readonly link: DemoLink;
	readonly flood: FloodSource;
}

const SOURCES: ReadonlyMap<string, string> = new Map([
	[
		"greenhouse",
		`
  - name: env
    type: sim
    rate: 10
    seed: 1
    units: { temperature: Cel, humidity: "%RH", pressure: hPa }
    streams:
      temperature: { shape: sine, min: 18, max: 27, period: 2m, noise: 0.2 }
      humidity: { shape: walk, min: 40, max: 60, decimals: 1 }
      pressure: { shape: walk, min: 990, max: 1030, decimals: 1 }
  - name: door
    type: sim
    rate: 1
    seed: 2
    streams:
      open: { shape: pulse, period: 20s }
      state: { shape: text, period: 15s, texts: [closed, moving, open] }`,
	],
	[
		"pump-house",
		`
  - name: power
    type: sim
    rate: 25
    seed: 3
    units: { voltage: V, current: A }
    streams:
      voltage: { shape: sine, min: 11.8, max: 14.4, period: 30s, decimals: 3 }
      current: { shape: square, min: 0.2, max: 2.5, period: 10s, noise: 0.05 }`,
	],
	[
		"weather",
		`
  - name: mast
    type: sim
    rate: 4
    seed: 4
    units: { wind: m/s, direction: deg }
    streams:
      wind: { shape: walk, min: 0, max: 18, decimals: 1 }
      direction: { shape: walk, min: 0, max: 359, decimals: 0 }`,
	],
]);

/** A buffer that a flood overflows while the link is stalled, and a TTL that a stall outlasts while one watches. */
const CONFIG = (device: string, url: string): string => `
device: ${device}
mqtt: { url: ${url}, version: 4, reconnect: { min: 200ms, max: 2s } }
buffer: { capacity: 20000, ttl: 5s }
publish: { confirm: 1s }
status: { interval: 2s }
http: false
shutdown_timeout: 2s
sources:${SOURCES.get(device)}
`;

/** Where the page of the first gateway is, where the port is free. */
export const PAGE = { host: "127.0.0.1", port: 9464 } as const;

/** Makes the gateways; their agents wait for `start`. */
export function createGateways(brokerPort: number, environment: LoadEnvironment, log: Log): Promise<Gateway[]> {
	return Promise.all(
		[...SOURCES.keys()].map(async (name) => {
			const link = await startLink(brokerPort);
			const flood = createFloodSource("mad");
			const loaded = loadConfig(CONFIG(name, link.url), "demo", environment);
			if (!loaded.ok) throw new Error(`the demo's own configuration is wrong: ${JSON.stringify(loaded.errors)}`);
			const { config } = loaded;
			const machine = { sysRoot: "/sys", devRoot: "/dev", board: config.board };
			return {
				name,
				link,
				flood,
				agent: createAgentProcess({ config, version: VERSION, machine, log, made: [flood] }),
			};
		}),
	);
}
