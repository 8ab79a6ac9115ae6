// Objectives: the share of decided readings that have to arrive, the budget that leaves for loss, and how fast it burns.
// Alerts use several windows at once, as in "The Site Reliability Workbook" (O'Reilly 2018), chapter 5: a long window says
// that it matters, a short one that it still goes on. The fleet has a ring of one-minute buckets over three days; so have
// the devices that lost most, from the minute on in which they came to be among them: the losses that brought them there
// are in their totals and in the fleet's windows. All others have their totals.

const MINUTE_MS = 60_000;
/** Three days, and the minute that has only begun. */
const BUCKETS = 4_321;
/** Devices with a ring of their own: 68 KiB each. */
export const WORST_DEVICES_MAX = 32;

/** A budget for 30 days burns down in 30 days at a rate of 1, in 2 days at 14.4. */
export const BURN_ALERTS = [
	{ rate: 14.4, longMs: 60 * MINUTE_MS, shortMs: 5 * MINUTE_MS },
	{ rate: 6, longMs: 360 * MINUTE_MS, shortMs: 30 * MINUTE_MS },
	{ rate: 1, longMs: 4_320 * MINUTE_MS, shortMs: 360 * MINUTE_MS },
] as const;

/** Readings decided for good and for bad, ever. */
export interface Outcome {
	readonly good: number;
	readonly bad: number;
}

/** Outcomes by minute over three days. */
export interface BurnRing {
	readonly good: Float64Array;
	readonly bad: Float64Array;
	/** Minute since the epoch of the newest bucket; -1 while there is none. */
	minute: number;
	/** The totals that the ring has seen. */
	seenGood: number;
	seenBad: number;
}

export function createBurnRing(seen: Outcome = { good: 0, bad: 0 }): BurnRing {
	return {
		good: new Float64Array(BUCKETS),
		bad: new Float64Array(BUCKETS),
		minute: -1,
		seenGood: seen.good,
		seenBad: seen.bad,
	};
}

/** Enters totals as they stand now; what they rose by belongs to this minute. A late arrival takes a loss back. */
export function recordOutcome(ring: BurnRing, { good, bad }: Outcome, nowMs: number): void {
	const minute = Math.floor(nowMs / MINUTE_MS);
	if (minute > ring.minute) {
		const from = Math.max(ring.minute + 1, minute - BUCKETS + 1);
		for (let each = ring.minute < 0 ? minute - BUCKETS + 1 : from; each <= minute; each++) clear(ring, each);
		ring.minute = minute;
	}
	const at = indexOf(ring.minute);
	ring.good[at] = (ring.good[at] as number) + good - ring.seenGood;
	ring.bad[at] = (ring.bad[at] as number) + bad - ring.seenBad;
	ring.seenGood = good;
	ring.seenBad = bad;
}

function clear(ring: BurnRing, minute: number): void {
	ring.good[indexOf(minute)] = 0;
	ring.bad[indexOf(minute)] = 0;
}

function indexOf(minute: number): number {
	return ((minute % BUCKETS) + BUCKETS) % BUCKETS;
}

/** The share of readings lost in the window before `nowMs`, over the share that `slo` (0 to 1) allows. */
export function burnRate(ring: BurnRing, slo: number, windowMs: number, nowMs: number): number {
	const newest = Math.floor(nowMs / MINUTE_MS);
	// The minute that has begun counts whole: a window is up to a minute longer than its name.
	const oldest = newest - Math.round(windowMs / MINUTE_MS);
	let good = 0;
	let bad = 0;
	for (let minute = Math.max(oldest, ring.minute - BUCKETS + 1); minute <= Math.min(newest, ring.minute); minute++) {
		good += ring.good[indexOf(minute)] as number;
		bad += ring.bad[indexOf(minute)] as number;
	}
	return burnOf({ good: Math.max(0, good), bad: Math.max(0, bad) }, slo);
}

function burnOf({ good, bad }: Outcome, slo: number): number {
	if (bad === 0) return 0;
	return bad / (good + bad) / (1 - slo);
}

