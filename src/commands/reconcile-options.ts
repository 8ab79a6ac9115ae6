// What `tallywire reconcile` can be told, and its help.
import { parseArgs } from "node:util";
import { parseListen } from "../config/address.js";
import { parseDuration } from "../config/duration.js";
import { BROKER_HELP, BROKER_OPTIONS, type BrokerAddress, readBrokerOptions } from "../consume/broker-options.js";
import { parseShard, type Shard } from "../observe/shard.js";

export const RECONCILE_HELP = `usage: tallywire reconcile [--broker URL] [--for DURATION] [--json] [--slo PERCENT] [--state FILE] ...

Consumes the topics of all devices, accounts for every sequence number, and shows what became of each: received, lost and
why, or not decided; live on a terminal, and as a report at the end. What happened while it was not connected is
"unobserved", and nobody's loss.

      --for DURATION        end by itself after this time, such as 60s; without it: at SIGINT or SIGTERM
      --json                the report as one JSON object, and no live table
      --slo PERCENT         the objective: this share of the decided readings of each device and of the fleet arrive.
                            Without it the table shows the budget of 99.5, and no exit status depends on it
      --state FILE          go on from this file, and keep the account in it
      --http ADDRESS        serve the page, /metrics, /healthz and /report there, such as 127.0.0.1:9465
      --shard K/N           account for the K-th of N shares of the devices; N reconcilers share the work
      --prefix PREFIX       of the topics (default: tallywire)
${BROKER_HELP}  -h, --help                this text

Without --broker: mqtt://localhost:1883. Exit status: 0 done, 1 it could not be observed, 2 wrong use,
3 the objective was missed.
`;

const DEFAULT_BROKER = "mqtt://localhost:1883";

export interface ReconcileOptions {
	readonly broker: BrokerAddress;
	readonly prefix: string;
	readonly forMs: number | undefined;
	readonly json: boolean;
	/** 0 to 1. */
	readonly slo: number | undefined;
	readonly stateFile: string | undefined;
	readonly http: { readonly host: string; readonly port: number } | undefined;
	readonly shard: Shard | undefined;
}

/** The options, "help", or what is wrong with them. */
export function readReconcileOptions(args: readonly string[], cwd: string): ReconcileOptions | "help" | string {
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
	if (values.prefix.startsWith("$share/")) {
		return "--prefix takes no shared subscription: it would deal the frames of one device out to all; use --shard K/N";
	}
	if (!/^[^+#]+$/.test(values.prefix)) return "--prefix takes a topic without wildcards";
	const shard = values.shard === undefined ? undefined : parseShard(values.shard);
	if (values.shard !== undefined && shard === undefined) return "--shard takes two numbers such as 1/3";
	const http = values.http === undefined ? undefined : parseListen(values.http);
	if (http !== undefined && !http.ok) return `--http: ${http.message}`;
	const address = readBrokerOptions(values, cwd, DEFAULT_BROKER);
	if (!address.ok) return address.message;
	return {
		broker: address.broker,
		prefix: values.prefix,
		forMs,
		json: values.json,
		slo: percent === undefined ? undefined : percent / 100,
		stateFile: values.state,
		http: http?.value,
		shard,
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
			http: { type: "string" },
			shard: { type: "string" },
			prefix: { type: "string", default: "tallywire" },
			help: { type: "boolean", short: "h", default: false },
		},
	}).values;
}
