// The reconciler's account: how fast it takes frames, what a device costs it, whether its verdict is the truth, and what a
// flood of invented names does to it. In a process of its own (reconcile-child.mjs), with the loads that the tests use.
import { fileURLToPath } from "node:url";
import { startChild } from "./machine.mjs";

const FRAMES_PER_SECOND_MIN = 100_000;
const QUIET_BYTES_MAX = 1_024;
const GROWTH_MB_MAX = 32;
const MIB = 1_048_576;
const SIZES = {
	full: { rounds: 40, histories: 10_000, invented: 1_000_000 },
	quick: { rounds: 10, histories: 1_000, invented: 100_000 },
	tiny: { rounds: 1, histories: 20, invented: 2_000 },
};
const childScript = fileURLToPath(new URL("reconcile-child.mjs", import.meta.url));

export const account = {
	name: "account",
	what: "reconciler: frames accounted for per second of 10,000 devices, bytes of a quiet one, verdicts, invented names",
	reach: `>= 100,000; <= ${QUIET_BYTES_MAX}; all equal to the truth; growth <= ${GROWTH_MB_MAX} MiB`,
	async measure({ build, cores, scale, runs }) {
		const { rounds, histories, invented } = SIZES[scale];
		const options = { build, runs, rounds, histories, invented };
		const { rates, quietBytes, equal, grownBytes, isUnchanged } = await startChild(
			cores,
			"agent",
			childScript,
			options,
		).next();
		const count = (number) => number.toLocaleString("en-US");
		if (!isUnchanged) throw new Error("account: invented names changed a real device's account");
		return [
			{
				what: "frames accounted for per second, one core, 10,000 devices",
				unit: "/s",
				samples: rates,
				reach: { min: FRAMES_PER_SECOND_MIN },
			},
			{ what: "heap of a quiet device", unit: "B", samples: quietBytes, reach: { max: QUIET_BYTES_MAX } },
			{
				what: "verdicts equal to the truth, seeded random histories",
				unit: "",
				samples: [equal],
				reach: { min: histories },
				note: `${count(equal)} of ${count(histories)} equal`,
			},
			{
				what: `growth by ${count(invented)} invented devices and runs`,
				unit: "MiB",
				samples: [grownBytes / MIB],
				reach: { max: GROWTH_MB_MAX },
				note: "real devices unchanged",
			},
		];
	},
};
