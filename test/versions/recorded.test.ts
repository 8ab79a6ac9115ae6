// Every version that was released, as it was recorded then, held to today's code: an agent that is older than the
// reconciler is understood to the reading, and a configuration that was valid stays valid and means the same.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createAccount, limitsOf } from "../../src/reconcile/account.js";
import { fromState } from "../../src/reconcile/state.js";
import { loadState } from "../../src/reconcile/state-file.js";
import { SOURCE_TYPES } from "../../src/sources/registry.js";
import { VERSION } from "../../src/version.js";
import { decodeFrame } from "../../src/wire/decode-frame.js";
import { decodeStatus } from "../../src/wire/decode-status.js";
import { runTallywire } from "../support/process.js";
import { judge, recordedVersions, verdictsOf, whatChanged } from "./recorded.js";

test("this version is recorded", () => {
	const versions = recordedVersions.map(({ version }) => version);
	assert.ok(versions.includes(VERSION), `npm run build && node scripts/record-version.mjs; recorded: ${versions}`);
});

for (const { version, folder, messages, frames, verdicts, configurations } of recordedVersions) {
	test(`${version}: every frame reads as an independent decoder read it then`, () => {
		const decoded = messages
			.filter(({ topic }) => topic.endsWith("/data"))
			.map(({ payload }) => {
				const result = decodeFrame(payload);
				assert.ok(result.ok, result.ok ? "" : result.error);
				const { device, run, seq, sent, timeMs, clockSynchronised, streams, stream, dt, value } = result.frame;
				let atMs = timeMs;
				const readings = value.map((each, i) => {
					atMs += dt[i] ?? 0;
					return [atMs, streams[stream[i] ?? -1], each] as const;
				});
				return { device, run, seq, sent, time: timeMs, clockSynchronised, readings };
			});
		assert.ok(decoded.length > 30);
		const inOrder = <Frame extends { run: string; seq: number }>(list: readonly Frame[]): Frame[] =>
			[...list].sort((one, other) => (one.run < other.run ? -1 : one.run > other.run ? 1 : one.seq - other.seq));
		assert.equal(inOrder(decoded), inOrder(frames));
	});

	test(`${version}: every status reads as its JSON says`, () => {
		const statuses = messages.filter(({ topic }) => topic.endsWith("/status"));
		assert.ok(statuses.length > 20);
		for (const { payload } of statuses) {
			const result = decodeStatus(payload);
			assert.ok(result.ok, result.ok ? "" : result.error);
			const said = JSON.parse(payload.toString());
			const { timeMs, clockSynchronised, uptimeMs, inFlight, buffer, mqtt, balanced, ...same } = result.status;
			assert.ok(balanced);
			assert.equal(
				whatChanged(
					{ ...same, sources: undefined, previous: undefined },
					{ ...said, sources: undefined, previous: undefined },
				),
				[],
			);
			assert.equal(whatChanged(same.previous, said.previous), []);
			assert.equal(whatChanged(same.sources, said.sources), []);
			assert.equal([timeMs, clockSynchronised, inFlight], [said.time, said.clock, said.in_flight]);
			assert.is(Math.round(uptimeMs), Math.round(said.uptime_s * 1_000));
			assert.equal(buffer, { capacity: said.buffer.capacity, ttlMs: said.buffer.ttl_ms, policy: said.buffer.policy });
			assert.equal(
				[mqtt.connects, mqtt.authFailures, mqtt.loopback],
				[said.mqtt.connects, said.mqtt.auth_failures, said.mqtt.loopback],
			);
		}
	});

	test(`${version}: the reconciler accounts for every reading as was found then`, () => {
		const today = judge(messages);
		const byDevice = (list: typeof today) => new Map(list.map((verdict) => [verdict.device, verdict]));
		assert.equal(whatChanged(Object.fromEntries(byDevice(verdicts)), Object.fromEntries(byDevice(today))), []);
		const lost = verdicts.flatMap(({ tally }) => Object.entries(tally.lost).filter(([, count]) => count > 0));
		assert.equal([...new Set(lost.map(([cause]) => cause))].sort(), ["crash", "expired", "overflow", "uncertain"]);
	});

	test(`${version}: the reconciler's state file is read on`, () => {
		const loaded = loadState(join(folder, "state"));
		assert.ok(loaded.kind === "state");
		const restored = fromState(loaded.state, limitsOf({}), 0.995);
		assert.ok(restored.ok, restored.ok ? "" : restored.why);
		const today = verdictsOf(createAccount({}, restored.fleet), restored.savedMs);
		for (const { device, tally } of verdicts) {
			assert.equal(whatChanged(tally, today.find((verdict) => verdict.device === device)?.tally), []);
		}
	});

	for (const { file, config, delivery } of configurations) {
		test(`${version}: ${file} is still valid, and means the same`, async () => {
			const path = join(folder, "configurations", file);
			const { code, stdout, stderr } = await runTallywire(["check", "--json", "-c", path]);
			assert.is(code, 0, stderr);
			const today = JSON.parse(stdout);
			assert.equal(whatChanged(config, today.config), []);
			assert.equal(whatChanged(delivery, today.delivery.settings), []);
		});
	}
}

test("the configurations that are recorded of this version have every type of source", () => {
	const newest = recordedVersions.find(({ version }) => version === VERSION);
	const file = join(newest?.folder ?? "", "configurations/sources.yaml");
	const text = existsSync(file) ? readFileSync(file, "utf8") : "";
	assert.equal(
		SOURCE_TYPES.filter((type) => !text.includes(`type: ${type}`)),
		[],
	);
});

test.run();
