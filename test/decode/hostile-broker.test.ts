// What a broker that means ill, or is none, may say to a consuming command, and what that then says of it. The fuzzer
// feeds the same target; here are the answers that have to be those. Digits are all 0 in them.
import { type BrokerTable, testBrokerTable } from "../fuzz/broker-table.js";
import { createSubscriptionTarget } from "../fuzz/targets/subscription.js";

const NOT_EVEN = "00"; // no CONNACK before
const ACCEPTED = "01"; // the broker said yes before
const GRANTED = "21"; // and to the subscription, too
const FLOODED = "25"; // and goes on with 800,000 bytes after

const TABLE: BrokerTable = [
	["a packet that claims 256 MB", `${FLOODED}30ffffff7f000161`, /^the broker sent 0 bytes that are no packet we take$/],
	[
		"a message of QoS 2",
		`${GRANTED}340700016100010068`,
		/^the broker sent a message of QoS 0; it was asked for QoS 0$/,
	],
	["a message of QoS 1 without a packet id", `${GRANTED}3203000161`, /^the broker sent a message of QoS 0; it was/],
	["a release without a packet id", `${GRANTED}6200`, /^the broker sent PUBREL, which answers nothing$/],
	["a frame before its consent", `${NOT_EVEN}300500016100612003000000`, /^the broker sent PUBLISH before its CONNACK$/],
	["a refusal that no standard knows", `${NOT_EVEN}200300c800`, /^Connection refused, code 0$/],
	[
		"a grant of one topic too few",
		`${ACCEPTED}90051d1d000000`,
		/^Protocol error: suback granted 0 .* for 0 subscription/,
	],
	["a grant of all topics but one", `${ACCEPTED}90061d1d00008700`, /^the broker denied p\/\+\/status$/],
	["its refusal after its consent", `${GRANTED}e0028d00`, /^the broker disconnected us, reason code 0$/],
];

const target = await createSubscriptionTarget();

testBrokerTable(target, "ends the connection, with a reason, and another follows", TABLE);
