import { test } from "uvu";
import * as assert from "uvu/assert";
import { createVersionChoice } from "../../src/uplink/version.js";

const end = (more: object) => ({ reason: "r", silent: false, versionRefused: false, authRefused: false, ...more });

test("a broker that refuses MQTT 5 is tried with 3.1.1 at once", () => {
	const version = createVersionChoice(5);
	assert.is(version.refused(end({ versionRefused: true })), true);
	assert.equal([version.current(), version.name()], [4, "3.1.1"]);
});

test("a broker that closes without a word is tried with the other after two attempts, to and fro", () => {
	const version = createVersionChoice(5);
	const answers = Array.from({ length: 4 }, () => version.refused(end({ silent: true })));
	assert.equal(answers, [false, true, false, true]);
	assert.is(version.current(), 5);
});

test("a refused connection or a wrong password says nothing about the version", () => {
	const version = createVersionChoice(5);
	version.refused(end({ silent: true }));
	assert.is(version.refused(end({ authRefused: true })), false);
	assert.is(version.refused(end({ silent: true })), false, "the count began anew");
});

test("3.1.1 that was asked for stays", () => {
	const version = createVersionChoice(4);
	assert.is(version.refused(end({ versionRefused: true })), false);
	assert.is(version.current(), 4);
});

test.run();
