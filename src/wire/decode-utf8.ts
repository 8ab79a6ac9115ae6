// Whether bytes are UTF-8 (RFC 3629: shortest form, no surrogates, up to U+10FFFF), in place: nothing is allocated, and a
// payload of a thousand short texts costs no thousand calls into the runtime.

/** Offset of the first byte in [from, to) that is no part of valid UTF-8, or -1. */
export function invalidUtf8At(bytes: Uint8Array, from: number, to: number): number {
	let at = from;
	while (at < to) {
		const lead = bytes[at] as number;
		if (lead < 0x80) {
			at += 1;
			continue;
		}
		const length = sequenceLength(lead);
		if (length === 0 || at + length > to || !isSecond(lead, bytes[at + 1] as number)) return at;
		for (let i = 2; i < length; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return at;
		at += length;
	}
	return -1;
}

function sequenceLength(lead: number): number {
	if (lead < 0xc2) return 0; // a continuation, or an overlong form
	if (lead < 0xe0) return 2;
	if (lead < 0xf0) return 3;
	return lead < 0xf5 ? 4 : 0;
}

/** The second byte is where overlong forms, surrogates and what is beyond U+10FFFF show. */
function isSecond(lead: number, second: number): boolean {
	switch (lead) {
		case 0xe0:
			return second >= 0xa0 && second <= 0xbf;
		case 0xed:
			return second >= 0x80 && second <= 0x9f;
		case 0xf0:
			return second >= 0x90 && second <= 0xbf;
		case 0xf4:
			return second >= 0x80 && second <= 0x8f;
		default:
			return (second & 0xc0) === 0x80;
	}
}
