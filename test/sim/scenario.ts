// A simulated world as data, made from a seed: devices, network, broker, reconciler, and the faults with their times. Every
// seed switches on some kinds of faults at rates of its own (swarm testing), so that each kind is seen alone and in company.

import { GRACE_MS } from "../../src/reconcile/limits.js";
import { FAULT_KINDS, type Fault, type FaultKind, SHARED_FAULTS } from "./faults.js";
import type { DeviceSpec } from "./process.js";
import { createRandom, type Random } from "./random.js";
import { type SourceSpec, VALUE_KINDS } from "./sources.js";

export interface Scenario {
	readonly seed: number;
	/** How long faults go on, true time, ms. */
	readonly forMs: number;
	/** Unix ms when it begins. */
	readonly epochMs: number;
	readonly graceMs: number;
	readonly devices: readonly DeviceSpec[];
	/** Of each device: its monotonic clock at the start, and its wall clock less true time (null: 1970, not synchronised). */
	readonly clocks: readonly { readonly monotonicMs: number; readonly wallOffsetMs: number | null }[];
	readonly network: {
		readonly latencyMs: number;
		readonly jitterMs: number;
		readonly segmentBytes: number;
		readonly sendBufferBytes: number;
		readonly receiveBufferBytes: number;
	};
	readonly broker: { readonly packetBytesMax: number; readonly isOld: boolean };
	/** In order of time. */
	readonly faults: readonly Fault[];
	/** Devices, by index, that are stopped at the end; the others live on. */
	readonly stopped: readonly number[];
}

export interface ScenarioOptions {
	/** Simulated hours, true time; drawn from the seed unless given. */
	readonly hours?: number;
	/** Many readings and large frames. */
	readonly isBulk?: boolean;
}

/** How often the devices of a scenario speak. */
type Tempo = "dense" | "busy" | "calm";
type Span = readonly [from: number, to: number];

const PERIOD_MS: Readonly<Record<Tempo, Span>> = { dense: [50, 5_000], busy: [1_000, 20_000], calm: [20_000, 600_000] };
const BUSY_STATUS_MS: Span = [5_000, 30_000];
const CALM_STATUS_MS: Span = [30_000, 240_000];

const BUSY_KEEPALIVE_S: Span = [2, 60];
const CALM_KEEPALIVE_S: Span = [10, 200];

const HOUR_MS = 3_600_000;
/** 2026-09-21. */
const USUAL_EPOCH_MS = 1_790_000_000_000;
const INT32_MS = 2 ** 31;

export function scenarioOf(seed: number, options: ScenarioOptions = {}): Scenario {
	const random = createRandom(seed);
	const shape = random.split("shape");
	// One in eight is dense: faults every second or two, for minutes.
	const isDense = shape.chance(0.12);
	const tempo: Tempo = isDense ? "dense" : shape.chance(0.15) ? "busy" : "calm";
	const hours = options.hours ?? (isDense ? shape.between(0.05, 0.12) : shape.between(0.5, 2));
	const forMs = hours * HOUR_MS;
	const count = 1 + shape.below(isDense ? 3 : 5);
	const devices = Array.from({ length: count }, (_, i) => deviceSpec(random.split(`device ${i}`), i, options, tempo));
	const timing = random.split("clocks");
	// The end of 2^31 s of Unix time, or the middle of the scenario, by chance.
	const epochMs = timing.chance(0.06) ? INT32_MS * 1000 - forMs * timing.next() : USUAL_EPOCH_MS + timing.below(1e9);
	const net = random.split("network");
	return {
		seed,
		forMs,
		epochMs,
		graceMs: GRACE_MS,
		devices,
		clocks: devices.map(() => ({
			monotonicMs: timing.chance(0.4) ? INT32_MS * timing.pick([1, 2]) - forMs * timing.next() : timing.below(1e6),
			wallOffsetMs: timing.chance(0.15) ? null : timing.between(-20, 20),
		})),
		network: {
			latencyMs: net.logBetween(0.5, 200),
			jitterMs: net.logBetween(0.1, 50),
			segmentBytes: net.chance(0.2) ? 40 + net.below(200) : 1_460,
			sendBufferBytes: Math.round(net.logBetween(2_048, 200_000)),
			receiveBufferBytes: Math.round(net.logBetween(1_024, 200_000)),
		},
		broker: {
			packetBytesMax: net.chance(0.3) ? Math.round(net.logBetween(1_100, 5_000)) : 0,
			isOld: net.chance(0.05),
		},
		faults: faultsOf(random.split("faults"), devices, forMs, isDense),
		stopped: devices.flatMap((_, i) => (shape.chance(0.4) ? [i] : [])),
	};
}

