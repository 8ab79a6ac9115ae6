import { createRequire } from "node:module";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { encodePublish, type PublishPacket, publishOverhead } from "../../src/wire/publish-packet.js";

interface Parsed {
	readonly cmd: string;
	readonly topic: string;
	readonly payload: Buffer;
	readonly qos: number;
	readonly retain: boolean;
	readonly properties?: { readonly messageExpiryInterval?: number; readonly contentType?: string };
}

// mqtt-packet reads what we write: another's parser of the same standard. It has types of its own only within mqtt.
const mqttPacket = createRequire(import.meta.resolve("mqtt"))("mqtt-packet") as {
	parser(options: { protocolVersion: number }): {
		on(event: "packet" | "error", listener: (packet: Parsed) => void): void;
		parse(bytes: Buffer): number;
	};
};

function parse(bytes: Buffer, version: 4 | 5): Parsed {
	const parser = mqttPacket.parser({ protocolVersion: version });
	const packets: Parsed[] = [];
	parser.on("packet", (packet) => packets.push(packet));
	parser.on("error", (error) => {
		throw error;
	});
	assert.is(parser.parse(bytes), 0, "no byte is left over");
	assert.is(packets.length, 1);
	return packets[0] as Parsed;
}

const packet = (more: Partial<PublishPacket>): PublishPacket => ({
	version: 5,
	topic: "tallywire/pi/data",
	payload: Buffer.from("x"),
	retain: false,
	...more,
});

test("every length of the Remaining Length is read back, at its edges", () => {
	for (const version of [4, 5] as const) {
		for (const size of [0, 1, 100, 107, 108, 109, 127, 128, 16_300, 16_383, 16_384, 65_536, 2_097_152]) {
			const payload = Buffer.alloc(size, 7);
			const parsed = parse(encodePublish(packet({ version, payload })), version);
			assert.equal([parsed.cmd, parsed.topic, parsed.qos, parsed.retain], ["publish", "tallywire/pi/data", 0, false]);
			assert.ok(parsed.payload.equals(payload));
		}
	}
});

test("expiry, content type and retain arrive", () => {
	const bytes = encodePublish(packet({ retain: true, expiryS: 600, contentType: "application/cbor" }));
	const parsed = parse(bytes, 5);
	assert.is(parsed.retain, true);
	assert.is(parsed.properties?.messageExpiryInterval, 600);
	assert.is(parsed.properties?.contentType, "application/cbor");
});

test("3.1.1 has no properties, whatever is asked for", () => {
	const bytes = encodePublish(packet({ version: 4, expiryS: 600, contentType: "application/cbor" }));
	assert.is(bytes.length, 2 + 2 + "tallywire/pi/data".length + 1);
	assert.is(parse(bytes, 4).payload.toString(), "x");
});

test("the overhead is never less than what stands around the payload", () => {
	for (const size of [0, 100, 20_000, 60_000]) {
		const payload = Buffer.alloc(size);
		const bytes = encodePublish(packet({ payload, expiryS: 1, contentType: "application/cbor" }));
		assert.ok(bytes.length - size <= publishOverhead("tallywire/pi/data", "application/cbor"));
	}
});

test.run();
