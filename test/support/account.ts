// What a consumer that trusts nobody knows of a run: which sequence numbers came, and what two neighbouring frames say of
// those that did not. Written from CONTRACT's words alone and without any code of the agent, so that both must be right.

/** Ranges of seq, ends included, in order, never touching. */
export type Ranges = readonly (readonly [from: number, to: number])[];

/** One data message as it came. */
export interface FrameArrival {
	readonly device: string;
	readonly run: string;
	readonly seq: number;
	readonly count: number;
	readonly sent: number;
	readonly time: number;
	readonly clockSynchronised: boolean;
	readonly payloadBytes: number;
	readonly isRetained: boolean;
	/** MQTT 5 only. */
	readonly contentType: string;
	/** MQTT 5 only: Message Expiry Interval that was left, seconds. */
	readonly expiryS: number | null;
	/** The frame as decoded, all of its keys. */
	readonly body: Readonly<Record<string, unknown>>;
}

/** What two frames next to each other say of the readings between them (CONTRACT, Frame). */
export interface Gap {
	readonly from: number;
	readonly to: number;
	/** Readings the device dropped. */
	readonly dropped: number;
	/** Readings it sent that did not arrive. */
	readonly lost: number;
}

export interface RunAccount {
	readonly device: string;
	readonly run: string;
	readonly frames: FrameArrival[];
	/** Distinct readings received. */
	received: number;
	readonly ranges: Ranges;
	/** Readings received more than once. */
	duplicates: number;
	/** Frames that began at or before the end of the frame before them. */
	disorder: number;
	readonly gaps: Gap[];
	/** Sums over the gaps. */
	dropped: number;
	lost: number;
	/** The seq and `sent` that follow the last frame. */
	nextSeq: number;
	nextSent: number;
}

/** The counters of a status that an account is held against. */
export interface StatusBooks {
	readonly run: string;
	readonly stamped: number;
	readonly buffered: number;
	readonly sent: number;
	readonly confirmed: number;
	readonly in_flight: number;
	readonly uncertain: number;
	readonly dropped: Readonly<Record<string, number>>;
	readonly losses: readonly (readonly [from: number, to: number, reason: string])[];
}

/** An account with nothing in it: what is known before the first frame. */
export function createRunAccount(device: string, run: string): RunAccount {
	return {
		device,
		run,
		frames: [],
		received: 0,
		ranges: [],
		duplicates: 0,
		disorder: 0,
		gaps: [],
		dropped: 0,
		lost: 0,
		nextSeq: 0,
		nextSent: 0,
	};
}

/** Enters a frame. The first one is compared with the start of the run: seq 0, nothing sent. */
export function enterFrame(account: RunAccount, frame: FrameArrival): void {
	account.frames.push(frame);
	const end = frame.seq + frame.count;
	const ranges = account.ranges as (readonly [number, number])[];
	const fresh = addRange(ranges, frame.seq, end - 1);
	account.received += fresh;
	account.duplicates += frame.count - fresh;
	if (frame.seq < account.nextSeq) {
		account.disorder += 1;
		return;
	}
	const missing = frame.seq - account.nextSeq;
	const lost = frame.sent - account.nextSent;
	if (missing > 0 || lost !== 0) {
		account.gaps.push({ from: account.nextSeq, to: frame.seq - 1, dropped: missing - lost, lost });
		account.dropped += missing - lost;
		account.lost += lost;
	}
	account.nextSeq = end;
	account.nextSent = frame.sent + frame.count;
}

/** Adds a range to ordered ranges, joining what touches; says how many numbers are new. */
export function addRange(ranges: (readonly [number, number])[], from: number, to: number): number {
	let first = ranges.length;
	while (first > 0 && (ranges[first - 1]?.[1] ?? 0) >= from - 1) first -= 1;
	let last = first;
	let [low, high, known] = [from, to, 0];
	for (let range = ranges[last]; range !== undefined && range[0] <= to + 1; last += 1, range = ranges[last]) {
		known += Math.max(0, Math.min(range[1], to) - Math.max(range[0], from) + 1);
		low = Math.min(low, range[0]);
		high = Math.max(high, range[1]);
	}
	ranges.splice(first, last - first, [low, high]);
	return to - from + 1 - known;
}

