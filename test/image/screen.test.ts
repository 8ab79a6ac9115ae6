// What a person sees who stands before a gateway: the console, the LED, the page. Against a made-up /sys, /dev and /run.
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { makeTempDir } from "../support/temp-dir.js";
import { runScript, writeFiles } from "./tools.js";

const SCREEN = "overlay/usr/lib/tallywire-image/screen";
const PAGE = "overlay/usr/lib/tallywire-image/page";
const CARD = "run/tallywire-card";

interface Machine {
	screen(word?: string, env?: Readonly<Record<string, string>>): Promise<void>;
	read(path: string): string;
	write(path: string, text: string): void;
	remove(path: string): void;
}

/** A gateway with an LED and a screen; `journal` is what the agent said. */
function makeMachine(files: Readonly<Record<string, string>> = {}, journal = ""): Machine {
	const root = writeFiles(makeTempDir("machine"), {
		"sys/class/leds/ACT/trigger": "mmc0",
		"sys/class/leds/ACT/delay_on": "500",
		"sys/class/leds/ACT/delay_off": "500",
		"sys/class/tty/console/active": "tty0 ttyS1\n",
		"dev/tty0": "",
		"dev/ttyS1": "",
		[`${CARD}/problems`]: "",
		[`${CARD}/tallywire.yaml`]: "mqtt: {}\n",
		journal,
		...files,
	});
	const bin = writeFiles(makeTempDir("bin"), { journalctl: `#!/bin/sh\ncat '${root}/journal'\n` });
	chmodSync(join(bin, "journalctl"), 0o755);
	return {
		screen: async (word, env = {}) => {
			const path = `${bin}:${process.env["PATH"]}`;
			const { code, stderr } = await runScript(SCREEN, word === undefined ? [] : [word], {
				env: { PATH: path, TALLYWIRE_SCREEN_ROOT: root, INVOCATION_ID: "1", ...env },
			});
			assert.is(code, 0, stderr);
		},
		read: (path) => readFileSync(join(root, path), "utf8"),
		write: (path, text) => writeFileSync(join(root, path), text),
		remove: (path) => rmSync(join(root, path)),
	};
}

test("all is well: says so on every console, and the LED's heart beats once the agent runs", async () => {
	const machine = makeMachine();
	await machine.screen();
	assert.is(machine.read("sys/class/leds/ACT/trigger"), "mmc0", "nothing is known of the agent yet");
	await machine.screen("agent-started");
	for (const console of ["dev/tty0", "dev/ttyS1"])
		assert.match(machine.read(console), /The settings on the card are in force/);
	assert.is(machine.read("sys/class/leds/ACT/trigger"), "heartbeat\n");
});

test("a mistake on the card is shown, and the LED blinks five times a second, also while the agent runs", async () => {
	const machine = makeMachine({ [`${CARD}/problems`]: "network.txt, line 2: address cannot be this\n" });
	await machine.screen("agent-started");
	assert.match(machine.read("dev/tty0"), /NOT AS IT SHOULD BE:\n {2}network\.txt, line 2: address cannot be this/);
	assert.is(machine.read("sys/class/leds/ACT/trigger"), "timer\n");
	assert.is(machine.read("sys/class/leds/ACT/delay_on"), "100\n");
	assert.is(machine.read("sys/class/leds/ACT/delay_off"), "100\n");
});

test("a refused configuration is shown in the agent's words until the agent starts", async () => {
	const machine = makeMachine({}, "tallywire.yaml:2:3: urll is not known; did you mean url?\n");
	await machine.screen("agent-ended", { EXIT_STATUS: "2" });
	assert.match(machine.read("dev/tty0"), /urll is not known; did you mean url\?/);
	assert.is(machine.read("sys/class/leds/ACT/trigger"), "timer\n");
	await machine.screen("agent-started");
	assert.match(machine.read("dev/tty0"), /in force/);
	assert.is(machine.read("sys/class/leds/ACT/trigger"), "heartbeat\n");
	// Any other end is the service manager's business, which starts it again.
	await machine.screen("agent-ended", { EXIT_STATUS: "1" });
	assert.match(machine.read("dev/tty0"), /in force/);
});

test("says nothing again that has not changed", async () => {
	const machine = makeMachine();
	await machine.screen();
	machine.write("dev/tty0", "");
	await machine.screen();
	assert.is(machine.read("dev/tty0"), "");
});

test("a card without a configuration is a mistake too", async () => {
	const machine = makeMachine();
	machine.remove(`${CARD}/tallywire.yaml`);
	await machine.screen();
	assert.match(machine.read("dev/tty0"), /tallywire\.yaml: not on the card/);
});

test("nothing that somebody wrote into a file reaches the terminal or the browser as more than text", async () => {
	const machine = makeMachine({}, "\u001b[2Jline 1: <script>alert(1)</script> & \u0007\u007f more\n");
	await machine.screen("agent-ended", { EXIT_STATUS: "2" });
	const control = (text: string): boolean =>
		[...text].some((char) => char !== "\n" && (char < " " || char === "\u007f"));
	assert.not.ok(control(machine.read("dev/tty0")));
	const page = machine.read(`${CARD}/page`);
	const body = page.slice(page.indexOf("\r\n\r\n") + 4);
	assert.not.ok(control(body));
	assert.ok(body.includes("&lt;script&gt;alert(1)&lt;/script&gt; &amp;"));
	assert.match(page, /^HTTP\/1\.0 200 OK\r\n(?:[^\r\n]+\r\n)*Content-Security-Policy: default-src 'none'/);
});

test("the page answers any request, and one that never ends", async () => {
	const file = join(writeFiles(makeTempDir("page"), { page: "HTTP/1.0 200 OK\r\n\r\nhello" }), "page");
	for (const input of ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", "\n", "no line end", "x: y\r\n".repeat(1_000)]) {
		const { code, stdout } = await runScript(PAGE, [file], { input });
		assert.is(code, 0);
		assert.is(stdout, "HTTP/1.0 200 OK\r\n\r\nhello", JSON.stringify(input.slice(0, 20)));
	}
});

test.run();
