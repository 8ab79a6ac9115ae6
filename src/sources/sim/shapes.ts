// The shapes of simulated streams. A value is a function of seed, stream name and index alone: index i belongs to the
// time i / rate, so the same seed gives the same values whatever the timer did. Numbers are exact decimals in min..max.
// One function over one form of object, not a closure per shape: V8 keeps the numbers in registers that way.
import type { Value } from "../../core/value.js";
import { randomAt, randomKey } from "./random.js";

export const SHAPES = ["sine", "ramp", "square", "walk", "pulse", "text", "dropout"] as const;
export type Shape = (typeof SHAPES)[number];

/** One simulated stream as configured; schema.json says what each means. */
export interface StreamSettings {
	readonly shape: Shape;
	readonly min?: number;
	readonly max?: number;
	readonly periodMs?: number;
	readonly decimals?: number;
	readonly noise?: number;
	readonly duty?: number;
	readonly missing?: number;
	readonly texts?: readonly string[];
}

/** A stream ready to give values. */
export interface SimStream {
	readonly shape: Shape;
	readonly key: number;
	readonly turnsPerReading: number;
	readonly min: number;
	readonly span: number;
	readonly noise: number;
	/** 10^decimals, and the least and most multiples of its inverse within min..max. */
	readonly power: number;
	readonly leastUnits: number;
	readonly mostUnits: number;
	readonly duty: number;
	/** Where in a period the sensor goes missing; 1 is never. */
	readonly missingFrom: number;
	readonly isBoolean: boolean;
	readonly texts: readonly string[];
	/** Of a walk: the place of each octave, and the heights before and after it, which change once in many readings. */
	readonly cells: Float64Array;
	readonly heightsBefore: Float64Array;
	readonly heightsAfter: Float64Array;
}

const PERIOD_MS = 600_000;
const SQUARE_DUTY = 0.5;
const PULSE_DUTY = 0.1;
const MISSING = 0.25;
const TEXTS = ["ok", "busy", "fault"];

/** Points of one turn of the sine: between two of them a straight line is within 3e-7 of the curve. */
const SINE_POINTS = 4_096;
const SINE = Float64Array.from({ length: SINE_POINTS + 1 }, (_, point) => {
	return (1 + Math.sin((2 * Math.PI * point) / SINE_POINTS)) / 2;
});

/** Octaves of a walk: the fastest bends 8 times as often as the slowest, which is what a room's temperature looks like. */
const WALK_OCTAVES = 4;
/** Bends of the slowest octave in a period. */
const WALK_BENDS = 4;
/** Each octave is half as high as the one before; together they make 1. */
const WALK_HEIGHTS = Float64Array.from({ length: WALK_OCTAVES }, (_, octave) => {
	return 0.5 ** octave / (2 - 0.5 ** (WALK_OCTAVES - 1));
});

/** Makes one stream. Throws an Error, for `check` to show, where the settings allow no value. */
export function createSimStream(name: string, settings: StreamSettings, rate: number, seed: number): SimStream {
	const { min = 0, max = Math.max(100, min), decimals = 2, periodMs = PERIOD_MS } = settings;
	if (min > max) throw new Error(`streams.${name}: min ${min} is above max ${max}`);
	const power = 10 ** decimals;
	if (Math.max(Math.abs(min), Math.abs(max)) * power > Number.MAX_SAFE_INTEGER) {
		throw new Error(`streams.${name}: a double does not hold ${decimals} decimals between ${min} and ${max}`);
	}
	const leastUnits = ceilUnits(min, power);
	const mostUnits = -ceilUnits(-max, power);
	if (leastUnits > mostUnits) {
		throw new Error(`streams.${name}: no number of ${decimals} decimals lies between ${min} and ${max}`);
	}
	// The literal, not the configuration's copy of it: a switch compares the same string by its address.
	const shape = SHAPES.find((known) => known === settings.shape);
	if (shape === undefined) throw new Error(`streams.${name}: shape is one of ${SHAPES.join(", ")}`);
	return {
		shape,
		key: randomKey(seed, name),
		turnsPerReading: 1_000 / (periodMs * rate),
		min,
		span: max - min,
		noise: settings.noise ?? 0,
		power,
		leastUnits,
		mostUnits,
		duty: settings.duty ?? (shape === "pulse" ? PULSE_DUTY : SQUARE_DUTY),
		missingFrom: shape === "dropout" ? 1 - (settings.missing ?? MISSING) : 1,
		isBoolean: shape === "pulse" && settings.min === undefined && settings.max === undefined,
		texts: settings.texts ?? TEXTS,
		cells: new Float64Array(WALK_OCTAVES).fill(-1),
		heightsBefore: new Float64Array(WALK_OCTAVES),
		heightsAfter: new Float64Array(WALK_OCTAVES),
	};
}

