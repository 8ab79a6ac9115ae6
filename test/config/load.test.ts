// What a right configuration becomes: defaults, settings, derived values, secrets.
import { inspect } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Config } from "../../src/config/config.js";
import { deliveryHash } from "../../src/config/delivery.js";
import { defaultDevice } from "../../src/config/device.js";
import { type LoadEnvironment, loadConfig } from "../../src/config/load.js";
import { memoryBound } from "../../src/config/memory-bound.js";
import { createSecret } from "../../src/config/secret.js";
import { SECRET, testEnvironment } from "./environment.js";

function load(text: string, given: Partial<LoadEnvironment> = {}) {
	const loaded = loadConfig(text, "tallywire.yaml", testEnvironment(given));
	if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
	return loaded;
}

const config = (text: string, given: Partial<LoadEnvironment> = {}): Config => load(text, given).config;

/** The example of the contract, word for word but for its line of three file names. */
const EXAMPLE = `
device: pi-7f3a                 # default: derived from the board's serial number or the machine id
board: auto                     # or the id of a file in boards/
mqtt:
  url: mqtt://localhost:1883    # mqtt mqtts ws wss
  version: 5                    # or 4 (3.1.1); 5 falls back to 4 where the broker refuses it
  username: gateway
  password_file: /etc/tallywire/password
  client_id: tallywire-pi-7f3a
  prefix: tallywire
  keepalive: 30s
  reconnect: { min: 500ms, max: 60s }     # exponential, full jitter
buffer:   { capacity: 65536, ttl: 10m, policy: drop-oldest }      # or drop-newest
publish:  { format: cbor, linger: 50ms, max_readings: 256, max_bytes: 65536, max_rate: 0, confirm: 5s, at_risk: 1024 }
status:   { interval: 10s }
http:     { listen: 127.0.0.1:9464 }      # false turns it off
shutdown_timeout: 5s
log:      { level: info }
sources:
  - { name: env, type: serial, path: /dev/ttyUSB0, baud: 9600, parse: { as: csv, fields: [temperature, humidity] }, units: { temperature: Cel } }
  - { name: door, type: gpio, pin: GPIO17, mode: level, debounce: 20ms }
  - { name: lab, type: sim, rate: 100, streams: { temperature: { shape: sine, min: 18, max: 24, period: 10m } }, seed: 1 }
`;

const DEFAULTS = {
	file: "tallywire.yaml",
	device: "pi-7f3a",
	board: "generic-linux",
	mqtt: {
		url: "mqtt://localhost:1883",
		version: 5,
		clientId: "tallywire-pi-7f3a",
		prefix: "tallywire",
		keepaliveMs: 30_000,
		reconnect: { minMs: 500, maxMs: 60_000 },
	},
	buffer: { capacity: 65_536, ttlMs: 600_000, policy: "drop-oldest" },
	publish: {
		format: "cbor",
		lingerMs: 50,
		maxReadings: 256,
		maxBytes: 65_536,
		maxRate: 0,
		confirmMs: 5_000,
		atRisk: 1_024,
	},
	status: { intervalMs: 10_000 },
	http: { host: "127.0.0.1", port: 9_464 },
	shutdownTimeoutMs: 5_000,
	log: { level: "info" },
	sources: [],
};

const right = suite("right configurations");

right("loads the example of the contract as it is", () => {
	const { sources, mqtt, ...rest } = config(EXAMPLE);
	assert.equal({ ...rest, mqtt: {}, sources: [] }, { ...DEFAULTS, mqtt: {} });
	assert.equal(mqtt, { ...DEFAULTS.mqtt, username: "gateway", passwordFile: "/etc/tallywire/password" });
	assert.equal(
		sources.map(({ name, type }) => `${name} ${type}`),
		["env serial", "door gpio", "lab sim"],
	);
	const [env, door, lab] = sources as unknown as Record<string, unknown>[];
	assert.equal(env?.["parse"], { as: "csv", fields: ["temperature", "humidity"] });
	assert.is(env?.["maxLine"], 1_024);
	assert.equal(env?.["units"], { temperature: "Cel" });
	assert.is(door?.["debounceMs"], 20);
	assert.is(door?.["activeLow"], false);
	const streams = lab?.["streams"] as Record<string, Record<string, unknown>>;
	assert.is(streams["temperature"]?.["periodMs"], 600_000);
});

right("fills in the contract's defaults", () => {
	assert.equal(config("device: pi-7f3a\n"), DEFAULTS);
});

