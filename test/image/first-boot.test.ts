// What the initrd makes of the card's FAT partition before anything else runs: settings in memory, a network, a name. Whatever
// somebody wrote there, it goes on, and says what it did not take.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { defaultDevice } from "../../src/config/device.js";
import { makeTempDir } from "../support/temp-dir.js";
import { runScript, writeFiles } from "./tools.js";

async function readCard(files: Readonly<Record<string, string | Buffer>>) {
	const [from, to, credstore] = [writeFiles(makeTempDir("fat"), files), makeTempDir("card"), makeTempDir("credstore")];
	const { code, stderr } = await runScript("initrd/read-card", [from, to, credstore]);
	assert.is(code, 0, stderr);
	return { to, credstore, problems: lines(join(to, "problems")) };
}

function lines(file: string): readonly string[] {
	return readFileSync(file, "utf8").split("\n").filter(Boolean);
}

function modeOf(path: string): string {
	return (statSync(path).mode & 0o777).toString(8);
}

test("takes the settings, and keeps the credentials from everybody else", async () => {
	const { to, credstore, problems } = await readCard({
		"tallywire.yaml": "mqtt: {}\r\n",
		"network.txt": "[ethernet]\n",
		authorized_keys: "ssh-ed25519 AAAA\n",
		"credentials/password.txt": "secret",
		"credentials/ca.pem": "certificate",
		"kernel.img": "not a setting",
	});
	assert.equal(problems, []);
	assert.equal(readdirSync(to).sort(), ["authorized_keys", "network.txt", "problems", "tallywire.yaml"]);
	assert.equal(readdirSync(credstore).sort(), ["tallywire.ca", "tallywire.password"]);
	assert.is(readFileSync(join(to, "tallywire.yaml"), "utf8"), "mqtt: {}\r\n");
	assert.is(modeOf(join(to, "tallywire.yaml")), "644");
	assert.is(modeOf(join(to, "network.txt")), "600");
	assert.is(modeOf(join(credstore, "tallywire.password")), "600");
	assert.is(modeOf(credstore), "700");
});

test("says what it did not take, and takes the rest", async () => {
	const { to, problems } = await readCard({
		"tallywire.yaml.txt": "mqtt: {}",
		"authorized_keys.txt": "ssh-ed25519 AAAA",
		"network.txt": Buffer.alloc(65_537, "x"),
		"credentials/passwort": "secret",
		"credentials/key": "k",
	});
	assert.equal(problems, [
		"network.txt: larger than 64 KiB, not read",
		"tallywire.yaml.txt: not read; rename it to tallywire.yaml",
		"authorized_keys.txt: not read; rename it to authorized_keys",
		"credentials/passwort: not read; only password, ca, cert and key are",
	]);
	assert.equal(readdirSync(to), ["problems"]);
});

test("an empty card, or none, is no obstacle", async () => {
	assert.equal((await readCard({})).problems, []);
	const to = makeTempDir("card");
	assert.is((await runScript("initrd/read-card", ["/nowhere", to, join(to, "store")])).code, 0);
});

async function network(text: string | null) {
	const [card, units] = [makeTempDir("card"), join(makeTempDir("units"), "network")];
	writeFiles(card, { problems: "", ...(text === null ? {} : { "network.txt": text }) });
	const { code, stderr } = await runScript("initrd/network", [card, units]);
	assert.is(code, 0, stderr);
	assert.is(stderr, "");
	const settings = (name: string): readonly string[] =>
		lines(join(units, `${name}.network`)).filter((line) => /^(DHCP|Address|Gateway|DNS|NTP)=/.test(line));
	const wifi = join(card, "wifi.conf");
	return {
		ethernet: settings("ethernet"),
		wifi: settings("wifi"),
		radio: existsSync(wifi) ? lines(wifi).map((line) => line.trim()) : null,
		problems: lines(join(card, "problems")),
	};
}

test("without a word about the network it is Ethernet, by DHCP", async () => {
	for (const text of [null, "", "# nothing\r\n\r\n[ethernet]\r\n"]) {
		const { ethernet, wifi, radio, problems } = await network(text);
		assert.equal(
			{ ethernet, wifi, radio, problems },
			{ ethernet: ["DHCP=yes"], wifi: ["DHCP=yes"], radio: null, problems: [] },
		);
	}
});

test("takes a fixed address, from Windows' editor too", async () => {
	const text =
		"\uFEFF[ethernet]\r\naddress = 192.168.1.50/24\r\n gateway=192.168.1.1\r\ndns = 192.168.1.1, fd00::1\r\nntp = pool.ntp.org";
	const { ethernet, problems } = await network(text);
	assert.equal(problems, []);
	assert.equal(
		ethernet.map((line) => line.replace(/ +/, " ")),
		["DHCP=no", "Address=192.168.1.50/24", "Gateway=192.168.1.1", "DNS=192.168.1.1 fd00::1", "NTP=pool.ntp.org"],
	);
});

