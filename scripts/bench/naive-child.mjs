// The peer that most people write: MQTT.js with its default options, one publish of JSON for each reading.
// `serial` reads lines with serialport's own parser; `paced` publishes at a rate, connected or not; else as fast as it can.
// Started with its options as JSON; the answer goes to the parent.
import { connectAsync } from "mqtt";
import { FIELDS, makeValues, readingAsJson } from "./readings.mjs";

const options = JSON.parse(process.argv[2]);
const WRITABLE_BYTES_MAX = 1_048_576;
const TICK_MS = 10;

const values = makeValues();
const client = await connectAsync(options.url);

function publish(i) {
	client.publish(options.topic, readingAsJson(FIELDS[i % FIELDS.length], values[i % values.length], Date.now()));
}

/** `perTurn` publishes in each turn of the event loop; waits for the socket where it has fallen behind. */
async function publishAll(readings) {
	for (let i = 0; i < readings; ) {
		for (const end = Math.min(readings, i + options.perTurn); i < end; i++) publish(i);
		if (client.stream.writableLength > WRITABLE_BYTES_MAX)
			await new Promise((resolve) => client.stream.once("drain", resolve));
		else await new Promise((resolve) => setImmediate(resolve));
	}
	while (client.stream.writableLength > 0) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function measure() {
	await publishAll(options.warmUp);
	const before = process.cpuUsage();
	await publishAll(options.readings);
	const { user, system } = process.cpuUsage(before);
	await client.endAsync();
	process.send({ answer: { cpuUs: user + system } }, () => process.exit());
}

function pace() {
	let published = 0;
	const startMs = performance.now();
	setInterval(
		() => {
			const due = ((performance.now() - startMs) * options.rate) / 1_000;
			while (published < due) publish(published++);
		},
		Math.max(TICK_MS, 1_000 / options.rate),
	);
}

async function readSerial() {
	const { SerialPort, ReadlineParser } = await import("serialport");
	const port = new SerialPort({ path: options.path, baudRate: 115_200 });
	port.pipe(new ReadlineParser()).on("data", (line) => {
		client.publish(options.topic, readingAsJson(FIELDS[0], Number(line), Date.now()));
	});
	await new Promise((resolve) => port.once("open", resolve));
}

process.on("disconnect", () => process.exit());
if (options.mode === "serial") await readSerial();
else if (options.mode === "paced") pace();
if (options.mode === "all") await measure();
else process.send({ answer: "ready" });
