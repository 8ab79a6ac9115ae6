// What loading a configuration asks of this machine: who it is, which board it is, and the boards' own defaults.
import { detectBoard } from "../boards/detect.js";
import { boardIds, loadBoard } from "../boards/load.js";
import { thisMachine } from "../config/device.js";
import type { LoadEnvironment } from "../config/load.js";

/** This machine, with the environment variables that a configuration may name. */
export function loadEnvironment(env: Readonly<Record<string, string | undefined>>): LoadEnvironment {
	return {
		env,
		identity: thisMachine,
		detectBoard: () => detectBoard({ procRoot: "/proc", sysRoot: "/sys" }).id,
		boardIds,
		boardDefaults(id) {
			const loaded = loadBoard(id);
			return loaded.ok ? { capacity: loaded.board.bufferCapacity } : null;
		},
	};
}
