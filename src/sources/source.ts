// The source contract: all a kind of sensor has to implement, and all it may use of the agent.
// A new source is one folder: its factory, its schema.json (the configuration it takes) and a line in registry.ts.
//
// Rules a source keeps:
// - It never throws after `start`, never blocks, and holds nothing that grows with what the sensor sends.
// - It comes back by itself: on a failure it calls `down`, backs off, and calls `up` when it works again.
// - What it cannot turn into a value it counts with `reject`; nothing is dropped in silence.
// - All time is `host.now()`, the monotonic clock in ms.
import type { RejectReason, Value } from "../core/value.js";

/** A stream of this source, as `host.stream` gave it out. */
export type StreamId = number;

/** What the agent offers a source. Every call is cheap and synchronous. */
export interface SourceHost {
	/** The monotonic clock, ms. */
	now(): number;
	/**
	 * The stream `<source>.<field>`, made on first use. A name that cannot be one (empty, over 64 bytes, control
	 * characters) or one stream too many gives an id on which every offer counts as rejected, reason `stream`.
	 * @param unit its unit, where the configuration names none
	 */
	stream(field: string, unit?: string): StreamId;
	/**
	 * One value. Numbers that are not finite are rejected (reason `value`), values inside the source's `limits` are
	 * filtered, all others are stamped.
	 * @param capturedMs when it was captured, on the clock of `now()`; never in the future
	 */
	offer(stream: StreamId, value: Value, capturedMs: number): void;
	/** Counts what gave no reading. */
	reject(reason: RejectReason): void;
	/**
	 * The source works: status `up: true`, `error: null`. Coming back after it had worked before counts a restart.
	 * @param backend what it works through, for the status, where there are several ways to the hardware
	 */
	up(backend?: string): void;
	/** The source does not work: `error` is one line for a person, saying what to do where that is known. */
	down(error: string): void;
}

/** A running source. */
export interface Source {
	/** Opens what there is to open; returns at once. Failures are reported through `host.down`, never thrown. */
	start(): void;
	/** Closes everything. After it resolves nothing is offered any more. */
	stop(): Promise<void>;
}

/** Limits on the way in, per field (CONTRACT, Configuration): a value inside both is filtered, not stamped. */
export interface FieldLimits {
	readonly minIntervalMs?: number;
	readonly deadband?: number;
}

/** What every source's configuration has, whatever its type. */
export interface SourceSettings {
	readonly name: string;
	readonly type: string;
	readonly units?: Readonly<Record<string, string>>;
	readonly limits?: Readonly<Record<string, FieldLimits>>;
}

/** What a source may know of the machine, made by the command that runs it. Paths are configurable for tests. */
export interface Machine {
	/** Root of the kernel's sysfs, `/sys`. */
	readonly sysRoot: string;
	/** Root of the device files, `/dev`. */
	readonly devRoot: string;
	/** The id of the board profile in force (a file in boards/). */
	readonly board: string;
}

/** Makes a source from its validated settings. Throws only for what `check` can say before anything is opened. */
export type CreateSource<Settings extends SourceSettings = SourceSettings> = (
	settings: Settings,
	host: SourceHost,
	machine: Machine,
) => Source;
