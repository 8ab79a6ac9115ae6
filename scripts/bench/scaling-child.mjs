// Core and encoder alone, no broker: what a reading costs with buffers and stream counts of different sizes. All variants
// live in one process and take turns, a slice each, so that a machine that slows down does so for all of them.
import { pathToFileURL } from "node:url";
import { makeValues } from "./readings.mjs";

const { build, turns, slice } = JSON.parse(process.argv[2]);
const load = (path) => import(pathToFileURL(`${build}/src/${path}`).href);
const { createAgent } = await load("core/agent.js");
const { createFrameEncoder } = await load("wire/frame.js");

const values = makeValues();
const WARM_UP_TURNS = 3;
const TTL_MS = 600_000;
/** `publish.max_readings`, whose default this is. */
const FRAME = 256;

/**
 * `held`: the share of the buffer that is in use all the time. `run`: readings of one stream in a row before the next
 * stream's turn.
 */
const VARIANTS = [
	{ name: "slots 1,000", capacity: 1_000, streams: 8, held: 0, run: 1 },
	{ name: "slots 1,000,000", capacity: 1_000_000, streams: 8, held: 0, run: 1 },
	{ name: "slots 1,000, full", capacity: 1_000, streams: 8, held: 1, run: 1 },
	{ name: "slots 1,000,000, full", capacity: 1_000_000, streams: 8, held: 1, run: 1 },
	{ name: "streams 1", capacity: 65_536, streams: 1, held: 0, run: 1 },
	{ name: "streams 4,096", capacity: 65_536, streams: 4_096, held: 0, run: 1 },
	{ name: "streams 4,096, 32 in a row", capacity: 65_536, streams: 4_096, held: 0, run: 32 },
];

function createVariant({ capacity, streams, held, run, name }) {
	const agent = createAgent({
		device: "bench",
		run: "bench-00000",
		capacity,
		ttlMs: TTL_MS,
		policy: "drop-oldest",
		lingerMs: 50,
		maxReadings: FRAME,
		maxBytes: 65_536,
		maxRate: 0,
		confirmMs: 5_000,
		atRisk: 1_024,
		statusIntervalMs: 1e9,
		encode: createFrameEncoder("cbor"),
	});
	const ids = Array.from({ length: streams }, (_, i) => agent.stream(`source-${i >> 8}.field-${i & 255}`, i >> 8));
	let offered = 0;
	let encoded = 0;
	agent.setClock(0, 1_790_000_000_000, true);
	if (held === 0) agent.linkUp(0, 65_536);

	function perform(nowMs) {
		for (let effect = agent.next(nowMs); effect; effect = agent.next(nowMs)) {
			if (effect.kind === "send") encoded += effect.readings;
			if (effect.kind === "barrier" || effect.kind === "status") agent.pingReturned(nowMs);
		}
	}

	function offer(readings) {
		for (const end = offered + readings; offered < end; offered++) {
			const stream = ids[Math.floor(offered / run) % streams];
			const nowMs = offered / 1_000;
			if (agent.offer(stream, values[offered % values.length], nowMs)) perform(nowMs);
		}
	}
	// Every slot is used once before the clock runs, so that no page is touched for the first time on it.
	offer(capacity);
	return {
		name,
		run: (readings) => {
			const startUs = process.cpuUsage();
			offer(readings);
			const { user, system } = process.cpuUsage(startUs);
			return (user + system) / readings;
		},
		account: () => ({ offered, encoded, ...agent.books() }),
	};
}

const variants = VARIANTS.map(createVariant);
const samples = Object.fromEntries(VARIANTS.map(({ name }) => [name, []]));
for (let turn = 0; turn < WARM_UP_TURNS + turns; turn++) {
	for (const variant of variants) {
		const us = variant.run(slice);
		if (turn >= WARM_UP_TURNS) samples[variant.name].push(us);
	}
}
const accounts = Object.fromEntries(variants.map(({ name, account }) => [name, account()]));
process.send({ answer: { samples, accounts } }, () => process.exit());