/** The value of an index, or null while the sensor is missing. */
export function valueAt(stream: SimStream, index: number): Value | null {
	const turn = index * stream.turnsPerReading;
	const whole = Math.floor(turn);
	const part = turn - whole;
	switch (stream.shape) {
		case "sine":
			return decimal(stream, sineLevel(part), index);
		case "ramp":
			return decimal(stream, part, index);
		case "square":
			return decimal(stream, part < stream.duty ? 1 : 0, index);
		case "walk":
			return decimal(stream, walkLevel(stream, turn), index);
		case "pulse": {
			const isOn = isPulse(stream, whole, part);
			return stream.isBoolean ? isOn : decimal(stream, isOn ? 1 : 0, index);
		}
		case "text":
			return stream.texts[Math.floor(randomAt(stream.key, whole) * stream.texts.length)] ?? "";
		case "dropout":
			return part >= stream.missingFrom ? null : decimal(stream, sineLevel(part), index);
		default:
			return stream.shape satisfies never;
	}
}

/** From 0..1 to min..max with noise, as an exact decimal: the double nearest to units / 10^decimals, never -0. */
function decimal(stream: SimStream, level: number, index: number): number {
	let wanted = stream.min + level * stream.span;
	if (stream.noise > 0) wanted += (2 * randomAt(stream.key ^ 0x5bd1e995, index) - 1) * stream.noise;
	const units = Math.round(wanted * stream.power);
	return Math.min(Math.max(units, stream.leastUnits), stream.mostUnits) / stream.power + 0;
}

function sineLevel(part: number): number {
	const place = part * SINE_POINTS;
	const point = Math.floor(place);
	const from = SINE[point] ?? 0;
	return from + ((SINE[point + 1] ?? from) - from) * (place - point);
}

/** Value noise: random heights at even distances, eased between, each octave twice as fast as the one before. */
function walkLevel(stream: SimStream, turn: number): number {
	const { cells, heightsBefore, heightsAfter } = stream;
	let level = 0;
	let place = turn * WALK_BENDS;
	for (let octave = 0; octave < WALK_OCTAVES; octave += 1) {
		const cell = Math.floor(place);
		if (cells[octave] !== cell) {
			cells[octave] = cell;
			heightsBefore[octave] = randomAt(stream.key + octave, cell);
			heightsAfter[octave] = randomAt(stream.key + octave, cell + 1);
		}
		const part = place - cell;
		const before = heightsBefore[octave] ?? 0;
		const after = heightsAfter[octave] ?? 0;
		level += (WALK_HEIGHTS[octave] ?? 0) * (before + (after - before) * part * part * (3 - 2 * part));
		place *= 2;
	}
	return level;
}

/** One pulse in each turn, at a place of its own. */
function isPulse(stream: SimStream, whole: number, part: number): boolean {
	const start = randomAt(stream.key, whole) * (1 - stream.duty);
	return part >= start && part < start + stream.duty;
}

/** The least whole number of units that is not below the bound; 0.07 x 100 is 7, not the 8 that a plain ceil makes. */
function ceilUnits(bound: number, power: number): number {
	const nearest = Math.round(bound * power);
	return nearest / power >= bound ? nearest : nearest + 1;
}
