// Payload bytes of a reading as the subscriber receives it: whole frames of eight mixed streams (readings.mjs), each read
// ten times a second, divided by their readings; the header counts.
import { FIELDS, makeValues, readingAsJson } from "./readings.mjs";
import { runAgent, startBench } from "./throughput.mjs";

const FRAMES = { full: 64, quick: 64, tiny: 4 };
const SCAN_MS = 100;
const SIZES = [
	{ readings: 64, bytesMax: 8.7 },
	{ readings: 256, bytesMax: 6.3 },
];

export const payload = {
	name: "payload",
	what: "payload bytes per reading, eight mixed streams, 64 / 256 readings per frame",
	reach: "<= 8.7 / <= 6.3, header included",
	async measure(context) {
		const bench = await startBench(context);
		const rows = [];
		for (const { readings, bytesMax } of SIZES) {
			const options = { publish: { max_readings: readings }, readings: readings * FRAMES[context.scale], warmUp: 0 };
			const { account } = await runAgent(bench, context, { ...options, backlog: true, scanMs: SCAN_MS });
			if (account.messages !== FRAMES[context.scale])
				throw new Error(`payload: ${account.messages} frames, not full ones`);
			rows.push({
				what: `payload bytes per reading, frames of ${readings}`,
				unit: "B",
				samples: account.payloadBytes.map((bytes) => bytes / readings),
				reach: { max: bytesMax },
			});
		}
		await bench.end();
		const values = makeValues(FIELDS.length * 100);
		const lines = values.map((value, i) => readingAsJson(FIELDS[i % FIELDS.length], value, 1_790_000_000_000));
		const bytes = lines.reduce((sum, line) => sum + line.length, 0) / lines.length;
		return [...rows, { what: "JSON, one message each", unit: "B", samples: [bytes], isPeer: true }];
	},
};
