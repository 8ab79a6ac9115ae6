// Runs one command inside the virtual board, in this folder, and ends with its exit status.
import { parseArgs } from "node:util";
import { MACHINES, runOnBoard } from "./board.mjs";

const USAGE = `usage: node scripts/virtual-board/run.mjs [--machine NAME] [--board ID] [--time-travel] [--timeout SECONDS]
                                          -- COMMAND ...
  --machine NAME ${Object.keys(MACHINES).join(" or ")}, which sees nothing of this machine but this project (default: user-mode)
  --board ID     whose GPIO chips it has, a file in boards/ (default: rpi-3b)
  --time-travel  time in which nothing happens passes at once; without a network
  --timeout S    time limit in seconds (default: 120)
Inside, this machine's loopback is 10.0.2.2; scripts/virtual-board/init.sh says what hardware there is.`;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

try {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			machine: { type: "string", default: "user-mode" },
			board: { type: "string", default: "rpi-3b" },
			"time-travel": { type: "boolean", default: false },
			timeout: { type: "string", default: "120" },
		},
	});
	if (positionals.length === 0) throw new Error("no command");
	if (!(values.machine in MACHINES)) throw new Error(`there is no machine ${values.machine}`);
	const { machine, why } = MACHINES[values.machine]();
	if (machine === undefined) throw new Error(why);
	if (values["time-travel"] && !machine.hasTimeTravel) throw new Error(`${values.machine} has no time travel`);
	const { status, problem } = await runOnBoard({
		machine,
		command: positionals,
		cwd: process.cwd(),
		board: values.board,
		timeTravel: values["time-travel"],
		network: !values["time-travel"],
		timeoutMs: Number(values.timeout) * 1_000,
		onOutput: (text) => process.stdout.write(text),
	});
	if (problem !== null) console.error(`board: ${problem}`);
	process.exitCode = status ?? 125;
} catch (error) {
	console.error(`${error.message}\n${USAGE}`);
	process.exitCode = 2;
}
