// From starting the bundle to its first frame at a subscriber, beside a Node that starts and ends and does nothing else.
// The frame waits `publish.linger` (50 ms) for more readings: that is part of it. Starts of both take turns.
import { spawn } from "node:child_process";
import { ONE_PER_SECOND, startBundle } from "./bundle.mjs";
import { median } from "./statistics.mjs";
import { subscribe } from "./subscription.mjs";

const STARTS = { full: 15, quick: 7, tiny: 2 };
const OVER_BARE_MS_MAX = 250;

export const start = {
	name: "start",
	what: "start to first frame at the broker",
	reach: `<= bare Node's start + ${OVER_BARE_MS_MAX} ms`,
	async measure(context) {
		const { support } = context;
		const broker = await support.startBroker();
		const samples = { bare: [], first: [], publish: [] };
		for (let run = 0; run < STARTS[context.scale]; run++) {
			samples.bare.push(await startBare());
			samples.first.push(await startToFrame(context, broker, run, {}));
			samples.publish.push(await startToFrame(context, broker, run + STARTS[context.scale], { linger: "1ms" }));
		}
		await broker.kill();
		const bare = median(samples.bare);
		return [
			{
				what: "start to first frame over bare Node",
				unit: "ms",
				samples: samples.first.map((ms) => ms - bare),
				reach: { max: OVER_BARE_MS_MAX },
			},
			{ what: "  with linger: 1ms", unit: "ms", samples: samples.publish.map((ms) => ms - bare) },
			{ what: "bare Node, node -e 0", unit: "ms", samples: samples.bare, isPeer: true },
		];
	},
};

function startBare() {
	const startMs = performance.now();
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, ["-e", "0"], { stdio: "ignore" });
		child.once("error", reject);
		child.once("exit", () => resolve(performance.now() - startMs));
	});
}

async function startToFrame(context, broker, run, publish) {
	let frameCame;
	const frame = new Promise((resolve) => {
		frameCame = resolve;
	});
	const device = `start-${run}`;
	const topics = [`tallywire/${device}/data`];
	const subscription = await subscribe({ ...broker, topics, onMessage: () => frameCame(performance.now()) });
	const startMs = performance.now();
	const agent = startBundle(context, { broker, device, sources: [ONE_PER_SECOND], http: false, publish });
	const late = setTimeout(frameCame, 10_000, Number.POSITIVE_INFINITY);
	const ms = (await frame) - startMs;
	clearTimeout(late);
	subscription.end();
	await agent.kill();
	if (ms === Number.POSITIVE_INFINITY) throw new Error(`start: no frame came\n${agent.stderr()}`);
	return ms;
}
