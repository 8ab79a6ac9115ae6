// `tallywire decode` as a process: every form of input through a real pipe, readers that leave early, wrong use, and a
// real broker with all its doors.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createFrameEncoder } from "../../src/wire/frame.js";
import { makeCertificates } from "../support/certs.js";
import { freePort } from "../support/free-port.js";
import { type Broker, type BrokerOptions, startBroker } from "../support/mosquitto.js";
import { agentEntry, type Finished, runTallywire, startProcess, startTallywire } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";
import { until } from "../support/wait.js";
import { decodeFile, FRAME_READINGS, mixedFrame, writeFrames } from "./rate.js";

const cbor = createFrameEncoder("cbor");
const json = createFrameEncoder("json");
const FRAMES = [0, 64, 128].map((seq) => mixedFrame(seq, 64));
const payloads = FRAMES.map((each) => Buffer.from(cbor(each)));

async function decode(args: readonly string[], input: Uint8Array): Promise<Finished> {
	const running = startTallywire(["decode", ...args], { stdin: true });
	running.write(input);
	running.endInput();
	return { ...(await running.exited), stdout: running.stdout(), stderr: running.stderr() };
}

const INPUTS: readonly (readonly [string, Uint8Array])[] = [
	["-N, CBOR", Buffer.concat(payloads)],
	["CBOR, one a line", Buffer.concat(payloads.flatMap((each) => [each, Buffer.from("\n")]))],
	["-N, JSON", Buffer.concat(FRAMES.map(json))],
	["JSON, one a line", Buffer.concat(FRAMES.flatMap((each) => [json(each), Buffer.from("\n")]))],
	["-F %x", Buffer.from(payloads.map((each) => `${each.toString("hex")}\n`).join(""))],
	["-F '%t %x'", Buffer.from(payloads.map((each) => `tallywire/pi-7f3a/data ${each.toString("hex")}\n`).join(""))],
];

for (const [name, input] of INPUTS) {
	test(`reads ${name} from a pipe`, async () => {
		const { code, stdout, stderr } = await decode([], input);
		assert.is(stderr, "");
		assert.is(code, 0);
		const readings = stdout
			.trimEnd()
			.split("\n")
			.map((line) => JSON.parse(line));
		assert.is(readings.length, 192);
		assert.equal(
			readings.map(({ seq }) => seq),
			Array.from({ length: 192 }, (_, i) => i),
		);
		assert.equal(readings[65], {
			time: 1_790_000_000_065,
			device: "pi-7f3a",
			run: "AAAAAAAAAAA",
			seq: 65,
			stream: "env.humidity",
			value: 49,
		});
	});
}

test("writes CSV and line protocol", async () => {
	const csv = await decode(["--as", "csv"], Buffer.concat(payloads));
	assert.match(
		csv.stdout,
		/^time,device,run,seq,stream,value\n1790000000000,pi-7f3a,AAAAAAAAAAA,0,env.temperature,21.37\n/,
	);
	assert.is(csv.stdout.trimEnd().split("\n").length, 193);
	const points = await decode(["--as", "line-protocol"], Buffer.concat(payloads));
	assert.match(points.stdout, /^env,device=pi-7f3a temperature=21.37 1790000000000000000\n/);
	assert.is(points.stdout.trimEnd().split("\n").length, 192);
});

test("skips what is no frame, says so once for each kind, and ends well", async () => {
	const wrong = Buffer.from("ff\nff\nzz\n");
	const lines = Buffer.from(`${(payloads[0] as Buffer).toString("hex")}\n`);
	const { code, stdout, stderr } = await decode(["--in", "hex"], Buffer.concat([wrong, lines, wrong]));
	assert.is(code, 0);
	assert.is(stdout.trimEnd().split("\n").length, 64);
	assert.is(
		stderr,
		"tallywire decode: 4 no frame: indefinite, first at line 1, byte 0 of the payload\n" +
			"tallywire decode: 2 no frame: not_hex, first at line 3\n",
	);
});