right("takes sections of which every line is a comment for empty ones", () => {
	assert.equal(
		config("device: pi-7f3a\nmqtt:\n  # url: x\nbuffer:\npublish:\nhttp:\nlog:\nstatus:\nsources:\n"),
		DEFAULTS,
	);
});

right("says that nothing is read where there are no sources", () => {
	assert.match(load("device: a\n").warnings.join(), "nothing is read");
	assert.equal(load(EXAMPLE).warnings, []);
});

right("reads JSON, a BOM and lines that end in CRLF", () => {
	assert.equal(config('{"device": "pi-7f3a", "mqtt": {"version": 5}}'), DEFAULTS);
	assert.equal(config("\ufeffdevice: pi-7f3a\r\nmqtt:\r\n  version: 5\r\n"), DEFAULTS);
});

right("reads aliases", () => {
	const both = "a: &wait 5s".replace("a:", "shutdown_timeout:");
	assert.is(config(`${both}\nstatus: { interval: *wait }\n`).status.intervalMs, 5_000);
});

right("turns HTTP off by false, for all or for listen", () => {
	assert.is(config("http: false\n").http, false);
	assert.is(config("http: { listen: false }\n").http, false);
	assert.equal(config('http: { listen: "[::1]:0" }\n').http, { host: "::1", port: 0 });
	assert.equal(config("http: { listen: 0.0.0.0:80 }\n").http, { host: "0.0.0.0", port: 80 });
	assert.match(load("http: { listen: 0.0.0.0:80 }\n").warnings.join(), "reachable from the network");
});

right("takes every scheme and form of a broker's url", () => {
	const urls = [
		"mqtt://h",
		"MQTT://h:1",
		"mqtts://a.b-c.d:8883/",
		"ws://h:80/mqtt",
		"wss://h/mqtt?x=1",
		"mqtt://[::1]:1883",
		"mqtt://10.0.0.1",
	];
	for (const url of urls) assert.is(config(`mqtt: { url: "${url}" }\n`).mqtt.url, url);
});

right("bounds a default by what is given", () => {
	const { publish } = config("publish: { at_risk: 100 }\n");
	assert.equal([publish.maxReadings, publish.atRisk], [100, 100]);
	const more = config("publish: { max_readings: 5000 }\n").publish;
	assert.equal([more.maxReadings, more.atRisk], [5_000, 5_000]);
	assert.is(config("buffer: { ttl: 20ms }\n").publish.lingerMs, 19);
	assert.equal(config("mqtt: { reconnect: { max: 100ms } }\n").mqtt.reconnect, { minMs: 100, maxMs: 100 });
});

right("takes the board's capacity only where the file gives none", () => {
	const board = {
		detectBoard: () => "rpi-4b",
		boardDefaults: (id: string) => (id === "rpi-4b" ? { capacity: 9_000 } : null),
	};
	assert.equal([config("device: a\n", board).board, config("device: a\n", board).buffer.capacity], ["rpi-4b", 9_000]);
	assert.is(config("buffer: { capacity: 5 }\n", board).buffer.capacity, 5);
	assert.is(config("board: rpi-5\n", board).buffer.capacity, 65_536);
	assert.equal([load("board: auto\n").boardGiven, load("board: rpi-5\n").boardGiven], [false, true]);
});

right("puts variables into text, and shows only their names", () => {
	const loaded = load(
		`device: a\nmqtt:\n  url: mqtt://\${HOST}:1883\n  username: \${PASSWORD}\n  client_id: x$\${y}\n`,
	);
	assert.is(loaded.config.mqtt.url, "mqtt://broker.local:1883");
	assert.is(loaded.config.mqtt.username, SECRET);
	assert.is(loaded.config.mqtt.clientId, `x\${y}`);
	assert.not.match(JSON.stringify(loaded.shown), SECRET);
	assert.match(JSON.stringify(loaded.shown), `\${PASSWORD}`);
});

right("never prints a secret", () => {
	const loaded = load(`mqtt: { username: u, password: "\${PASSWORD}" }\n`);
	assert.is(loaded.config.mqtt.password?.reveal(), SECRET);
	for (const printed of [
		JSON.stringify(loaded),
		inspect(loaded, { depth: 9, showHidden: true }),
		`${loaded.config.mqtt.password}`,
	]) {
		assert.not.match(printed, SECRET);
	}
	const secret = createSecret(SECRET);
	assert.equal([String(secret), JSON.stringify({ secret }), inspect(secret)], ["***", '{"secret":"***"}', "***"]);
});

