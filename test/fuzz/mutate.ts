// Damage to bytes, the kinds that find bugs in readers of bytes: bits, lengths, numbers at the edge of their type, pieces
// cut out, doubled, moved and put together from two inputs. Everything comes from one source of random numbers.

/** Inputs stay below this; a target that wants more makes more of them itself. */
export const INPUT_BYTES_MAX = 4_096;

/** Uniform in [0, 1). */
export type Random = () => number;

const BYTES = [0x00, 0x01, 0x0a, 0x0d, 0x20, 0x7f, 0x80, 0xff] as const;
const INTEGERS = [0n, 1n, 23n, 24n, 127n, 128n, 255n, 256n, 65_535n, 65_536n, 2n ** 31n, 2n ** 53n, 2n ** 64n - 1n];
const NUMBERS = ["0", "-1", "-0", "1e999", "9007199254740993", "0.1", "00", "1e-7", "4294967296", ""] as const;

type Mutation = (input: Buffer, pick: (below: number) => number, other: Buffer, words: readonly string[]) => Buffer;

const replace = (input: Buffer, at: number, removed: number, piece: Uint8Array): Buffer =>
	Buffer.concat([input.subarray(0, at), piece, input.subarray(at + removed)]);

const MUTATIONS: readonly Mutation[] = [
	function flipBit(input, pick) {
		const at = pick(input.length);
		return replace(input, at, 1, Buffer.of((input[at] ?? 0) ^ (1 << pick(8))));
	},
	function setByte(input, pick) {
		return replace(input, pick(input.length), 1, Buffer.of(pick(2) === 0 ? (BYTES[pick(8)] ?? 0) : pick(256)));
	},
	function insertBytes(input, pick) {
		const piece = Buffer.from(Array.from({ length: 1 + pick(8) }, () => pick(256)));
		return replace(input, pick(input.length + 1), 0, piece);
	},
	function removeBlock(input, pick) {
		return replace(input, pick(input.length), 1 + pick(pick(4) === 0 ? input.length : 8), Buffer.alloc(0));
	},
	function moveOrDoubleBlock(input, pick) {
		const from = pick(input.length);
		const block = input.subarray(from, from + 1 + pick(64));
		const rest = pick(2) === 0 ? input : replace(input, from, block.length, Buffer.alloc(0));
		return replace(rest, pick(rest.length + 1), 0, block);
	},
	function repeatBlock(input, pick) {
		const from = pick(input.length);
		const block = input.subarray(from, from + 1 + pick(16));
		return replace(input, from, 0, Buffer.concat(Array.from({ length: 1 + pick(200) }, () => block)));
	},
	function cutOff(input, pick) {
		return input.subarray(0, pick(input.length));
	},
	/** The beginning of one and the end of another. */
	function splice(input, pick, other) {
		return Buffer.concat([input.subarray(0, pick(input.length + 1)), other.subarray(pick(other.length + 1))]);
	},
	/** A number at the edge of its type, big-endian, in one to eight bytes: lengths, counts, identifiers. */
	function setInteger(input, pick) {
		const size = 1 << pick(4);
		const bytes = Buffer.alloc(8);
		bytes.writeBigUInt64BE(INTEGERS[pick(INTEGERS.length)] ?? 0n);
		return replace(input, pick(input.length), size, bytes.subarray(8 - size));
	},
	/** A byte that may be a length, off by a little. */
	function changeLength(input, pick) {
		const at = pick(input.length);
		return replace(input, at, 1, Buffer.of(((input[at] ?? 0) + pick(9) - 4) & 0xff));
	},
	/** Decimal digits, replaced as a whole. */
	function setNumber(input, pick) {
		const numbers = [...input.toString("latin1").matchAll(/-?\d+/g)];
		const found = numbers[pick(numbers.length)];
		const number = Buffer.from(NUMBERS[pick(NUMBERS.length)] ?? "");
		return found === undefined ? input : replace(input, found.index, found[0].length, number);
	},
	function insertWord(input, pick, _, words) {
		const word = Buffer.from(words[pick(words.length)] ?? "", "latin1");
		return replace(input, pick(input.length + 1), pick(2) === 0 ? 0 : word.length, word);
	},
];

/** One to four of them, one after the other, on a copy. `words` are latin1 pieces that mean something to the target. */
export function mutate(input: Buffer, other: Buffer, words: readonly string[], random: Random): Buffer {
	const pick = (below: number): number => Math.floor(random() * below);
	let changed = input;
	for (let left = 1 + pick(4); left > 0; left--) {
		const mutation = MUTATIONS[pick(MUTATIONS.length)] as Mutation;
		changed = mutation(changed, pick, other, words).subarray(0, INPUT_BYTES_MAX);
	}
	return Buffer.from(changed);
}
