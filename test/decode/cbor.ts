// CBOR put together by hand, so that every byte of a payload is the test's own. Nothing here checks anything.

/** A head with the shortest argument, or one of `size` bytes. */
export function head(major: number, argument: number | bigint, size?: 0 | 1 | 2 | 4 | 8): Buffer {
	const value = BigInt(argument);
	const bytes = size ?? (value < 24n ? 0 : value < 256n ? 1 : value < 65_536n ? 2 : value < 2n ** 32n ? 4 : 8);
	const first = (major << 5) | (bytes === 0 ? Number(value) : 24 + Math.log2(bytes));
	const digits = value.toString(16).padStart(bytes * 2, "0");
	return Buffer.concat([Buffer.from([first]), Buffer.from(bytes === 0 ? "" : digits, "hex")]);
}

export const uint = (value: number | bigint): Buffer => head(0, value);
export const negative = (value: number | bigint): Buffer => head(1, -1n - BigInt(value));
export const int = (value: number | bigint): Buffer => (value < 0 ? negative(value) : uint(value));
export const bytes = (...content: number[]): Buffer => Buffer.concat([head(2, content.length), Buffer.from(content)]);
export const text = (content: string | Buffer): Buffer => {
	const encoded = Buffer.from(content as string);
	return Buffer.concat([head(3, encoded.length), encoded]);
};
export const array = (...items: Buffer[]): Buffer => Buffer.concat([head(4, items.length), ...items]);
export const map = (...pairs: (readonly [Buffer, Buffer])[]): Buffer =>
	Buffer.concat([head(5, pairs.length), ...pairs.flat()]);
export const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(" ", ""), "hex");
export const double = (value: number): Buffer => {
	const content = Buffer.alloc(9, 0xfb);
	content.writeDoubleBE(value, 1);
	return content;
};

/** The values of a frame's keys as bytes, in the contract's order. */
export type Parts = Readonly<Record<string, Buffer>>;

/** A frame of one reading. */
export const PARTS: Parts = {
	v: uint(1),
	device: text("pi-7f3a"),
	run: text("AbCdEfGhI_-"),
	seq: uint(7),
	sent: uint(5),
	time: uint(1_790_000_000_123),
	streams: array(text("env.t")),
	stream: array(uint(0)),
	dt: array(uint(0)),
	value: array(uint(21)),
};

/** A frame as bytes, with some of its keys changed, added (at the end) or, where undefined, left out. */
export function frameBytes(changes: Readonly<Record<string, Buffer | undefined>> = {}): Buffer {
	const parts = Object.entries({ ...PARTS, ...changes }).filter(([, part]) => part !== undefined);
	return map(...parts.map(([key, part]) => [text(key), part as Buffer] as const));
}

/** A frame of `n` readings of one stream, all with the same bytes as their value. */
export function longFrame(
	n: number,
	value: Buffer,
	changes: Readonly<Record<string, Buffer | undefined>> = {},
): Buffer {
	const column = (item: Buffer): Buffer => Buffer.concat([head(4, n), ...Array.from({ length: n }, () => item)]);
	return frameBytes({ stream: column(uint(0)), dt: column(uint(0)), value: column(value), ...changes });
}
