// Members of JSON whose shape is known to be right (decode-json.ts), parsed: whole, or with every long text in them cut
// before JSON.parse makes it, so that what nobody will read takes no memory either.
import { Buffer } from "node:buffer";
import { PAYLOAD_BYTES_MAX } from "./decode-bounds.js";
import { JSON_BOOLEAN, JSON_NULL, JSON_NUMBER, JSON_TEXT, type JsonMember, type JsonReader } from "./decode-json.js";

const SPACE = 0x20;
const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LETTER_T = 0x74;
const LETTER_U = 0x75;

/** Where a member is put together that had something cut out of it. */
const scratch = Buffer.alloc(PAYLOAD_BYTES_MAX);

/** The value of a member. What was read already, or is plain text, needs no JSON.parse: that is most of a status. */
export function parseMember({ bytes }: JsonReader, member: JsonMember): unknown {
	const { from, to, type } = member;
	if (type === JSON_NULL) return null;
	if (type === JSON_BOOLEAN) return bytes[from] === LETTER_T;
	if (type === JSON_NUMBER && member.numbers === 0 && member.largest <= Number.MAX_SAFE_INTEGER) return member.largest;
	if (type === JSON_TEXT && member.longest === to - from - 2) return bytes.toString("utf8", from + 1, to - 1);
	return JSON.parse(bytes.toString("utf8", from, to));
}

/** The value of a member, of each text in it the first `charsMax` characters. Keys are left as they are. */
export function parseCut(reader: JsonReader, member: JsonMember, charsMax: number): unknown {
	if (member.to - member.from <= charsMax) return parseMember(reader, member);
	const { bytes } = reader;
	let copied = member.from;
	let length = 0;
	let quote = bytes.indexOf(QUOTE, member.from);
	while (quote >= 0 && quote < member.to) {
		const cut = passCharacters(bytes, quote + 1, charsMax);
		const end = passCharacters(bytes, cut, Number.POSITIVE_INFINITY);
		if (cut < end && !isKey(bytes, end)) {
			length += bytes.copy(scratch, length, copied, cut);
			copied = end;
		}
		quote = bytes.indexOf(QUOTE, end + 1);
	}
	length += bytes.copy(scratch, length, copied, member.to);
	return JSON.parse(scratch.toString("utf8", 0, length));
}

/** Passes over so many characters of a text, or up to its closing quote. */
function passCharacters(bytes: Buffer, from: number, charsMax: number): number {
	let at = from;
	for (let chars = 0; chars < charsMax && bytes[at] !== QUOTE; chars++) at += characterLength(bytes, at);
	return at;
}

/** Bytes of an escape or of a character in UTF-8. */
function characterLength(bytes: Buffer, at: number): number {
	const lead = bytes[at] as number;
	if (lead === BACKSLASH) return bytes[at + 1] === LETTER_U ? 6 : 2;
	if (lead < 0xc0) return 1;
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** Whether the text that ends with the quote at `end` is the key of a member. */
function isKey(bytes: Buffer, end: number): boolean {
	let at = end + 1;
	while ((bytes[at] as number) <= SPACE) at += 1;
	return bytes[at] === COLON;
}
