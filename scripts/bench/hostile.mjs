// What a payload made to cost may cost the decoder, frames and statuses: the time of each (median after a warm-up), and
// by how much heap and external memory grow meanwhile, all garbage included. The slowest and the largest are named.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { median } from "./statistics.mjs";

const TIMES = { full: 300, quick: 150, tiny: 3 };
const MS_MAX = 1;
const BYTES_MAX = 65_536;

export const hostile = {
	name: "hostile",
	what: "hostile payload of 64 KiB to the decoder",
	reach: "<= 1 ms, <= 64 KiB of memory",
	async measure({ build, scale, runs }) {
		const load = (file) => import(pathToFileURL(join(build, file)).href);
		const [{ COSTLY }, { decodeFrame }, { decodeStatus }] = await Promise.all(
			["test/decode/costly.js", "src/wire/decode-frame.js", "src/wire/decode-status.js"].map(load),
		);
		const figures = COSTLY.map(({ name, as, payload }) => {
			const decode = as === "frame" ? decodeFrame : decodeStatus;
			for (let i = 0; i < TIMES[scale]; i++) decode(payload);
			const samples = Array.from({ length: runs }, () => cost(decode, payload, TIMES[scale]));
			return { name, ms: samples.map(({ ms }) => ms), bytes: samples.map(({ bytes }) => bytes) };
		});
		const worst = (key) => figures.toSorted((a, b) => median(b[key]) - median(a[key]))[0];
		return [
			{ what: "slowest", unit: "ms", key: "ms", reach: { max: MS_MAX } },
			{ what: "most memory", unit: "B", key: "bytes", reach: { max: BYTES_MAX } },
		].map(({ what, unit, key, reach }) => ({
			...{ what: `${what} of ${COSTLY.length} hostile payloads`, unit, reach },
			samples: worst(key)[key],
			note: worst(key).name,
		}));
	},
};

function cost(decode, payload, times) {
	const [ms, bytes] = [[], []];
	for (let i = 0; i < times; i++) {
		const before = used();
		const startMs = performance.now();
		decode(payload);
		ms.push(performance.now() - startMs);
		const grown = used() - before;
		if (grown >= 0) bytes.push(grown); // less than before: it was collected meanwhile
	}
	return { ms: median(ms), bytes: bytes.length > 0 ? median(bytes) : 0 };
}

function used() {
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
}
