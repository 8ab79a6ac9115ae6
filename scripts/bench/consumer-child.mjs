// The independent consumer, a process of its own: collects frames and messages of one reading while the clock runs,
// decodes and counts them when it is asked.  node consumer-child.mjs '{"host":"127.0.0.1","port":1883,"topics":["#"]}'
import { accountOfFrames, accountOfMessages } from "./account.mjs";
import { subscribe } from "./subscription.mjs";

const { host, port, topics } = JSON.parse(process.argv[2]);
const came = { frames: start(), messages: start() };

function start() {
	return { payloads: [], firstMs: 0, lastMs: 0 };
}

const subscription = await subscribe({
	host,
	port,
	topics,
	onMessage(topic, payload) {
		const kind = came[topic.endsWith("/data") ? "frames" : "messages"];
		kind.lastMs = performance.now();
		if (kind.payloads.length === 0) kind.firstMs = kind.lastMs;
		kind.payloads.push(payload);
	},
});

process.on("message", async ({ ask, as }) => {
	if (ask === "count") return process.send({ answer: came[as].payloads.length });
	await subscription.settle();
	const { payloads, firstMs, lastMs } = came[as];
	Object.assign(came, { frames: start(), messages: start() });
	const account = as === "frames" ? accountOfFrames(payloads) : accountOfMessages(payloads);
	const payloadBytes = as === "frames" ? payloads.map(({ length }) => length) : [];
	process.send({ answer: { ...account, spanMs: lastMs - firstMs, payloadBytes } });
});
process.on("disconnect", () => process.exit());
process.send({ answer: "ready" });
