// Everything that takes bytes from outside, one target each.
import type { Target } from "./fuzz.js";
import { binary } from "./targets/binary.js";
import { config } from "./targets/config.js";
import { frames } from "./targets/frames.js";
import { lines } from "./targets/lines.js";
import { modbus } from "./targets/modbus.js";
import { nmea } from "./targets/nmea.js";
import { stdin } from "./targets/stdin.js";

/** By name: how it is made, and the inputs that one run of the tests spends on it, a few seconds' worth. */
export const TARGETS: Readonly<
	Record<string, { readonly make: () => Target | Promise<Target>; readonly inputs: number }>
> = {
	lines: { make: () => lines, inputs: 2_000 },
	nmea: { make: () => nmea, inputs: 6_000 },
	binary: { make: () => binary, inputs: 1_000 },
	modbus: { make: () => modbus, inputs: 1_000 },
	frames: { make: () => frames, inputs: 16_000 },
	stdin: { make: () => stdin, inputs: 400 },
	config: { make: () => config, inputs: 600 },
	http: { make: async () => (await import("./targets/http.js")).createHttpTarget(), inputs: 1_000 },
	uplink: { make: async () => (await import("./targets/uplink.js")).createUplinkTarget(), inputs: 200 },
	subscription: {
		make: async () => (await import("./targets/subscription.js")).createSubscriptionTarget(),
		inputs: 200,
	},
};
