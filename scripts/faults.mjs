// The real faults at their full length: 300 kills of the agent, 50 deaths of the broker, minutes of stall, a minute of
// suspension (test/support/scale.ts). About fifteen minutes; every other test run has the short form of the same tests.
//   npm run build && npm run faults                    the last line is `N passed, N failed`
//   npm run faults -- --build DIR test/faults/kill     options and filters are those of scripts/test.mjs
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** For the longest file; the deaths of the broker wait for both consumers to be back, which back off up to 30 s. */
const FILE_TIMEOUT_S = 3_600;

const args = process.argv.slice(2);
const hasFilter = args.some((arg) => arg.startsWith("test/"));
const runner = join(dirname(fileURLToPath(import.meta.url)), "test.mjs");
const command = [runner, "--timeout", String(FILE_TIMEOUT_S), ...args, ...(hasFilter ? [] : ["test/faults"])];
const child = spawn(process.execPath, command, {
	env: { ...process.env, TALLYWIRE_FAULTS: "full" },
	stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => {
	process.exitCode = code ?? 1;
});
