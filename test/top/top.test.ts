// `tallywire top` beside a real agent and a real Mosquitto.
import { stripVTControlCharacters } from "node:util";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type TopIo, top } from "../../src/commands/top.js";
import { freePort } from "../support/free-port.js";
import { startBroker } from "../support/mosquitto.js";
import { startAgent } from "../support/process.js";
import { until } from "../support/wait.js";

interface Called {
	readonly exit: Promise<number>;
	out(): string;
	err(): string;
	key(key: string): void;
}

function call(isTerminal: boolean, ...args: string[]): Called {
	let [out, err] = ["", ""];
	let press = (_: string): void => {};
	const write = (text: string): boolean => {
		out += text;
		return true;
	};
	const io: TopIo = {
		stdout: (text) => void write(text),
		stderr(text) {
			err += text;
		},
		cwd: process.cwd(),
		onStop: () => {},
		onKey(listener) {
			press = listener;
			return () => {};
		},
		terminal: isTerminal ? { out: { columns: 90, rows: 30, writableNeedDrain: false, write }, events: process } : null,
	};
	return {
		exit: top(args, io),
		out: () => stripVTControlCharacters(out),
		err: () => err,
		key: (key) => press(key),
	};
}

test("wrong use says what is right, and exits 2", async () => {
	for (const args of [
		["--for", "soon"],
		["--device", "pi"],
		["ftp://here"],
		["http://one", "http://two"],
		["http://one", "--broker", "mqtt://two"],
		["--nonsense"],
	]) {
		const called = call(false, ...args);
		assert.is(await called.exit, 2, args.join(" "));
		assert.match(called.err(), "usage: tallywire top");
	}
});

test("where no agent answers it says so: exit 1", async () => {
	const called = call(false, `http://127.0.0.1:${await freePort()}`, "--for", "300ms");
	assert.is(await called.exit, 1);
	assert.match(called.err(), "nobody listens on http://127.0.0.1:");
});

test("shows a running agent from its status and from the broker, and ends at q", async () => {
	const broker = await startBroker();
	const port = await freePort();
	const agent = await startAgent({
		device: "pi-top",
		mqtt: { url: broker.url },
		http: { listen: `127.0.0.1:${port}` },
		status: { interval: "1s" },
		sources: [{ name: "lab", type: "sim", rate: 20, streams: { temperature: { shape: "sine", min: 18, max: 24 } } }],
	});
	const near = call(true, `http://127.0.0.1:${port}`);
	const far = call(true, "--broker", broker.url);

	await until(
		() => `the status in ${near.out()}`,
		() => /pi-top, run .* up/.test(near.out()) && near.out().includes("● all is well"),
	);
	await until("a rate", () => /│ +\d+\/s │/.test(near.out()));
	await until("the values", () => /lab\.temperature +\d+\.?\d* +now/.test(far.out()), 10_000);
	const lines = call(false, `http://127.0.0.1:${port}`, "--for", "3s");
	await lines.exit;
	near.key("q");
	far.key("q");
	assert.equal(await Promise.all([near.exit, far.exit, lines.exit]), [0, 0, 0]);
	assert.match(lines.out(), /^device=pi-top up=\d+s link=up stamped=\d+ .* ok=true$/m, lines.out());
	await agent.stop();
	await broker.stop();
});

test.run();
