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

type Span = readonly [from: number, to: number];

/** How often the devices of a scenario speak, and how often something goes wrong. */
interface Tempo {
	/** How many scenarios have it, of all. */
	readonly share: number;
	readonly hours: Span;
	/** Of a source. */
	readonly periodMs: Span;
	readonly statusMs: Span;
	readonly keepaliveS: Span;
	/** Faults in an hour of a device, over all kinds. */
	readonly faults: Span;
}

/** Most hours pass where little is said, as with real gateways; most of what happens does in the others. */
const TEMPOS: readonly Tempo[] = [
	// Faults every second or two, for minutes.
	{
		...{ share: 0.08, hours: [0.02, 0.07], periodMs: [50, 5_000], statusMs: [5_000, 30_000] },
		...{ keepaliveS: [2, 60], faults: [600, 6_000] },
	},
	{
		...{ share: 0.1, hours: [0.05, 0.2], periodMs: [1_000, 20_000], statusMs: [5_000, 30_000] },
		...{ keepaliveS: [2, 60], faults: [66, 300] },
	},
	{
		...{ share: 0.17, hours: [0.5, 1], periodMs: [20_000, 600_000], statusMs: [30_000, 240_000] },
		...{ keepaliveS: [10, 200], faults: [66, 120] },
	},
	{
		...{ share: 0.65, hours: [0.7, 1.8], periodMs: [60_000, 3_600_000], statusMs: [120_000, 1_800_000] },
		...{ keepaliveS: [60, 1_200], faults: [60, 80] },
	},
];

/** The truth about a million readings takes 30 MB. */
const BULK_HOURS = 0.02;

const HOUR_MS = 3_600_000;
/** 2026-09-21. */
const USUAL_EPOCH_MS = 1_790_000_000_000;
const INT32_MS = 2 ** 31;

export function scenarioOf(seed: number, options: ScenarioOptions = {}): Scenario {
	const random = createRandom(seed);
	const shape = random.split("shape");
	const tempo = tempoOf(shape.next());
	const hours = options.hours ?? (options.isBulk ? BULK_HOURS : shape.between(...tempo.hours));
	const forMs = hours * HOUR_MS;
	const count = 1 + shape.below(5);
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
		faults: faultsOf(random.split("faults"), devices, forMs, tempo),
		stopped: devices.flatMap((_, i) => (shape.chance(0.4) ? [i] : [])),
	};
}

/** The tempo of a scenario that drew `share`, from 0 to 1. */
function tempoOf(share: number): Tempo {
	let below = 0;
	for (const tempo of TEMPOS) {
		below += tempo.share;
		if (share < below) return tempo;
	}
	return TEMPOS[0] as Tempo;
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
			statusIntervalMs: Math.round(random.logBetween(...tempo.statusMs)),
		},
		link: {
			version: random.chance(0.7) ? 5 : 4,
			format: random.chance(0.85) ? "cbor" : "json",
			keepaliveMs: Math.round(random.logBetween(...tempo.keepaliveS)) * 1_000,
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
		periodMs: isBulk ? 100 : random.logBetween(...tempo.periodMs),
		batch: isBulk ? 500 : 1 + random.below(3),
		textBytes: Math.round(random.logBetween(1, isBulk ? 8 : 200)),
		isStamped: random.chance(0.3),
	};
}

function faultsOf(random: Random, devices: readonly DeviceSpec[], forMs: number, tempo: Tempo): Fault[] {
	const kinds = FAULT_KINDS.filter((kind) => random.chance(kind.startsWith("reconciler") ? 0.15 : 0.4));
	const hours = forMs / HOUR_MS;
	const perHour = random.logBetween(...tempo.faults);
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
