// A share of the devices, for several reconcilers. By name and not by a shared subscription of MQTT 5 (`$share/...`): there
// the broker deals the frames of one device out to all members, and each would see the others' as lost.

/** The `index`-th of `count` shares, from 0. */
export interface Shard {
	readonly index: number;
	readonly count: number;
}

/** More shares than devices that one reconciler can hold are of no use to anybody. */
const SHARDS_MAX = 1_024;

/** Reads "K/N", K from 1 to N; undefined where it is not that. */
export function parseShard(text: string): Shard | undefined {
	const match = /^([1-9]\d{0,3})\/([1-9]\d{0,3})$/.exec(text);
	const [index, count] = [Number(match?.[1]) - 1, Number(match?.[2])];
	return match !== null && index < count && count <= SHARDS_MAX ? { index, count } : undefined;
}

/** Whether the device is of this share: its name's FNV-1a hash of 32 bits (RFC 9923), modulo the shares. */
export function isInShard(device: string, { index, count }: Shard): boolean {
	let hash = 0x811c9dc5;
	for (let i = 0; i < device.length; i++) hash = Math.imul(hash ^ device.charCodeAt(i), 0x01000193);
	return (hash >>> 0) % count === index;
}