function deviceSpec(random: Random, index: number, { isBulk = false }: ScenarioOptions, tempo: Tempo): DeviceSpec {
	const capacity = isBulk ? 16_384 : Math.round(random.logBetween(3, 600));
	const atRisk = isBulk ? 4_096 : Math.round(random.logBetween(1, 300));
	const maxReadings = isBulk ? 1_024 : Math.min(atRisk, Math.round(random.logBetween(1, 200)));
	return {
		id: `pi-${index}`,
		agent: {
			capacity,
			ttlMs: Math.round(random.logBetween(500, 600_000)),
			policy: random.chance(0.65) ? "drop-oldest" : "drop-newest",
			lingerMs: random.chance(0.2) ? 0 : Math.round(random.logBetween(10, 30_000)),
			maxReadings,
			maxBytes: random.chance(0.7) || isBulk ? 65_536 : Math.round(random.logBetween(400, 4_000)),
			maxRate: random.chance(0.85) || isBulk ? 0 : Math.ceil(random.logBetween(2, 100)),
			confirmMs: Math.round(random.logBetween(500, 30_000)),
			atRisk,
			statusIntervalMs: Math.round(random.logBetween(...(tempo === "calm" ? CALM_STATUS_MS : BUSY_STATUS_MS))),
		},
		link: {
			version: random.chance(0.7) ? 5 : 4,
			format: random.chance(0.85) ? "cbor" : "json",
			keepaliveMs: Math.round(random.logBetween(...(tempo === "calm" ? CALM_KEEPALIVE_S : BUSY_KEEPALIVE_S))) * 1_000,
			backoff: { minMs: 500, maxMs: Math.round(random.logBetween(1_000, 60_000)) },
		},
		sources: Array.from({ length: 1 + random.below(3) }, (_, i) => sourceSpec(random, i, isBulk, tempo)),
		past: random.chance(0.04) ? 2 ** 32 - random.below(200) : 0,
		shutdownTimeoutMs: Math.round(random.logBetween(200, 8_000)),
		hugeBytes: Math.round(random.logBetween(300, 80_000)),
	};
}

function sourceSpec(random: Random, index: number, isBulk: boolean, tempo: Tempo): SourceSpec {
	const streams = 1 + random.below(4);
	return {
		name: `s${index}`,
		kinds: Array.from({ length: streams }, () => (random.chance(0.6) ? "decimal" : random.pick(VALUE_KINDS))),
		periodMs: isBulk ? 100 : random.logBetween(...PERIOD_MS[tempo]),
		batch: isBulk ? 500 : 1 + random.below(3),
		textBytes: Math.round(random.logBetween(1, isBulk ? 8 : 200)),
		isStamped: random.chance(0.3),
	};
}

function faultsOf(random: Random, devices: readonly DeviceSpec[], forMs: number, isDense: boolean): Fault[] {
	const kinds = FAULT_KINDS.filter((kind) => random.chance(kind.startsWith("reconciler") ? 0.15 : 0.4));
	const hours = forMs / HOUR_MS;
	// Faults in an hour of a device, over all kinds.
	const perHour = isDense ? random.logBetween(600, 6_000) : random.logBetween(66, 120);
	const weights = kinds.map(() => random.logBetween(0.1, 3));
	const total = weights.reduce((sum, weight) => sum + weight, 0);
	const faults: Fault[] = [];
	kinds.forEach((kind, i) => {
		const share = ((weights[i] as number) / total) * perHour * hours * devices.length;
		const times = Math.floor(share + random.next());
		for (let n = 0; n < times; n++) faults.push(faultOf(random, kind, devices, forMs));
	});
	return faults.sort((a, b) => a.atMs - b.atMs);
}

function faultOf(random: Random, kind: FaultKind, devices: readonly DeviceSpec[], forMs: number): Fault {
	const device = SHARED_FAULTS.includes(kind) ? 0 : random.below(devices.length);
	return {
		atMs: Math.round(random.between(0, forMs)),
		kind,
		device,
		/** How long it lasts: mostly seconds, now and then longer than any timeout. */
		forMs: Math.round(random.chance(0.8) ? random.logBetween(20, 8_000) : random.logBetween(8_000, 90_000)),
		size: Math.round(random.logBetween(1, 500)),
		dice: random.below(1_000),
	};
}
