// Planted bugs in src/run and src/uplink: what drives the core, what a run leaves behind, and when it connects again.

const driver = "src/run/driver.ts";
const record = "src/run/black-box-record.ts";
const payload = "src/run/status-payload.ts";
const backoff = "src/uplink/backoff.ts";
const version = "src/uplink/version.ts";

export const RUN_BUGS = [
	{
		name: "the last frame is sent again on the next connection",
		edits: [
			{
				file: driver,
				from: "				uplink.publishFrame(effect.payload, effect.expiryS);",
				to: "				lastFrame = effect;\n				uplink.publishFrame(effect.payload, effect.expiryS);",
			},
			{
				file: driver,
				from: "			agent.linkUp(nowMs(), bytesMax);",
				to: "			agent.linkUp(nowMs(), bytesMax);\n			if (lastFrame) uplink.publishFrame(lastFrame.payload, lastFrame.expiryS);",
			},
			{ file: driver, from: "	let pumping = false;", to: "	let lastFrame = null;\n	let pumping = false;" },
		],
	},
	{
		name: "frames leave before they are on record",
		edits: [
			{
				file: driver,
				from: "				blackBox.record(agent.books());\n				uplink.release();",
				to: "				uplink.release();\n				blackBox.record(agent.books());",
			},
		],
	},
	{
		name: "nothing is held back until it is on record",
		edits: [{ file: driver, from: "		uplink.hold();\n", to: "" }],
	},
	{
		name: "what was sent is not put on record",
		edits: [
			{
				file: driver,
				from: "				blackBox.record(agent.books());\n				uplink.release();",
				to: "				uplink.release();",
			},
		],
	},
	{
		name: "the library's pings are no barriers",
		edits: [
			{
				file: driver,
				from: '			if (!agent.pingSent(nowMs())) uplink.close("the broker answers no ping");\n',
				to: "",
			},
		],
	},
	{
		name: "nothing wakes for a ping of the library that is not answered",
		isSlow: true,
		edits: [{ file: driver, from: "			arm(); // or a link that dies now", to: "			// or a link that dies now" }],
	},
	{
		name: "an answer that nobody asked for is passed over",
		edits: [
			{
				file: driver,
				from: 'if (!agent.pingReturned(nowMs())) uplink.close("an answer to a ping that was never sent: not a broker");',
				to: "agent.pingReturned(nowMs());",
			},
		],
	},
	{
		name: "a timer that runs is never moved",
		edits: [
			{
				file: driver,
				from: "if (wakeMs >= timerAtMs || wakeMs",
				to: "if (timerAtMs !== Number.POSITIVE_INFINITY || wakeMs",
			},
		],
	},
	{
		name: "a timer that has fired counts as running",
		edits: [
			{
				file: driver,
				from: "	function wake(): void {\n		timerAtMs = Number.POSITIVE_INFINITY;\n",
				to: "	function wake(): void {\n",
			},
		],
	},
	{
		name: "the clocks are not read",
		edits: [
			{
				file: driver,
				from: "		agent.setClock(nowMs(), options.wallMs(), options.clockSynchronised());\n",
				to: "",
			},
		],
	},
	{
		name: "a status larger than the broker takes",
		edits: [
			{
				file: driver,
				from: "if (payload.length <= payloadBytesMax) uplink.publishStatus(payload);",
				to: "uplink.publishStatus(payload);",
			},
			{ file: driver, from: "options.status(payloadBytesMax);", to: "options.status(65_536);" },
		],
	},
	{
		name: "a link that ends is not reported",
		edits: [{ file: driver, from: "			agent.linkDown();\n			pump();", to: "			pump();" }],
	},
	{
		name: "a status is cut for 64 KiB only",
		isSlow: true,
		edits: [{ file: payload, from: "Math.min(bytesMax, STATUS_BYTES_MAX)", to: "STATUS_BYTES_MAX" }],
	},
	{
		name: "two counters change places in the black box",
		edits: [
			{
				file: record,
				from: "[books.stamped, books.sent, books.confirmed, books.uncertain, ...dropped]",
				to: "[books.stamped, books.sent, books.uncertain, books.confirmed, ...dropped]",
			},
		],
	},
	{
		name: "the black box has room for one counter less",
		edits: [{ file: record, from: "COUNTERS_AT + i * 8);\n	});", to: "COUNTERS_AT + Math.min(i, 6) * 8);\n	});" }],
	},
	{
		name: "the backoff has no ceiling",
		edits: [{ file: backoff, from: "ceilingMs = Math.min(maxMs, ceilingMs * 2);", to: "ceilingMs = ceilingMs * 2;" }],
	},
	{
		name: "MQTT 3.1.1 is never tried",
		edits: [{ file: version, from: "version = version === 5 ? 4 : 5;", to: "version = 5;" }],
	},
];
