// Makes a failing scenario small: fewer faults by delta debugging, then fewer devices, then an earlier end. A smaller one
// counts only while the same invariant is violated.
import type { Scenario } from "./scenario.js";
import { simulate } from "./simulate.js";
import type { Invariant } from "./violation.js";

/** Simulations that a shrinking may take. */
const TRIES_MAX = 400;

export interface Shrunk {
	readonly scenario: Scenario;
	readonly tries: number;
}

/** The smallest scenario found that violates the same invariant as `scenario` does. */
export function shrink(scenario: Scenario, invariant: Invariant, triesMax: number = TRIES_MAX): Shrunk {
	let best = scenario;
	let tries = 0;

	function accept(candidate: Scenario): boolean {
		if (tries >= triesMax) return false;
		tries += 1;
		if (simulate(candidate).violation?.invariant !== invariant) return false;
		best = candidate;
		return true;
	}

	function endEarlier(): void {
		const atMs = simulate(best).violation?.atMs ?? best.forMs;
		if (atMs < best.forMs)
			accept({ ...best, forMs: atMs + 1, faults: best.faults.filter((fault) => fault.atMs <= atMs) });
	}

	/** Leaves out ever smaller pieces of the list of faults. */
	function fewerFaults(): void {
		for (let size = Math.ceil(best.faults.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
			for (let from = 0; from < best.faults.length; ) {
				const faults = [...best.faults.slice(0, from), ...best.faults.slice(from + size)];
				if (!accept({ ...best, faults })) from += size;
			}
		}
	}

	/** Devices without faults of their own may go; the others keep their numbers. */
	function fewerDevices(): void {
		for (let index = best.devices.length - 1; index >= 0 && best.devices.length > 1; index--) {
			const keeps = (_: unknown, i: number): boolean => i !== index;
			accept({
				...best,
				devices: best.devices.filter(keeps),
				clocks: best.clocks.filter(keeps),
				stopped: best.stopped.filter((i) => i !== index).map((i) => (i > index ? i - 1 : i)),
				faults: best.faults
					.filter(({ device }) => device !== index)
					.map((fault) => (fault.device > index ? { ...fault, device: fault.device - 1 } : fault)),
			});
		}
	}

	/** One source each, with one stream. */
	function simplerDevices(): void {
		for (let index = 0; index < best.devices.length; index++) {
			const change = (of: (device: Scenario["devices"][number]) => Scenario["devices"][number]): boolean =>
				accept({ ...best, devices: best.devices.map((device, i) => (i === index ? of(device) : device)) });
			change((device) => ({ ...device, sources: device.sources.slice(0, 1) }));
			change((device) => ({ ...device, sources: device.sources.map((each) => ({ ...each, kinds: ["decimal"] })) }));
		}
	}

	endEarlier();
	fewerFaults();
	fewerDevices();
	simplerDevices();
	endEarlier();
	fewerFaults();
	return { scenario: best, tries };
}
