import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createHostCheck } from "../../src/serve/allowed-host.js";
import { health } from "../../src/serve/health.js";
import { type SampleChanges, sampleReport } from "./sample-report.js";

const test = suite("health and hosts");

const CASES: readonly (readonly [sentence: string, changes: SampleChanges, reasons: readonly RegExp[]])[] = [
	["connected, balanced, a source up: ok", {}, []],
	["no source configured: ok", { sources: [] }, []],
	["one source of two down: ok", { sources: [{}, { up: false, error: "unplugged" }] }, []],
	["losses alone: ok, they are accounted for", { books: { uncertain: 99 } }, []],
	["link down", { link: { connected: false, error: "ECONNREFUSED" } }, [/^not connected .*: ECONNREFUSED$/]],
	["not connected yet", { link: { connected: false } }, [/^not connected .*: connecting$/]],
	[
		"every source down",
		{
			sources: [
				{ up: false, error: "gone" },
				{ name: "door", up: false },
			],
		},
		[/^no source works: env: gone; door: starting$/],
	],
	["books unbalanced", { books: { balanced: false } }, [/do not balance/]],
	["stopping", { state: "offline", link: { connected: false } }, [/^the agent is stopping$/]],
	[
		"all at once",
		{ books: { balanced: false }, link: { connected: false }, sources: [{ up: false }] },
		[/books/, /not/, /no/],
	],
];

test("health, as a table", () => {
	for (const [sentence, changes, expected] of CASES) {
		const { ok, reasons } = health(sampleReport(changes));
		assert.is(ok, expected.length === 0, sentence);
		assert.is(reasons.length, expected.length, sentence);
		for (const [i, reason] of expected.entries()) assert.match(reasons[i] ?? "", reason, sentence);
	}
});

const LOOPBACK = [
	"localhost",
	"LOCALHOST:9464",
	"localhost.:80",
	"127.0.0.1",
	"127.0.0.1:9464",
	"127.1.2.3",
	"[::1]",
	"[::1]:9464",
];
const LITERALS = ["192.168.1.7", "192.168.1.7:9464", "[fe80::1]:9464", "0.0.0.0:1"];
const OWN = ["pi-7f3a", "pi-7f3a:9464", "PI-7f3a.local:9464", "pi-7f3a.local."];
const FOREIGN = [
	"evil.example",
	"evil.example:9464",
	"localhost.evil.example",
	"127.0.0.1.evil.example",
	"127.evil.example",
	"evil.local",
	"pi-7f3a.evil.example",
	"::1",
	"localhost:9464:1",
	"localhost:",
	"localhost:x",
	"[localhost]",
	"[evil]",
	"a@localhost",
	"localhost/",
	" localhost",
	"localhost evil",
	"",
];

test("on loopback answers loopback names alone", () => {
	for (const listen of ["127.0.0.1", "localhost", "::1"]) {
		const isAllowed = createHostCheck(listen, "pi-7f3a");
		for (const host of LOOPBACK) assert.ok(isAllowed(host), `${listen}: ${host}`);
		for (const host of [...LITERALS, ...OWN, ...FOREIGN]) assert.not.ok(isAllowed(host), `${listen}: ${host}`);
		assert.not.ok(isAllowed(undefined));
	}
});

test("elsewhere answers addresses and the machine's own names too", () => {
	for (const listen of ["0.0.0.0", "::", "192.168.1.7"]) {
		const isAllowed = createHostCheck(listen, "pi-7f3a");
		for (const host of [...LOOPBACK, ...LITERALS, ...OWN]) assert.ok(isAllowed(host), `${listen}: ${host}`);
		for (const host of FOREIGN) assert.not.ok(isAllowed(host), `${listen}: ${host}`);
	}
	assert.ok(createHostCheck("gateway.example", "pi-7f3a")("gateway.example:9464"));
});

test.run();