test("takes any name and any password of a wireless network", async () => {
	const name = 'Café "л" #1';
	const { radio, problems } = await network(
		`[wifi]\nname = ${name}\npassword = pa=ss"wo#rd\ncountry = DE\naddress = dhcp\n`,
	);
	assert.equal(problems, []);
	assert.ok(radio?.includes(`ssid=${Buffer.from(name).toString("hex")}`), String(radio));
	assert.ok(radio?.includes('psk="pa=ss"wo#rd"'));
	assert.ok(radio?.includes("country=DE"));
	const open = await network("[wifi]\nname = open\n");
	assert.ok(open.radio?.includes("key_mgmt=NONE"));
	const digits = "0123456789abcdef".repeat(4);
	assert.ok((await network(`[wifi]\nname = a\npassword = ${digits}\n`)).radio?.includes(`psk=${digits}`));
});

const MISTAKES: readonly (readonly [text: string, problem: RegExp])[] = [
	["[ethernet]\naddress = 192.168.1.50", /^network.txt, line 2: address cannot be this$/],
	["[ethernet]\naddress = 192.168.1.256/24", /line 2: address/],
	["[ethernet]\naddress = 192.168.1.5/33", /line 2: address/],
	["[ethernet]\naddress = fd00::1/129", /line 2: address/],
	["[ethernet]\naddress = 10.0.0.1/24;reboot", /line 2: address/],
	["[ethernet]\ndns =", /line 2: dns/],
	["[ethernet]\nntp = a b$(reboot)", /line 2: ntp/],
	["[ethernet]\npassword = 12345678", /line 2: a setting that is not known in \[ethernet\]/],
	["address = 10.0.0.1/24", /line 1: a setting that is not known; see README.TXT/],
	["[wired]\naddress = dhcp", /line 1: neither/],
	["[wifi]\nname = a\npassword = short", /line 3: password cannot be this/],
	[`[wifi]\npassword = ${"x".repeat(64)}`, /line 2: password/],
	[`[wifi]\nname = ${"x".repeat(33)}`, /line 2: name/],
	["[wifi]\ncountry = Germany", /line 2: country/],
	["hello", /line 1: neither/],
];

for (const [text, problem] of MISTAKES) {
	test(`a mistake is named, and Ethernet still gets an address: ${JSON.stringify(text).slice(0, 60)}`, async () => {
		const { ethernet, problems } = await network(text);
		assert.is(problems.length, text.startsWith("[wired]") ? 2 : 1, problems.join("; "));
		assert.match(problems[0] ?? "", problem);
		assert.ok(ethernet.includes("DHCP=yes"), ethernet.join("; "));
		assert.not.match(problems.join(), /short|12345678|reboot/);
	});
}

async function identify(serial: string | null, yaml: string) {
	const [root, card, run] = [makeTempDir("root"), makeTempDir("card"), makeTempDir("run")];
	writeFiles(root, serial === null ? {} : { "proc/device-tree/serial-number": serial });
	writeFiles(card, { "tallywire.yaml": yaml });
	const number = (await runScript("initrd/board-number", [root])).stdout;
	assert.is((await runScript("initrd/identify", [number, card, run])).code, 0);
	const read = (name: string): string | null =>
		existsSync(join(run, name)) ? readFileSync(join(run, name), "utf8").trim() : null;
	return { host: read("hostname"), machine: read("machine-id") };
}

test("the host's name is the one that the agent gives itself, and both are the board's", async () => {
	const serial = "10000000abcdef01\0";
	const { host, machine } = await identify(serial, "mqtt: {}\n");
	const read = (path: string): string | undefined => (path.endsWith("serial-number") ? serial : undefined);
	assert.is(host, defaultDevice({ read, hostname: () => "" }));
	assert.match(machine ?? "", /^[0-9a-f]{32}$/);
	assert.not.ok(machine?.includes("abcdef01"));
	const other = await identify("10000000abcdef02\0", "");
	assert.is.not(other.host, host);
	assert.is.not(other.machine, machine);
});

test("a name in the configuration is the host's too", async () => {
	for (const line of ["device: pump_3", 'device: "pump_3"', "device:   pump_3  \r"])
		assert.is((await identify("1234", `${line}\nmqtt: {}\n`)).host, "pump-3", line);
});

test("a board without a number has no id of its own", async () => {
	for (const serial of [null, "0000000000000000\0", ""])
		assert.equal(await identify(serial, ""), { host: "tallywire", machine: null });
});

test.run();
