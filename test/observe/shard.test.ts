// Shares of the devices, and why they are not a shared subscription.
import mqtt from "mqtt";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { subscribe } from "../../src/consume/subscribe.js";
import { isInShard, parseShard } from "../../src/observe/shard.js";
import { startBroker } from "../support/mosquitto.js";
import { until } from "../support/wait.js";

test("reads K/N and nothing else", () => {
	assert.equal(parseShard("1/1"), { index: 0, count: 1 });
	assert.equal(parseShard("3/3"), { index: 2, count: 3 });
	for (const wrong of ["0/3", "4/3", "1/0", "1", "/", "1/3/5", "01/3", "1/9999", "-1/3", "a/b", ""]) {
		assert.is(parseShard(wrong), undefined, wrong);
	}
});

test("every device is in exactly one share, and the shares are about equal", () => {
	const counts = [0, 0, 0, 0, 0];
	for (let device = 0; device < 10_000; device++) {
		const held = counts.map((_, index) => isInShard(`pi-${device.toString(16)}`, { index, count: 5 }));
		assert.is(held.filter(Boolean).length, 1);
		counts[held.indexOf(true)] = (counts[held.indexOf(true)] ?? 0) + 1;
	}
	for (const count of counts) assert.ok(count > 1_700 && count < 2_300, `shares of ${counts.join(", ")}`);
});

test("a shared subscription deals the frames of one device out, so no member could tell a loss", async () => {
	const broker = await startBroker();
	const got: string[][] = [[], []];
	const up = got.map(() => false);
	const members = got.map((list, member) =>
		subscribe({
			broker: { url: broker.url },
			name: `member-${member}`,
			topics: ["$share/group/tallywire/+/data"],
			events: {
				message({ payload }) {
					list.push(Buffer.from(payload).toString());
					return undefined;
				},
				up() {
					up[member] = true;
				},
				down: ({ reason }) => assert.unreachable(reason),
			},
			random: Math.random,
			nowMs: () => performance.now(),
		}),
	);
	await until("both subscriptions", () => up.every(Boolean));
	const client = await mqtt.connectAsync(broker.url);
	for (let i = 0; i < 10; i++) await client.publishAsync("tallywire/pi/data", String(i));
	await until("ten frames", () => got.flat().length === 10);
	for (const list of got) assert.ok(list.length > 0 && list.length < 10, `one member got ${list.length} of 10`);
	for (const member of members) member.stop();
	await client.endAsync();
	await broker.stop();
});

test.run();
