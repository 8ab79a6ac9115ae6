// Random damage to a good configuration: it loads, or it says where it is wrong. It never throws, and never tells the secret.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatConfigError, loadConfig } from "../../src/config/load.js";
import { seed } from "../support/seed.js";
import { SECRET, testEnvironment } from "./environment.js";

const GOOD = `device: pi-7f3a
board: auto
mqtt:
  url: mqtt://localhost:1883
  version: 5
  username: gateway
  password: \${PASSWORD}
  reconnect: { min: 500ms, max: 60s }
buffer: { capacity: 65536, ttl: 10m, policy: drop-oldest }
publish: { format: cbor, linger: 50ms, max_readings: 256, at_risk: 1024 }
http: { listen: 127.0.0.1:9464 }
sources:
  - { name: env, type: serial, path: /dev/ttyUSB0, baud: 9600, parse: { as: csv, fields: [t, h] }, units: { t: Cel } }
  - { name: door, type: gpio, pin: GPIO17, mode: level, debounce: 20ms }
  - { name: lab, type: sim, rate: 100, streams: { t: { shape: sine, period: 10m } }, limits: { t: { deadband: 0.1 } } }
`;

const PIECES = [
	..."\n\t :-?*&!|>'\"%@`{}[],#$0\0\ud800\u00e9\ufeff",
	"\n  ",
	": ",
	"- ",
	"---\n",
	"${",
	"null",
	"true",
	"1e999",
	"-1",
	"10d",
	"<<: ",
	"__proto__: ",
	"*a",
	"&a ",
	"!!binary ",
] as const;

const damage = fc.record({
	at: fc.nat({ max: GOOD.length }),
	removed: fc.oneof(fc.constant(0), fc.nat({ max: 12 })),
	piece: fc.oneof(fc.constant(""), fc.constantFrom(...PIECES)),
});

const fuzz = suite("damaged configurations");

function check(text: string): void {
	const loaded = loadConfig(text, "f", testEnvironment());
	if (loaded.ok) {
		assert.not.match(JSON.stringify(loaded), SECRET);
		return;
	}
	assert.ok(loaded.errors.length > 0);
	for (const error of loaded.errors) {
		assert.ok(
			error.line >= 1 && error.column >= 1 && error.line <= text.split("\n").length + 1,
			formatConfigError(error),
		);
		assert.ok(error.message.length > 0);
		assert.not.match(formatConfigError(error), SECRET);
	}
}

fuzz(`load or say where they are wrong (seed ${seed})`, () => {
	fc.assert(
		fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
			let text = GOOD;
			for (const { at, removed, piece } of damages) text = text.slice(0, at) + piece + text.slice(at + removed);
			check(text);
		}),
		{ seed, numRuns: 700 },
	);
});

fuzz(`take values of any kind in any place (seed ${seed})`, () => {
	const parts = GOOD.match(/[^\s:,{}[\]]+/g) ?? [];
	fc.assert(
		fc.property(fc.constantFrom(...parts), fc.jsonValue({ maxDepth: 2 }), (part, value) => {
			check(GOOD.replace(part, JSON.stringify(value)));
		}),
		{ seed, numRuns: 250 },
	);
});

fuzz(`take any text (seed ${seed})`, () => {
	fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), check), { seed, numRuns: 250 });
});

fuzz.run();
