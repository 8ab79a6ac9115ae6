// `tallywire decode` from a file to a pipe, in each of its formats, the start of its process included.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onCores } from "./machine.mjs";

const FRAMES = { full: 8_000, quick: 3_000, tiny: 8 };
const FORMATS = ["ndjson", "csv", "line-protocol"];
const READINGS_PER_SECOND_MIN = 500_000;

export const decode = {
	name: "decode",
	what: "readings decoded per second, file to pipe, one core",
	reach: ">= 500,000",
	async measure({ build, cores, scale, runs }) {
		const rate = await import(pathToFileURL(join(build, "test/decode/rate.js")).href);
		const file = rate.writeFrames(FRAMES[scale]);
		const readings = FRAMES[scale] * rate.FRAME_READINGS;
		const samples = Object.fromEntries(FORMATS.map((as) => [as, []]));
		for (let run = 0; run < runs; run++) {
			for (const as of FORMATS) {
				const { lines, seconds } = await rate.decodeFile(file, as, onCores(cores, "agent", []));
				if (lines !== readings + (as === "csv" ? 1 : 0)) throw new Error(`decode: ${lines} lines of ${readings}`);
				samples[as].push(readings / seconds);
			}
		}
		return FORMATS.map((as) => ({
			what: `decode --as ${as}, its start included`,
			unit: "readings/s",
			samples: samples[as],
			reach: { min: READINGS_PER_SECOND_MIN },
		}));
	},
};
