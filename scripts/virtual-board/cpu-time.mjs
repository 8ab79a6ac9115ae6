// What the board has cost the machine it runs on, for a test inside that asks (test/board/host-cpu.ts): the kernel inside
// counts in ticks of 10 ms, and what a gateway has to do falls between them.
import { existsSync, readdirSync, readFileSync, renameSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";

const QUESTION = /^cpu-\d+$/;
/** Of the counters in /proc, on every machine (proc(5), USER_HZ). */
const MS_PER_TICK = 10;

/** For each file `cpu-N` that appears in `folder`: `cpu-N.ms`, with the milliseconds of a core the process group has used. */
export function answerCpuTime(folder, group) {
	const watcher = watch(folder, (_, name) => {
		const answer = join(folder, `${name}.ms`);
		if (!QUESTION.test(name) || existsSync(answer)) return;
		writeFileSync(`${answer}.new`, String(cpuMsOf(group)));
		renameSync(`${answer}.new`, answer); // never seen empty
	});
	return () => watcher.close();
}

function cpuMsOf(group) {
	let ticks = 0;
	for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
		const fields = statOf(pid);
		if (Number(fields[2]) !== group) continue;
		// Its own user and system time, and that of children that have ended.
		for (const field of fields.slice(11, 15)) ticks += Number(field);
	}
	return ticks * MS_PER_TICK;
}

/** The fields of /proc/PID/stat from the third on: a name before them may hold anything. */
function statOf(pid) {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	} catch {
		return []; // it has ended
	}
}
