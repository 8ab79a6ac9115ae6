// What the virtual board has cost the machine it runs on: the runner's answer (scripts/virtual-board/cpu-time.mjs).
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/wait.js";

/** The board's hours pass while the host looks up a number. */
const LIMIT_MS = 24 * 3_600_000;

let asked = 0;

/** Milliseconds of a core, since the board was started, all processes in it and its kernel together. */
export async function hostCpuMs(): Promise<number> {
	asked += 1;
	const question = join(process.env["VB_RUN"] ?? "", `cpu-${asked}`);
	writeFileSync(question, "");
	await until("the host's answer", () => existsSync(`${question}.ms`), LIMIT_MS);
	return Number(readFileSync(`${question}.ms`, "utf8"));
}
