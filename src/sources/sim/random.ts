// Random numbers by index: a 32-bit hash of (key, index), so that any value of a stream can be worked out without those
// before it. Integer arithmetic only, hence the same on every machine. Not for secrets.

const TWO_POW_32 = 4_294_967_296;
const TWO_POW_MINUS_32 = 1 / TWO_POW_32;

/** The key of a stream's random numbers: FNV-1a over its seed and name. */
export function randomKey(seed: number, name: string): number {
	let key = Math.imul(0x811c9dc5 ^ mix(seed), 0x01000193);
	for (let i = 0; i < name.length; i += 1) key = Math.imul(key ^ name.charCodeAt(i), 0x01000193);
	return mix(key);
}

/** The random number of an index, in [0, 1). */
export function randomAt(key: number, index: number): number {
	const high = Math.floor(index * TWO_POW_MINUS_32);
	const low = index - high * TWO_POW_32;
	return (mix((mix(key ^ high) + low) | 0) >>> 0) * TWO_POW_MINUS_32;
}

/** "lowbias32" of Chris Wellons' hash prospector: two multiplications, every output bit depends on every input bit. */
function mix(input: number): number {
	let bits = input | 0;
	bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
	bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
	return bits ^ (bits >>> 15);
}
