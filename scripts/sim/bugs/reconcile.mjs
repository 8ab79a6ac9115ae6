// Planted bugs in src/reconcile: an account that explains a reading wrongly.

const account = "src/reconcile/account.ts";
const device = "src/reconcile/device.ts";
const fleet = "src/reconcile/fleet.ts";
const intervals = "src/reconcile/interval-set.ts";
const ranges = "src/reconcile/loss-ranges.ts";
const run = "src/reconcile/run.ts";
const verdict = "src/reconcile/verdict.ts";

export const RECONCILE_BUGS = [
	{
		name: "what is uncertain is not settled",
		edits: [
			{
				file: verdict,
				from: "counters === null ? 0 : counters.confirmed + counters.uncertain;",
				to: "counters === null ? 0 : counters.confirmed;",
			},
		],
	},
	{
		name: "what waits in a device that lives is lost by a crash",
		edits: [{ file: verdict, from: "if (run.endedMs > 0) tally.crash", to: "if (run.endedMs >= 0) tally.crash" }],
	},
	{
		name: "drops in a tail are lost by the crash",
		edits: [{ file: verdict, from: "Math.max(0, total - sent - dropped) }", to: "Math.max(0, total - sent) }" }],
	},
	{
		name: "uncertain readings that arrived hide others that did not",
		edits: [
			{
				file: verdict,
				from: "const mixed = Math.min(lost.mixed, Math.max(0, toldUncertain - named - before));",
				to: "const mixed = Math.min(lost.mixed, toldUncertain);",
			},
		],
	},
	{
		name: "what became uncertain after the last ranges was lost behind the broker",
		edits: [{ file: verdict, from: "const late = Math.min(lost.late,", to: "const late = Math.min(0," }],
	},
	{
		name: "a run is closed before the next one has told its last counters",
		isSlow: true,
		edits: [{ file: device, from: "if ((isTold || run.isFinal) && isOver(run, view))", to: "if (isOver(run, view))" }],
	},
	{
		name: "a run is taken in twice",
		isSlow: true,
		edits: [
			{
				file: account,
				from: "if (fleet.candidates.get(candidateKey(candidate.device, candidate.run.id)) !== candidate) return false;",
				to: "",
			},
		],
	},
	{
		name: "a closed run keeps what was not decided",
		edits: [
			{
				file: device,
				from: "judge(run, { ...view, nowMs: Number.POSITIVE_INFINITY })",
				to: "judge(run, { ...view, nowMs: run.heardMs })",
			},
		],
	},
	{
		name: "the run before is over, but its last counters are not taken",
		edits: [
			{
				file: account,
				from: "if (enterPrevious(before, previous, nowMs, fleet.bounds)) endRun",
				to: "if (before !== undefined) endRun",
			},
			{
				file: fleet,
				from: "if (enterPrevious(current, candidate.previous, nowMs, fleet.bounds))",
				to: "if (candidate.previous.run === current.id)",
			},
		],
	},
	{
		name: "a run that nobody heard is nobody's after a minute's silence",
		isSlow: true,
		edits: [{ file: account, from: "if (!isAfterClosed && !device", to: "if (!device" }],
	},
	{
		name: "a gap of drops alone is a contradiction",
		edits: [
			{
				file: intervals,
				from: "return dropped >= 0 && dropped <= missing;",
				to: "return dropped >= 0 && dropped < missing;",
			},
		],
	},
	{
		name: "a frame that follows is taken for a neighbour of the one before",
		edits: [
			{
				file: intervals,
				from: "if (from === set.to && drops === set.drops && set.to > set.from)",
				to: "if (from >= set.to && set.to > set.from)",
			},
		],
	},
	{
		name: "an uncertain range is one too short",
		edits: [
			{
				file: ranges,
				from: "count += Math.min(at(list, i + 1) + 1, to)",
				to: "count += Math.min(at(list, i + 1), to)",
			},
		],
	},
	{
		name: "given up detail counts drops as lost",
		isSlow: true,
		edits: [{ file: run, from: "folded.lost += missing - dropped;", to: "folded.lost += missing;" }],
	},
	{
		name: "the older counters stay",
		edits: [{ file: run, from: "	run.counters = next;\n	next.rejected", to: "	next.rejected" }],
	},
	{
		name: "the head of every run is nobody's",
		edits: [
			{ file: run, from: "if (from === 0 && !run.isHeadWatched) return true;", to: "if (from === 0) return true;" },
		],
	},
];
