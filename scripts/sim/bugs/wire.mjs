// Planted bugs in src/wire: the bytes, and how they are read.

const frame = "src/wire/frame.ts";
const packet = "src/wire/publish-packet.ts";
const scale = "src/wire/scale.ts";
const status = "src/wire/status.ts";

export const WIRE_BUGS = [
	{
		name: "data is retained",
		edits: [{ file: packet, from: "PUBLISH | (packet.retain ? RETAIN : 0)", to: "PUBLISH | RETAIN" }],
	},
	{
		name: "a Remaining Length of 128 in one byte",
		edits: [
			{ file: packet, from: "return length < 0x80 ? 1", to: "return length <= 0x80 ? 1" },
			{ file: packet, from: "for (; rest >= 0x80;", to: "for (; rest > 0x80;" },
		],
	},
	{
		name: "the content type's length counts characters and its head",
		edits: [
			{ file: packet, from: "bytes.writeUInt16BE(type.length, at);", to: "bytes.writeUInt16BE(type.length + 2, at);" },
		],
	},
	{
		name: "the room for a packet's head is forgotten",
		isSlow: true,
		edits: [
			{ file: packet, from: "return 1 + 4 + 2 + Buffer.byteLength(topic)", to: "return 1 - Buffer.byteLength(topic)" },
		],
	},
	{
		name: "a float is rounded to the places of its neighbours",
		edits: [
			{
				file: scale,
				from: "return Number.isSafeInteger(scaled) && scaled / power === reading ?",
				to: "return Number.isSafeInteger(scaled) ?",
			},
		],
	},
	{
		name: "integers beyond 32 bits travel as floats",
		edits: [
			{
				file: scale,
				from: "integer <= 0xffffffff ? integer : BigInt(integer)",
				to: "integer <= 0xffffffff ? integer : integer",
			},
		],
	},
	{
		name: "the frame says the opposite of its clock",
		edits: [{ file: frame, from: "...(frame.clockSynchronised ? {}", to: "...(!frame.clockSynchronised ? {}" }],
	},
	{
		name: "bytes travel in JSON as standard base64",
		edits: [{ file: frame, from: 'toString("base64url")', to: 'toString("base64")' }],
	},
	{
		name: "in_flight and uncertain change places in the status",
		edits: [
			{
				file: status,
				from: "		in_flight: books.inFlight,\n		uncertain: books.uncertain,",
				to: "		in_flight: books.uncertain,\n		uncertain: books.inFlight,",
			},
		],
	},
	{
		name: "the status forgets the run before",
		edits: [{ file: status, from: "previous: facts.previous,", to: "previous: null," }],
	},
];
