// A machine for the tests of the configuration: nothing of the real one gets in.
import type { LoadEnvironment } from "../../src/config/load.js";

/** The secret of all tests here: whatever prints it has failed. */
export const SECRET = "hunter2-s3cr3t";

export function testEnvironment(given: Partial<LoadEnvironment> = {}): LoadEnvironment {
	return {
		env: { PASSWORD: SECRET, EMPTY: "", BROKER: `mqtt://gateway:${SECRET}@broker`, HOST: "broker.local" },
		identity: { read: () => undefined, hostname: () => "bench" },
		detectBoard: () => "generic-linux",
		boardIds: () => ["generic-linux", "rpi-4b", "rpi-5"],
		boardDefaults: () => null,
		...given,
	};
}
