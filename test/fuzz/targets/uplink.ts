// A hostile broker: the uplink with MQTT.js, driver and agent, against a socket that says whatever the input says. Each
// connection ends with a reason, no reading goes out twice, the books balance, and nothing is taken without an end.
import * as assert from "uvu/assert";
import { createAgent } from "../../../src/core/agent.js";
import type { Log } from "../../../src/log.js";
import { createDriver } from "../../../src/run/driver.js";
import { createUplink } from "../../../src/uplink/uplink.js";
import { decodeFrame } from "../../../src/wire/decode-frame.js";
import { createFrameEncoder } from "../../../src/wire/frame.js";
import type { Target } from "../fuzz.js";
import {
	ANSWERS,
	BROKER_WORDS,
	checkReason,
	createQueue,
	kindOf,
	openHostileBroker,
	PINGRESP,
	type Played,
	payloadsOn,
	play,
	VERSION_4,
} from "./hostile-broker.js";

/** Connections made with each input: what is in flight on the first must not come again on the second. */
const CONNECTIONS = 2;
const READINGS = 6;
const RUN = "AAAAAAAAAAA";

/** Seqs of the frames in what a client sent, in order. */
function seqsIn({ received, version }: Played): number[] {
	return payloadsOn("/data", received, version).flatMap((payload) => {
		const result = decodeFrame(payload);
		assert.ok(result.ok, "what is sent is a frame");
		return result.ok ? result.frame.value.map((_, i) => result.frame.seq + i) : [];
	});
}

/** Everything of an agent between its readings and the socket, for one input. */
function createClient(port: number, version: 4 | 5) {
	const reasons = createQueue<string>("the uplink to say why it ended");
	const log: Log = {
		error: () => {},
		warn: (event, fields) => event === "link_down" && reasons.push(String(fields?.["reason"])),
		info: () => {},
		debug: () => {},
	};
	const nowMs = (): number => performance.now();
	const agent = createAgent({
		...{
			device: "d",
			run: RUN,
			capacity: 100,
			ttlMs: 60_000,
			policy: "drop-oldest" as const,
			lingerMs: 0,
			maxReadings: 2,
		},
		...{ maxBytes: 65_536, maxRate: 0, confirmMs: 5_000, atRisk: 4, statusIntervalMs: 60_000 },
		encode: createFrameEncoder("cbor"),
	});
	const uplink = createUplink({
		config: {
			...{ url: `mqtt://127.0.0.1:${port}`, version, clientId: "c", prefix: "p", keepaliveMs: 30_000 },
			reconnect: { minMs: 1, maxMs: 1 },
		},
		...{ format: "cbor" as const, device: "d", run: RUN, log, nowMs },
		random: () => 0,
	});
	let ups = 0;
	let downs = 0;
	const driver = createDriver({
		agent,
		uplink,
		blackBox: { previous: null, record: () => assert.ok(agent.books().balanced), close: () => {} },
		nowMs,
		wallMs: () => 0,
		clockSynchronised: () => true,
		status: () => Buffer.from(`{"run":"${RUN}"}`),
		finished: () => {},
	});
	for (let i = 0; i < READINGS; i++) driver.offer(agent.stream("s.x", 0), i, nowMs());
	uplink.start({
		...driver,
		up(bytesMax) {
			ups += 1;
			driver.up(bytesMax);
		},
		down() {
			downs += 1;
			driver.down();
		},
	});
	return { agent, uplink, driver, reasons, links: () => [ups, downs] as const };
}

/** Opens the broker's port for one campaign. */
export async function createUplinkTarget(): Promise<Target> {
	const broker = await openHostileBroker();

	return {
		name: "uplink",
		words: [...BROKER_WORDS, "p/d/status", `{"run":"${RUN}"}`],
		async feed(input) {
			const [flags = 0] = input;
			const client = createClient(broker.port, (flags & VERSION_4) === 0 ? 5 : 4);
			const { agent, uplink, driver, links } = client;
			const seqs: number[] = [];
			const reasons: string[] = [];
			try {
				for (let i = 0; i < CONNECTIONS; i++) {
					seqs.push(...seqsIn(await play(await broker.accept(), input)));
					reasons.push(await client.reasons.next());
				}
				const [ups, downs] = links();
				assert.is(ups, downs, "each connection that came up has ended");
			} finally {
				driver.stop(0);
				await uplink.stop();
				broker.leave();
			}
			for (const reason of reasons) checkReason(reason);
			assert.ok(
				seqs.every((seq, i) => i === 0 || seq > (seqs[i - 1] as number)),
				`sent ${seqs}`,
			);
			const { balanced, sent, confirmed, stamped } = agent.books();
			assert.ok(balanced && stamped === READINGS && seqs.length <= sent);
			if ((flags & ANSWERS) === 0 && !input.includes(PINGRESP[0] as number, 1)) assert.is(confirmed, 0);
			return [`${links()[0]} ${sent} ${confirmed}`, ...reasons.map(kindOf)];
		},
		end: broker.close,
	};
}
