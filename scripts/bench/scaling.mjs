// Whether a reading costs the same in a small and in a large agent: buffer from 1,000 to 1,000,000 slots, 1 to 4,096
// streams. Core and encoder in one process (scaling-child.mjs); the ratio of two variants that took turns.
import { fileURLToPath } from "node:url";
import { startChild } from "./machine.mjs";
import { median } from "./statistics.mjs";

const TURNS = { full: 9, quick: 3, tiny: 1 };
const SLICE = { full: 400_000, quick: 200_000, tiny: 1_000 };
const RATIO_MAX = 1.2;
const PAIRS = [
	["buffer of 1,000,000 slots over 1,000, flowing", "slots 1,000", "slots 1,000,000", true],
	[
		"buffer of 1,000,000 slots over 1,000, full, each reading drops one",
		"slots 1,000, full",
		"slots 1,000,000, full",
		true,
	],
	["4,096 streams over 1, 32 readings of a stream in a row", "streams 1", "streams 4,096, 32 in a row", true],
	["4,096 streams over 1, in turn: a frame has 256 names", "streams 1", "streams 4,096", true],
];
const childScript = fileURLToPath(new URL("scaling-child.mjs", import.meta.url));

export const scaling = {
	name: "scaling",
	what: "cost per reading with buffer 1,000 -> 1,000,000 slots, 1 -> 4,096 streams",
	reach: "flat within 20 %",
	async measure({ build, cores, scale }) {
		const options = { build, turns: TURNS[scale], slice: SLICE[scale] };
		const { samples, accounts } = await startChild(cores, "agent", childScript, options).next();
		for (const [name, account] of Object.entries(accounts)) check(name, account);
		return PAIRS.flatMap(([what, small, large]) => [
			{
				what,
				unit: "x",
				samples: samples[large].map((us, i) => us / samples[small][i]),
				reach: { max: RATIO_MAX },
				note: `${median(samples[small]).toFixed(3)} -> ${median(samples[large]).toFixed(3)} µs`,
			},
		]);
	},
};

/** Every reading is stamped, and ended where the variant says: sent, dropped or still waiting. */
function check(name, { offered, encoded, stamped, sent, confirmed, inFlight, buffered, dropped }) {
	const isWhole =
		stamped === offered && stamped === sent + buffered + dropped.overflow && sent === confirmed + inFlight;
	if (isWhole && encoded === sent && sent > 0 !== name.endsWith("full")) return;
	throw new Error(`scaling, ${name}: ${offered} offered, ${encoded} encoded, ${sent} sent, ${buffered} buffered`);
}
