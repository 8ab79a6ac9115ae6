// Everything that takes bytes from outside, one target each.
import type { Target } from "./fuzz.js";
import { config } from "./targets/config.js";
import { frames } from "./targets/frames.js";
import { lines } from "./targets/lines.js";
import { nmea } from "./targets/nmea.js";

/** By name: how it is made, and the inputs that one run of the tests spends on it, a few seconds' worth. */
export const TARGETS: Readonly<
	Record<string, { readonly make: () => Target | Promise<Target>; readonly inputs: number }>
> = {
	lines: { make: () => lines, inputs: 2_000 },
	nmea: { make: () => nmea, inputs: 6_000 },
	frames: { make: () => frames, inputs: 16_000 },
	config: { make: () => config, inputs: 600 },
	http: { make: async () => (await import("./targets/http.js")).createHttpTarget(), inputs: 1_000 },
	uplink: { make: async () => (await import("./targets/uplink.js")).createUplinkTarget(), inputs: 200 },
};
