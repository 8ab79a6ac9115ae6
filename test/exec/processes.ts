// Which processes there are, from /proc: what an exec source must not leave behind.
import { readdirSync, readFileSync } from "node:fs";

interface Found {
	readonly pid: number;
	readonly parent: number;
	readonly state: string;
	readonly command: string;
}

function processes(): Found[] {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.flatMap((name) => {
			try {
				const stat = readFileSync(`/proc/${name}/stat`, "latin1");
				const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
				const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
				return [{ pid: Number(name), parent: Number(parent), state, command }];
			} catch {
				return []; // ended between two looks
			}
		});
}

/** The processes that have `mark` among their arguments, this one and those that it was started through left out. */
export function marked(mark: string): number[] {
	return processes()
		.filter(({ pid, command, state }) => pid !== process.pid && state !== "Z" && command.includes(mark))
		.map(({ pid }) => pid);
}

/** This process's children that have ended and were not waited for. */
export function zombies(): number[] {
	return processes()
		.filter(({ parent, state }) => parent === process.pid && state === "Z")
		.map(({ pid }) => pid);
}
