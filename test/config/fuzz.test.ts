// Values of any kind in any place of a good configuration: it loads, or it says where it is wrong. It never throws, and never
// tells the secret. Damage to its bytes is the fuzzer's (test/fuzz/targets/config.ts).
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

const fuzz = suite("configurations");

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

fuzz(`take values of any kind in any place (seed ${seed})`, () => {
	const parts = GOOD.match(/[^\s:,{}[\]]+/g) ?? [];
	fc.assert(
		fc.property(fc.constantFrom(...parts), fc.jsonValue({ maxDepth: 2 }), (part, value) => {
			check(GOOD.replace(part, JSON.stringify(value)));
		}),
		{ seed, numRuns: 250 },
	);
});

fuzz.run();
