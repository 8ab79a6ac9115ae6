// What a broker that means ill, or is none, may say, and why the uplink then ends the connection. The fuzzer feeds the
// same target; here are the answers that have to be those. Digits are all 0 in them.
import { type BrokerTable, testBrokerTable } from "../fuzz/broker-table.js";
import { createUplinkTarget } from "../fuzz/targets/uplink.js";

const ACCEPTED = "01"; // the broker said yes before
const FLOODED = "05"; // and goes on with 400,000 bytes after

const TABLE: BrokerTable = [
	["a packet that claims 256 MB", `${FLOODED}30ffffff7f000161`, /^the broker sent \d+ bytes that are no packet/],
	[
		"a packet beyond what a connection takes",
		`${FLOODED}3080b518000161`,
		/^the broker sent \d+ bytes that are no packet/,
	],
	["a message of QoS 2", `${ACCEPTED}340700016100010068`, /sent a message of QoS 0; it was asked for QoS 0$/],
	["a message of QoS 1", `${ACCEPTED}320700016100010068`, /sent a message of QoS 0; it was asked for QoS 0$/],
	[
		"a message of QoS 1 without a packet id",
		`${ACCEPTED}3203000161`,
		/sent a message of QoS 0; it was asked for QoS 0$/,
	],
	["a release without a packet id", `${ACCEPTED}6200`, /^the broker sent PUBREL, which answers nothing$/],
	["a message before its consent", "00300500016100612003000000", /^the broker sent PUBLISH before its CONNACK$/],
	["a refusal that no standard knows", "00200300c800", /^Connection refused, code 0$/],
	["an answer to no ping", `${ACCEPTED}d000d000d000`, /^an answer to a ping that was never sent: not a broker$/],
	["a packet of type 0", `${ACCEPTED}0000`, /^Not supported$/],
	["its refusal after its consent", `${ACCEPTED}e0028d00`, /^the broker disconnected us, reason code 0$/],
];

const target = await createUplinkTarget();

testBrokerTable(target, "ends the connection, with a reason", TABLE);
