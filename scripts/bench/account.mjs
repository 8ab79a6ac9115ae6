// Whether a measurement may count: a figure of a run in which a reading is missing or came twice is no figure.
// Works from what the consumer received alone, by CONTRACT's words on frames, with no code of the agent.
import { Decoder } from "cbor-x";

// Its typings lack int64AsNumber: without it an integer of eight bytes, such as a time, would be a bigint.
const decoder = new Decoder({ mapsAsObjects: true, useRecords: false, int64AsNumber: true });

/** Counts the readings of frames, each run of each device by itself, given in the order in which they came. */
export function accountOfFrames(payloads) {
	const account = { messages: payloads.length, readings: 0, missing: 0, repeated: 0, malformed: 0, bytes: 0 };
	const nextOf = new Map();
	for (const payload of payloads) {
		const frame = payload[0] === 0x7b ? JSON.parse(payload.toString()) : decoder.decode(payload);
		const { v, seq, sent, streams, stream, dt, value } = frame;
		const readings = value?.length ?? 0;
		const isWhole = v === 1 && readings > 0 && stream.length === readings && dt.length === readings;
		if (!isWhole || stream.some((index) => !(index < streams.length)) || sent > seq) account.malformed += 1;
		const run = `${frame.device}/${frame.run}`;
		const next = nextOf.get(run) ?? 0;
		if (seq < next) account.repeated += 1;
		account.missing += Math.max(0, seq - next);
		account.readings += readings;
		account.bytes += payload.length;
		nextOf.set(run, seq + readings);
	}
	return account;
}

/** Counts messages that carry one reading each as JSON. */
export function accountOfMessages(payloads) {
	const account = { messages: payloads.length, readings: 0, missing: 0, repeated: 0, malformed: 0, bytes: 0 };
	for (const payload of payloads) {
		account.bytes += payload.length;
		if (typeof JSON.parse(payload.toString()).name === "string") account.readings += 1;
		else account.malformed += 1;
	}
	return account;
}

/** Throws unless every reading that was given came once. */
export function assertAllCame(what, given, account) {
	const { readings, missing, repeated, malformed } = account;
	if (given > 0 && readings === given && missing + repeated + malformed === 0) return;
	throw new Error(
		`${what}: ${given} readings given, ${readings} received (${missing} missing, ${repeated} frames repeated, ${malformed} malformed)`,
	);
}