export interface BurnReport {
	/** Rates over the windows of BURN_ALERTS, long and short, in order. */
	readonly windows: readonly {
		readonly rate: number;
		readonly longMs: number;
		readonly shortMs: number;
		readonly long: number;
		readonly short: number;
		/** Both windows burn faster than the alert's rate. */
		readonly isAlert: boolean;
	}[];
}

export interface ObjectiveReport {
	/** The device, or null for the fleet. */
	readonly device: string | null;
	readonly good: number;
	readonly bad: number;
	/** good / (good + bad); null while nothing is decided. */
	readonly success: number | null;
	readonly isMissed: boolean;
	/** The share of the budget that is left, 1 for all of it, below 0 when overspent. */
	readonly budgetLeft: number;
	readonly burn: BurnReport | null;
}

export interface ObjectivesReport {
	/** 0 to 1. */
	readonly slo: number;
	readonly fleet: ObjectiveReport;
	/** The devices that lost anything, worst first. */
	readonly devices: readonly ObjectiveReport[];
	/** The fleet or any device missed the objective. */
	readonly isMissed: boolean;
}

/** The rings: all that has to survive a restart. */
export interface Objectives {
	readonly slo: number;
	readonly fleet: BurnRing;
	readonly worst: Map<string, BurnRing>;
}

export function createObjectives(slo: number): Objectives {
	return { slo, fleet: createBurnRing(), worst: new Map() };
}

/** Enters the totals of the fleet and of its devices; to be called at least once a minute. */
export function recordOutcomes(
	{ fleet, worst }: Objectives,
	total: Outcome,
	devices: Iterable<readonly [device: string, outcome: Outcome]>,
	nowMs: number,
): void {
	recordOutcome(fleet, total, nowMs);
	let least = leastBad(worst);
	for (const [device, outcome] of devices) {
		let ring = worst.get(device);
		if (ring === undefined && outcome.bad > 0 && (worst.size < WORST_DEVICES_MAX || outcome.bad > least.bad)) {
			if (worst.size >= WORST_DEVICES_MAX) worst.delete(least.device);
			ring = createBurnRing(outcome);
			worst.set(device, ring);
			least = leastBad(worst);
		}
		if (ring !== undefined) recordOutcome(ring, outcome, nowMs);
	}
}

function leastBad(worst: ReadonlyMap<string, BurnRing>): { device: string; bad: number } {
	let least = { device: "", bad: Number.POSITIVE_INFINITY };
	for (const [device, { seenBad }] of worst) if (seenBad < least.bad) least = { device, bad: seenBad };
	return least;
}

/** Holds the totals against the objective. */
export function reportObjectives(
	{ slo, fleet, worst }: Objectives,
	total: Outcome,
	devices: Iterable<readonly [device: string, outcome: Outcome]>,
	nowMs: number,
): ObjectivesReport {
	const fleetReport = reportOne(null, slo, total, fleet, nowMs);
	const reports: ObjectiveReport[] = [];
	for (const [device, outcome] of devices) {
		if (outcome.bad > 0) reports.push(reportOne(device, slo, outcome, worst.get(device) ?? null, nowMs));
	}
	reports.sort((a, b) => (a.success ?? 1) - (b.success ?? 1) || b.bad - a.bad);
	return {
		slo,
		fleet: fleetReport,
		devices: reports,
		isMissed: fleetReport.isMissed || reports.some(({ isMissed }) => isMissed),
	};
}

function reportOne(
	device: string | null,
	slo: number,
	outcome: Outcome,
	ring: BurnRing | null,
	nowMs: number,
): ObjectiveReport {
	const { good, bad } = outcome;
	const decided = good + bad;
	const success = decided === 0 ? null : good / decided;
	const windows = BURN_ALERTS.map(({ rate, longMs, shortMs }) => {
		const long = ring === null ? 0 : burnRate(ring, slo, longMs, nowMs);
		const short = ring === null ? 0 : burnRate(ring, slo, shortMs, nowMs);
		return { rate, longMs, shortMs, long, short, isAlert: long >= rate && short >= rate };
	});
	return {
		device,
		good,
		bad,
		success,
		isMissed: success !== null && success < slo,
		budgetLeft: 1 - burnOf(outcome, slo),
		burn: ring === null ? null : { windows },
	};
}