/** How many numbers of [from, to] are in the ranges. */
export function countWithin(ranges: Ranges, from: number, to: number): number {
	return ranges.reduce((sum, [low, high]) => sum + Math.max(0, Math.min(high, to) - Math.max(low, from) + 1), 0);
}

/** The ranges of [0, end) that are not in `ranges`. */
export function missingBelow(ranges: Ranges, end: number): Ranges {
	const missing: (readonly [number, number])[] = [];
	let next = 0;
	for (const [low, high] of ranges) {
		if (low > next) missing.push([next, Math.min(low, end) - 1]);
		next = Math.max(next, high + 1);
	}
	if (next < end) missing.push([next, end - 1]);
	return missing.filter(([low, high]) => low <= high);
}

/**
 * Holds what arrived against what the agent says of the same run. The subscriber must have received all that the broker
 * took before the status. Answers with every sentence that is not true; none means that the books agree to the last reading.
 */
export function checkBooks(account: RunAccount, status: StatusBooks): readonly string[] {
	const problems: string[] = [];
	const expect = (holds: boolean, sentence: string): void => {
		if (!holds) problems.push(sentence);
	};
	const { stamped, buffered, sent, confirmed, in_flight: inFlight, uncertain } = status;
	const dropped = sum(Object.values(status.dropped));
	expect(account.run === status.run, `run ${account.run} arrived, the status is of ${status.run}`);
	expect(
		stamped === buffered + sent + dropped,
		`stamped ${stamped} = buffered ${buffered} + sent ${sent} + dropped ${dropped}`,
	);
	expect(
		sent === confirmed + inFlight + uncertain,
		`sent ${sent} = confirmed ${confirmed} + in_flight ${inFlight} + uncertain ${uncertain}`,
	);
	expect(account.duplicates === 0, `no reading twice, but ${account.duplicates} were`);
	expect(account.disorder === 0, `seq only rises, but ${account.disorder} frames went back`);
	expect(!account.frames.some(({ isRetained }) => isRetained), "no frame is retained");
	expect(account.received >= confirmed, `received ${account.received} >= confirmed ${confirmed}`);
	expect(
		account.received <= confirmed + uncertain + inFlight,
		`received ${account.received} <= confirmed ${confirmed} + uncertain ${uncertain} + in_flight ${inFlight}`,
	);
	for (const gap of account.gaps) {
		const words = `gap ${gap.from}..${gap.to}: dropped ${gap.dropped}, lost ${gap.lost}`;
		expect(gap.dropped >= 0 && gap.lost >= 0, `${words}, neither below 0`);
	}
	const tailLost = sent - account.nextSent;
	const tailDropped = stamped - account.nextSeq - tailLost - buffered;
	expect(
		tailLost >= 0 && tailDropped >= 0,
		`after the last frame: dropped ${tailDropped}, lost ${tailLost}, neither below 0`,
	);
	const lost = account.lost + tailLost;
	expect(lost === sent - account.received, `lost in the gaps ${lost} = sent ${sent} - received ${account.received}`);
	expect(lost <= uncertain + inFlight, `lost in the gaps ${lost} <= uncertain ${uncertain} + in_flight ${inFlight}`);
	expect(
		account.dropped + tailDropped === dropped,
		`dropped in the gaps ${account.dropped + tailDropped} = dropped ${dropped}`,
	);
	return [...problems, ...checkLosses(account, status)];
}