test("fails where nothing was decoded", async () => {
	for (const input of ["", "\n", "noise\n", "{}"]) {
		const { code, stdout, stderr } = await decode([], Buffer.from(input));
		assert.is(code, 1, input);
		assert.is(stdout, "");
		assert.match(stderr, /no frame was decoded\n$/);
	}
});

test("a reader that leaves ends it quietly, in the middle of what it writes", async () => {
	const file = writeFrames(2_000);
	const script = `"$0" "$1" decode < "$2" | head -1; echo "\${PIPESTATUS[*]}"`;
	const running = startProcess("bash", ["-c", script, process.execPath, agentEntry(), file]);
	await running.exited;
	assert.is(running.stderr(), "");
	assert.match(running.stdout(), /^\{"time":1790000000000,.*\}\n0 0\n$/);
});

test("what is live is seen at once, and a signal ends it well", async () => {
	const running = startTallywire(["decode"], { stdin: true });
	running.write(payloads[0] as Buffer);
	await until("the first frame's readings", () => running.stdout().split("\n").length === 65, 10_000);
	running.signal("SIGINT");
	assert.equal(await running.exited, { code: 0, signal: null });
	assert.is(running.stderr(), "");
});

test("--for ends it", async () => {
	const running = startTallywire(["decode", "--for", "100ms"], { stdin: true });
	running.write(payloads[0] as Buffer);
	assert.is((await running.exited).code, 0);
	assert.is(running.stdout().split("\n").length, 65);
});

test("says what is wrong with its options", async () => {
	const folder = makeTempDir("decode");
	const wrong: readonly (readonly [readonly string[], RegExp])[] = [
		[["--as", "xml"], /--as takes one of ndjson, csv, line-protocol/],
		[["--in", "base64"], /--in takes one of auto, hex, raw/],
		[["--for", "soon"], /--for takes a duration/],
		[["--topic", "x"], /--topic needs --broker/],
		[["--username", "x"], /--username needs --broker/],
		[["--broker", "localhost"], /--broker: .*mqtt:\/\/localhost/],
		[["--broker", "mqtt://user:secret@localhost"], /--broker: credentials inside the url \(not shown\)/],
		[["--broker", "mqtt://localhost", "--in", "hex"], /--in is for stdin/],
		[["--broker", "mqtt://localhost", "--cert-file", "x"], /--cert-file and --key-file go together/],
		[["--broker", "mqtt://localhost", "--password-file", "x"], /--password-file needs --username/],
		[
			["--broker", "mqtt://localhost", "--ca-file", join(folder, "none")],
			/--ca-file: cannot read .*none: there is no such file \(ENOENT\)/,
		],
		[["frames"], /frames/],
		[["--nonsense"], /--nonsense/],
	];
	for (const [args, message] of wrong) {
		const { code, stdout, stderr } = await runTallywire(["decode", ...args]);
		assert.is(code, 2, args.join(" "));
		assert.is(stdout, "");
		assert.match(stderr, message);
		assert.match(stderr, /usage: tallywire decode/);
	}
	const help = await runTallywire(["decode", "--help"]);
	assert.is(help.code, 0);
	assert.match(help.stdout, /^usage: tallywire decode/);
});

test("a large file goes through at a rate (printed)", async () => {
	const frames = 4_000;
	const file = writeFrames(frames);
	for (const as of ["ndjson", "csv", "line-protocol"]) {
		const { lines, seconds } = await decodeFile(file, as);
		const rate = Math.round((frames * FRAME_READINGS) / seconds);
		console.log(`${as}: ${rate} readings/s from a file to a pipe, start of the process included`);
		assert.is(lines, frames * FRAME_READINGS + (as === "csv" ? 1 : 0));
	}
});

async function publish(broker: Broker, payload: Uint8Array, topic: string, ...more: readonly string[]): Promise<void> {
	const target = ["-h", broker.host, "-p", String(broker.port), "-t", topic, "-s", ...more];
	const running = startProcess("mosquitto_pub", target, { stdin: true });
	running.write(payload);
	running.endInput();
	assert.is((await running.exited).code, 0, running.stderr());
}

