// Numbers as sensors put them into bytes, and what makes a reading of them: (number + add) * scale / 10^decimals.
// `decimals` divides by a power of ten, so 2301 with one decimal is the very double 230.1, which `scale: 0.1` misses.

interface NumberFormat {
	readonly bytes: number;
	readonly read: (view: DataView, at: number) => number;
}

const FORMATS = {
	u8: { bytes: 1, read: (view, at) => view.getUint8(at) },
	i8: { bytes: 1, read: (view, at) => view.getInt8(at) },
	u16be: { bytes: 2, read: (view, at) => view.getUint16(at) },
	u16le: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
	i16be: { bytes: 2, read: (view, at) => view.getInt16(at) },
	i16le: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
	u32be: { bytes: 4, read: (view, at) => view.getUint32(at) },
	u32le: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
	i32be: { bytes: 4, read: (view, at) => view.getInt32(at) },
	i32le: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
	f32be: { bytes: 4, read: (view, at) => shortest(view.getFloat32(at)) },
	f32le: { bytes: 4, read: (view, at) => shortest(view.getFloat32(at, true)) },
} satisfies Readonly<Record<string, NumberFormat>>;

export type NumberType = keyof typeof FORMATS;

export interface Scaling {
	readonly add?: number;
	readonly scale?: number;
	readonly decimals?: number;
}

/** Bytes of a number. */
export function widthOf(type: NumberType): number {
	return FORMATS[type].bytes;
}

export function readNumber(type: NumberType, view: DataView, at: number): number {
	return FORMATS[type].read(view, at);
}

/** The reading that a number stands for. */
export function scaled(number: number, { add = 0, scale = 1, decimals = 0 }: Scaling): number {
	return ((number + add) * scale) / 10 ** decimals;
}

/** Digits that tell any two 32-bit floats apart. */
const FLOAT_DIGITS_MAX = 9;
/** Digits that every 32-bit float keeps. */
const FLOAT_DIGITS_MIN = 6;

/** The shortest decimal that is this 32-bit float: 230.1, where the float itself is 230.10000610351562. */
function shortest(float: number): number {
	for (let digits = FLOAT_DIGITS_MIN; digits < FLOAT_DIGITS_MAX; digits += 1) {
		const decimal = Number(float.toPrecision(digits));
		if (Math.fround(decimal) === float) return decimal;
	}
	return Number(float.toPrecision(FLOAT_DIGITS_MAX));
}
