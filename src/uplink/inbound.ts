// What a broker may send to a client that takes part at QoS 0 only, and how much of it without completing a packet. The
// rest ends the connection before MQTT.js sees it: it would keep messages of QoS 2, 65,535 of them, and answer what has
// no packet id with the number -1, which cannot be written, and the exception is nobody's to catch.
import type { MqttClient, Packet } from "mqtt";

/** Beside CONNACK, which comes first (MQTT 5.0, 3.2.0-1), and PUBLISH of QoS 0. */
const TAKEN: readonly string[] = ["suback", "unsuback", "pingresp", "disconnect"];

/** A command that MQTT.js does not know, so that it goes on to the next packet. */
const NOTHING = "refused";

/**
 * Calls `refuse` once, with a reason in one line, when the broker has gone too far; nothing is handled after that. What it
 * may send without completing a packet is `bytesMax` and one chunk of the stream's: 64 KiB, or a message of WebSocket's.
 */
export function guardInbound(client: MqttClient, bytesMax: number, refuse: (reason: string) => void): void {
	let bytes = 0;
	let isAccepted = false;
	let isOver = false;

	function end(reason: string): void {
		if (isOver) return;
		isOver = true;
		refuse(reason);
	}

	// Before the parser has the chunk, which may itself be larger than the bound, and hold many packets (WebSocket).
	client.stream.prependListener("data", (chunk: Buffer) => {
		if (bytes > bytesMax) end(`the broker sent ${bytes} bytes that are no packet we take`);
		bytes += chunk.length;
	});
	client.on("packetreceive", (packet) => {
		bytes = 0;
		const reason = refusal(packet, isAccepted);
		isAccepted ||= packet.cmd === "connack";
		if (reason !== null) end(reason);
		if (isOver) Object.assign(packet, { cmd: NOTHING });
	});
}

/** Why a packet is not taken, or null. */
function refusal(packet: Packet, isAccepted: boolean): string | null {
	const name = packet.cmd.toUpperCase();
	if (packet.cmd === "connack" || packet.cmd === "disconnect") return null;
	if (!isAccepted) return `the broker sent ${name} before its CONNACK`;
	if (packet.cmd !== "publish")
		return TAKEN.includes(packet.cmd) ? null : `the broker sent ${name}, which answers nothing`;
	// To who subscribed at QoS 0 no other is due (MQTT 5.0, 3.8.4).
	return packet.qos === 0 ? null : `the broker sent a message of QoS ${packet.qos}; it was asked for QoS 0`;
}