/** Publishes one frame until it comes out: then the subscription is active. */
async function seen(
	broker: Broker,
	running: ReturnType<typeof startTallywire>,
	...more: readonly string[]
): Promise<void> {
	await until(
		() => `readings of ${running.stderr()}`,
		async () => {
			await publish(broker, payloads[0] as Buffer, "tallywire/pi-7f3a/data", ...more);
			return running.stdout().includes('"seq":63');
		},
		15_000,
	);
}

async function withBroker(options: BrokerOptions, use: (broker: Broker) => Promise<void>): Promise<void> {
	const broker = await startBroker(options);
	try {
		await use(broker);
	} finally {
		await broker.stop();
	}
}

test("reads frames from a broker, passes over what is none, and comes back after a restart", () =>
	withBroker({}, async (broker) => {
		await publish(broker, Buffer.from("online"), "tallywire/pi-7f3a/state", "-r");
		const running = startTallywire(["decode", "--broker", broker.url, "--topic", "tallywire/#"]);
		await seen(broker, running);
		await publish(broker, Buffer.from("noise"), "tallywire/x/data", "-q", "1"); // the broker has handed it on
		await broker.restart();
		await until(
			"a frame after the restart",
			async () => {
				await publish(broker, payloads[2] as Buffer, "tallywire/pi-7f3a/data");
				return running.stdout().includes('"seq":191');
			},
			15_000,
		);
		running.signal("SIGTERM");
		assert.is((await running.exited).code, 0);
		assert.match(running.stderr(), /event=not_observing .*retry_ms=\d+\n/);
		assert.match(running.stderr(), /1 no frame: not_a_map, first at a message of "tallywire\/x\/data"\n/);
	}));

test("gives its name and password, and says at once when they are refused", () => {
	const login = { username: "reader", password: "open sesame" };
	const users = { users: [login], acl: ["user reader", "topic readwrite tallywire/#"] };
	return withBroker(users, async (broker) => {
		const folder = makeTempDir("decode");
		mkdirSync(folder, { recursive: true });
		writeFileSync(join(folder, "right"), `${login.password}\n`);
		writeFileSync(join(folder, "wrong"), "open barley\n");
		const who = ["decode", "--broker", broker.url, "--username", "reader", "--password-file"];
		const refused = await runTallywire([...who, join(folder, "wrong")]);
		assert.is(refused.code, 1);
		assert.match(refused.stderr, /authori[sz]ed|password/i);
		assert.not.match(refused.stderr, /barley/);
		const running = startTallywire([...who, join(folder, "right")]);
		await seen(broker, running, "-u", login.username, "-P", login.password);
		await running.stop();
	});
});

test("verifies the broker's certificate, and shows its own", async () => {
	const certs = await makeCertificates();
	const tls = { server: certs.server, caFile: certs.caFile, requireClient: true };
	await withBroker({ tls }, async (broker) => {
		const client = ["--cert-file", certs.client.certFile, "--key-file", certs.client.keyFile];
		for (const env of [{}, { NODE_TLS_REJECT_UNAUTHORIZED: "0" }]) {
			const stranger = await runTallywire(["decode", "--broker", broker.tlsUrl, "--for", "1s", ...client], { env });
			assert.is(stranger.code, 1);
			assert.match(stranger.stderr, /not from an authority we know: set --ca-file/);
		}
		const running = startTallywire(["decode", "--broker", broker.tlsUrl, "--ca-file", certs.caFile, ...client]);
		await seen(broker, running);
		await running.stop();
	});
});

test("reads over websockets", () =>
	withBroker({ websockets: true }, async (broker) => {
		const running = startTallywire(["decode", "--broker", broker.wsUrl]);
		await seen(broker, running);
		await running.stop();
	}));

test("waits for a broker that is not there, for as long as it was told", async () => {
	const url = `mqtt://127.0.0.1:${await freePort()}`;
	const { code, stderr } = await runTallywire(["decode", "--broker", url, "--for", "300ms"]);
	assert.is(code, 1);
	assert.match(stderr, /event=not_observing .*reason="connection refused: no broker listens there" retry_ms=\d+\n/);
	assert.match(stderr, /no frame was decoded\n$/);
});

test.run();