right("warns of a password that crosses the network in the open", () => {
	const warn = (url: string) => load(`mqtt: { url: "${url}", username: u, password_file: /x }\n`).warnings.join();
	assert.match(warn("mqtt://broker"), "unencrypted");
	assert.match(warn("ws://broker"), "wss://");
	assert.not.match(warn("mqtts://broker"), "unencrypted");
	assert.not.match(warn("mqtt://[::1]"), "unencrypted");
});

right("keeps the names of streams as they are", () => {
	const [source] = config(
		"sources:\n  - { name: s, type: sim, streams: { my_stream: { shape: sine } }, limits: { my_stream: { min_interval: 1s } }, units: { my_stream: Cel, __proto__: x } }\n",
	).sources;
	assert.equal(source?.limits, { my_stream: { minIntervalMs: 1_000 } });
	assert.equal(Object.keys(source?.units ?? {}), ["my_stream", "__proto__"]);
	assert.equal(Object.keys((source as unknown as { streams: object }).streams), ["my_stream"]);
});

right("places what a source's factory complains of", () => {
	const loaded = load("sources:\n  - name: s\n    type: sim\n    rate: 5\n    streams: { t: { shape: sine } }\n");
	const { line, column, path, message } = loaded.sourceError(0, "rate: too many");
	assert.equal([line, column, path, message], [4, 11, "sources[0].rate", "too many"]);
	assert.equal(loaded.sourceError(0, "streams.t: min above max").path, "sources[0].streams.t");
	assert.equal(
		[loaded.sourceError(0, "no: such, key").line, loaded.sourceError(0, "Nothing to say").message],
		[2, "Nothing to say"],
	);
});

const device = suite("default device");

const machine = (files: Record<string, string>) => ({
	read: (path: string) => files[path],
	hostname: () => "rasp berry.local",
});

device("comes from the board's serial number, whatever card is in it", () => {
	const serial = { "/proc/device-tree/serial-number": "10000000a1b2c3d4\0" };
	const one = defaultDevice(machine({ ...serial, "/etc/machine-id": "aaaa1111\n" }));
	assert.is(one, defaultDevice(machine({ ...serial, "/etc/machine-id": "bbbb2222\n" })));
	assert.match(one, /^tw-[0-9a-f]{12}$/);
});

device("comes from the machine id where no serial number is", () => {
	const one = defaultDevice(
		machine({ "/etc/machine-id": "aaaa1111\n", "/proc/device-tree/serial-number": "0000000000000000\0" }),
	);
	assert.not.match(one, "aaaa1111");
	assert.is.not(one, defaultDevice(machine({ "/etc/machine-id": "bbbb2222\n" })));
});

device("comes from the host's name at last, made to fit", () => {
	assert.is(defaultDevice(machine({ "/etc/machine-id": "uninitialized\n" })), "rasp-berry-local");
	assert.is(defaultDevice({ read: () => undefined, hostname: () => "" }), "device");
});

const delivery = suite("delivery settings and memory");

delivery("hash the same for two devices with the same settings, and another for others", () => {
	const one = deliveryHash(config("device: a\n"));
	assert.match(one, /^[0-9a-f]{12}$/);
	assert.is(
		one,
		deliveryHash(config("device: b\nmqtt: { url: mqtts://other }\nbuffer: { policy: drop-oldest, ttl: 600s }\n")),
	);
	for (const other of [
		"buffer: { ttl: 9m }",
		"publish: { at_risk: 999 }",
		"shutdown_timeout: 4s",
		"mqtt: { version: 4 }",
		"mqtt: { keepalive: 31s }",
	]) {
		assert.is.not(one, deliveryHash(config(`${other}\n`)), other);
	}
});

delivery("memory is a sum of its parts and grows with the capacity", () => {
	const bound = memoryBound(config("buffer: { capacity: 100000 }\n"));
	assert.is(
		bound.bytes,
		bound.parts.reduce((sum, { bytes }) => sum + bytes, 0),
	);
	const larger = memoryBound(config("buffer: { capacity: 200000 }\n"));
	assert.is(larger.bytes - bound.bytes, 100_000 * (40 + 16));
	assert.ok(memoryBound(config(EXAMPLE)).parts.every(({ bytes }) => bytes > 0));
});

right.run();
device.run();
delivery.run();