/** The loss ranges against the numbers that are missing. Ranges of reason `mixed` are known to be too wide. */
function checkLosses(account: RunAccount, status: StatusBooks): readonly string[] {
	const problems: string[] = [];
	const covered: (readonly [number, number])[] = [];
	const byReason = new Map<string, number>();
	let previousEnd = -1;
	for (const [from, to, reason] of status.losses) {
		if (from <= previousEnd || to < from)
			problems.push(`losses in order and apart, but ${from}..${to} is after ${previousEnd}`);
		previousEnd = to;
		addRange(covered, from, to);
		byReason.set(reason, (byReason.get(reason) ?? 0) + to - from + 1);
		const arrived = countWithin(account.ranges, from, to);
		if (reason !== "uncertain" && reason !== "mixed" && arrived > 0) {
			problems.push(`${from}..${to} was dropped (${reason}), but ${arrived} of it arrived`);
		}
	}
	if (status.losses.length > 64) problems.push(`at most 64 loss ranges, not ${status.losses.length}`);
	const isExact = !byReason.has("mixed");
	for (const [reason, count] of [...Object.entries(status.dropped), ["uncertain", status.uncertain] as const]) {
		const ranged = byReason.get(reason) ?? 0;
		if (isExact ? ranged !== count : ranged > count) problems.push(`${reason} ${count}, but its ranges hold ${ranged}`);
	}
	let unexplained = 0;
	for (const [from, to] of missingBelow(account.ranges, status.stamped)) {
		unexplained += to - from + 1 - countWithin(covered, from, to);
	}
	const waiting = status.buffered + status.in_flight;
	if (unexplained > waiting || (isExact && unexplained < status.buffered)) {
		const where = missingBelow(account.ranges, status.stamped).slice(0, 8).join(" ");
		problems.push(`missing without a reason: ${unexplained}, of which ${waiting} may wait (missing: ${where})`);
	}
	return problems;
}

/** What a status says of the link besides. */
export interface StatusHistory extends StatusBooks {
	readonly mqtt: Readonly<Record<string, unknown>>;
}

/**
 * Holds the statuses of one run against each other, in the order they came: each balances, no counter ever falls, no more
 * than `atRisk` readings are in flight, and no lost connection costs more than that. Answers as `checkBooks` does.
 */
export function checkHistory(statuses: readonly StatusHistory[], atRisk: number): readonly string[] {
	const problems: string[] = [];
	statuses.forEach((status, index) => {
		const { stamped, buffered, sent, confirmed, in_flight: inFlight, uncertain, dropped } = status;
		if (stamped !== buffered + sent + sum(Object.values(dropped)) || sent !== confirmed + inFlight + uncertain) {
			problems.push(`status ${index} does not balance: ${JSON.stringify(status)}`);
		}
		if (inFlight > atRisk) problems.push(`status ${index}: in_flight ${inFlight} <= at_risk ${atRisk}`);
		const before = statuses[index - 1];
		if (before === undefined) return;
		for (const [name, from, to] of countersOf(before, status)) {
			if (to < from) problems.push(`status ${index}: ${name} fell from ${from} to ${to}`);
		}
		const cuts = Number(status.mqtt["disconnects"]) - Number(before.mqtt["disconnects"]);
		const cost = uncertain - before.uncertain;
		if (cost > cuts * atRisk) problems.push(`status ${index}: ${cuts} lost connections cost ${cost} readings`);
	});
	return problems;
}

function countersOf(before: StatusBooks, after: StatusBooks): readonly (readonly [string, number, number])[] {
	const names = ["stamped", "sent", "confirmed", "uncertain"] as const;
	const totals = names.map((name) => [name, before[name], after[name]] as const);
	const reasons = Object.entries(after.dropped).map(([name, to]) => [name, before.dropped[name] ?? 0, to] as const);
	return [...totals, ...reasons];
}

/** Throws with every sentence of `checkBooks` that is not true. */
export function assertBooks(account: RunAccount, status: StatusBooks): void {
	const problems = checkBooks(account, status);
	if (problems.length === 0) return;
	const { frames: _, ranges, gaps, ...totals } = account;
	const details = { ...totals, ranges: ranges.slice(0, 20), gaps: gaps.slice(0, 20), status };
	throw new Error(`the books do not agree:\n- ${problems.join("\n- ")}\n${JSON.stringify(details)}`);
}

function sum(counts: readonly number[]): number {
	return counts.reduce((total, count) => total + count, 0);
}
