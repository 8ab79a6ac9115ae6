// The Debian packages, taken apart: what is in them is listed here once more, by hand, so that nothing ships by accident.
// What they do to a system is tried by `npm run deb -- --test`.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { distDir, isBundleFresh, projectDir, runOrThrow, runProcess, runTallywire } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";

const { version } = JSON.parse(readFileSync(join(projectDir, "package.json"), "utf8"));

const BYTES_MAX = 250_000;
/** The architectures, and what Node calls them. */
const ADDON = { amd64: "x64", arm64: "arm64", armhf: "arm" } as const;
type Arch = keyof typeof ADDON;
const ARCHITECTURES = Object.keys(ADDON) as readonly Arch[];

const BOARDS = [
	...["beaglebone-black", "generic-linux", "laptop", "orangepi-zero", "rock-pi-4", "rpi-3a-plus", "rpi-3b"],
	...["rpi-3b-plus", "rpi-400", "rpi-4b", "rpi-5", "rpi-cm4", "rpi-cm5", "rpi-zero-2w", "headers/rpi-40-pin"],
];

/** Every file of a package, with mode and owner. */
function contentsOf(arch: Arch): readonly string[] {
	const plain = [
		"./etc/tallywire/config.yaml",
		...BOARDS.map((board) => `./usr/lib/tallywire/boards/${board}.json`),
		`./usr/lib/tallywire/native/serialport-linux-${ADDON[arch]}.node`,
		"./usr/lib/systemd/system/tallywire.service",
		"./usr/lib/sysusers.d/tallywire.conf",
		"./usr/lib/udev/rules.d/60-tallywire.rules",
		"./usr/share/bash-completion/completions/tallywire",
		"./usr/share/doc/tallywire/changelog.gz",
		"./usr/share/doc/tallywire/copyright",
		"./usr/share/doc/tallywire/tallywire.cdx.json",
		"./usr/share/man/man1/tallywire.1.gz",
	].map((path) => `-rw-r--r-- root/root ${path}`);
	return [
		...plain,
		"-rwxr-xr-x root/root ./usr/lib/tallywire/tallywire.mjs",
		"lrwxrwxrwx root/root ./usr/bin/tallywire -> ../lib/tallywire/tallywire.mjs",
	].sort();
}

interface Context {
	/** Where the packages are. */
	folder: string;
	/** The package for amd64, unpacked. */
	tree: string;
}

const test = suite<Context>("package");

function build(folder: string): Promise<string> {
	return runOrThrow(process.execPath, ["scripts/deb/build.mjs", "--dist", distDir, "--out", folder]);
}

function packageFile(folder: string, arch: Arch): string {
	return join(folder, `tallywire_${version}_${arch}.deb`);
}

function why(): string | null {
	if (!isBundleFresh()) return "there is no bundle";
	if (spawnSync("dpkg-deb", ["--version"]).status !== 0) return "there is no dpkg-deb";
	if (!existsSync(join(distDir, "native/serialport-linux-x64.node"))) return "serialport is not installed";
	return null;
}

test.before(async (context) => {
	context.folder = makeTempDir("deb");
	context.tree = makeTempDir("deb-tree");
	await build(context.folder);
	await runOrThrow("dpkg-deb", ["-x", packageFile(context.folder, "amd64"), context.tree]);
});

test("hold these files and no others, owned by root", async ({ folder }) => {
	for (const arch of ARCHITECTURES) {
		const listed = (await runOrThrow("dpkg-deb", ["-c", packageFile(folder, arch)])).trimEnd().split("\n");
		const files = listed.map((line) => line.split(/\s+/)).filter(([mode]) => !mode?.startsWith("d"));
		const shown = files.map(([mode, owner, , , , ...path]) => [mode, owner, ...path].join(" "));
		assert.equal(shown.sort(), contentsOf(arch), arch);
		const open = listed.filter((line) => line.startsWith("d") && !line.startsWith("drwxr-xr-x root/root"));
		assert.equal(open, [], "folders are everybody's to read");
	}
});

test("are the same to the byte when they are built again", async ({ folder }) => {
	const again = makeTempDir("deb-again");
	await build(again);
	for (const arch of ARCHITECTURES) {
		const [one, other] = [packageFile(folder, arch), packageFile(again, arch)].map((file) => readFileSync(file));
		assert.ok(other !== undefined && one?.equals(other), arch);
	}
});

test("are small", ({ folder }) => {
	for (const arch of ARCHITECTURES) {
		const { size } = statSync(packageFile(folder, arch));
		console.log(`${arch}: ${(size / 1_000).toFixed(1)} kB`);
		assert.ok(size <= BYTES_MAX, `${arch}: ${size} bytes`);
	}
});

test("say what they need, and which file is the operator's", async ({ folder }) => {
	for (const arch of ARCHITECTURES) {
		const field = async (name: string): Promise<string> =>
			(await runOrThrow("dpkg-deb", ["-f", packageFile(folder, arch), name])).trim();
		assert.is(await field("Architecture"), arch);
		assert.is(await field("Version"), version);
		assert.match(await field("Depends"), /^nodejs \(>= 20\.19\), /);
		assert.match(await field("Recommends"), /\bgpiod\b/);
		const control = makeTempDir("deb-control");
		await runOrThrow("dpkg-deb", ["-e", packageFile(folder, arch), control]);
		assert.is(readFileSync(join(control, "conffiles"), "utf8"), "/etc/tallywire/config.yaml\n");
		for (const script of ["preinst", "postinst", "prerm", "postrm"]) {
			assert.ok(readFileSync(join(control, script), "utf8").startsWith("#!/bin/sh\n"), script);
			await runOrThrow("sh", ["-n", join(control, script)]);
		}
	}
});

test("refuse ARMv6, which some systems call armhf too", async ({ folder }) => {
	const control = makeTempDir("deb-armv6");
	await runOrThrow("dpkg-deb", ["-e", packageFile(folder, "armhf"), control]);
	const installOn = (machine: string) => {
		writeFileSync(join(control, "uname"), `#!/bin/sh\necho ${machine}\n`, { mode: 0o755 });
		return runProcess(join(control, "preinst"), ["install"], { env: { PATH: `${control}:${process.env["PATH"]}` } });
	};
	assert.is((await installOn("armv7l")).code, 0);
	const refused = await installOn("armv6l");
	assert.is(refused.code, 1);
	assert.match(refused.stderr, /ARMv6 \(Pi 1, Zero, Zero W\) is not supported/);
});

test("have a configuration that is valid as it comes, and a program that runs from where it lies", async ({ tree }) => {
	const program = join(tree, "usr/bin/tallywire");
	assert.is((await runOrThrow(program, ["--version"])).trim(), version);
	const shown = await runOrThrow(program, ["check", "-c", join(tree, "etc/tallywire/config.yaml")]);
	assert.match(shown, /valid\. In force:/);
	assert.match(shown, /type: system/);
});

const lintian = spawnSync("lintian", ["--version"]).status === 0;
if (!lintian) console.log("not tried here: lintian on the packages, because it is not installed");
else {
	test("have no error and no warning for lintian", async ({ folder }) => {
		const files = ARCHITECTURES.map((arch) => packageFile(folder, arch));
		const { stdout } = await runProcess("lintian", ["--allow-root", ...files], { timeoutMs: 120_000 });
		assert.is(stdout.trim(), "");
	});
}

const analyze = spawnSync("systemd-analyze", ["--version"], { encoding: "utf8" });
if (analyze.status !== 0) console.log("not tried here: systemd-analyze on the unit, because it is not installed");
else {
	test("have a unit without a mistake", async ({ tree }) => {
		const unit = readFileSync(join(tree, "usr/lib/systemd/system/tallywire.service"), "utf8");
		const file = join(makeTempDir("unit"), "tallywire.service");
		// Here it is not installed.
		writeFileSync(file, unit.replace("ExecStart=/usr/bin/tallywire", `ExecStart=${process.execPath}`));
		const { code, stderr } = await runProcess("systemd-analyze", ["verify", file]);
		// Keys of systemd 253 and 254, which Debian 13 has; the package breaks with those before.
		const said = stderr
			.split("\n")
			.filter((line) => !/Unknown key.*(OpenFile|RestartSteps|RestartMaxDelaySec)/.test(line));
		assert.equal([code, said.filter((line) => line !== "")], [0, []]);
	});

	test("have a unit that exposes at most 1.7, with serial and GPIO open too", async ({ tree }) => {
		const root = makeTempDir("unit-root");
		const folder = join(root, "usr/lib/systemd/system");
		mkdirSync(join(folder, "tallywire.service.d"), { recursive: true });
		copyFileSync(join(tree, "usr/lib/systemd/system/tallywire.service"), join(folder, "tallywire.service"));
		const judge = async (): Promise<void> => {
			const args = ["security", "--offline=true", `--root=${root}`, "--threshold=17", "tallywire.service"];
			const { code, stdout } = await runProcess("systemd-analyze", args, { env: { PAGER: "cat", SYSTEMD_PAGER: "" } });
			console.log(stdout.trimEnd().split("\n").at(-1));
			assert.is(code, 0, stdout);
		};
		await judge();
		const config = join(root, "config.yaml");
		const sources = [
			{ name: "a", type: "serial", path: "/dev/ttyAMA0" },
			{ name: "b", type: "serial", path: "/dev/ttyUSB0" },
			{ name: "c", type: "gpio", pin: "GPIO17" },
		];
		writeFileSync(config, JSON.stringify({ device: "d", board: "rpi-4b", sources }));
		const { code, stdout, stderr } = await runTallywire(["check", "-c", config, "--devices"]);
		assert.is(code, 0, stderr);
		for (const rule of ["/dev/ttyAMA0 rw", "char-188 rw", "char-gpiochip rw"]) {
			assert.ok(stdout.includes(`DeviceAllow=${rule}\n`), rule);
		}
		writeFileSync(join(folder, "tallywire.service.d/devices.conf"), stdout);
		await judge();
	});
}

interface Option {
	readonly command: string;
	readonly flag: string;
}

/** Every option that a command says it has. */
async function optionsOf(command: string): Promise<readonly Option[]> {
	const { stdout } = await runTallywire([command, "--help"]);
	return [...stdout.matchAll(/^ +(?:-\w, +)?--([\w-]+)/gm)].map(([, name]) => ({ command, flag: `--${name}` }));
}

async function allOptions(): Promise<readonly Option[]> {
	const { stdout } = await runTallywire(["--help"]);
	const commands = [...stdout.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name ?? "");
	assert.is(commands.length, 7);
	return (await Promise.all(commands.map(optionsOf))).flat();
}

test("complete each command's options and no others, files where one is due, and know only what the program takes", async ({
	tree,
}) => {
	const complete = async (...words: readonly string[]): Promise<readonly string[]> => {
		const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tallywire; printf '%s\\n' "\${COMPREPLY[@]}"`;
		const file = join(tree, "usr/share/bash-completion/completions/tallywire");
		const args = ["-c", `compopt() { :; }; ${script}`, "bash", file, "tallywire", ...words];
		return (await runOrThrow("bash", args, { cwd: join(tree, "etc/tallywire") })).trim().split("\n");
	};
	const options = await allOptions();
	assert.equal(await complete("re"), ["reconcile"]);
	assert.equal(await complete("run", "-c", "conf"), ["config.yaml"]);
	assert.equal(await complete("top", "--password-file", "conf"), ["config.yaml"]);
	assert.equal(await complete("top", "--broker", ""), [""]);
	for (const command of new Set(options.map((option) => option.command))) {
		const flags = options.filter((option) => option.command === command).map(({ flag }) => flag);
		assert.equal((await complete(command, "--")).toSorted(), flags.toSorted(), command);
		// Values last, or an option would be taken for one; what is no option of the command is refused before its help.
		const { code, stderr } = await runTallywire([
			command,
			...flags.map((flag) => (takesValue(flag) ? `${flag}=1` : flag)),
		]);
		assert.not.match(stderr, /Unknown option|does not take an argument|argument missing/, `${command}: ${stderr}`);
		assert.type(code, "number");
	}
});

function takesValue(flag: string): boolean {
	return !["--json", "--devices", "--suggest", "--cut", "--stall", "--flood", "--help"].includes(flag);
}

test("have a man page with every command, every option, and nothing that roff would swallow", async ({ tree }) => {
	const page = gunzipSync(readFileSync(join(tree, "usr/share/man/man1/tallywire.1.gz"))).toString("utf8");
	assert.match(page, new RegExp(`^\\.TH TALLYWIRE 1 "\\d{4}-\\d\\d-\\d\\d" "tallywire ${version}"`));
	for (const { command, flag } of await allOptions()) {
		assert.ok(page.includes(flag.replaceAll("-", "\\-")), flag);
		assert.match(page, new RegExp(`^\\.SS ${command}: `, "m"));
	}
	const requests = page.split("\n").filter((line) => line.startsWith(".") || line.startsWith("'"));
	for (const line of requests) assert.match(line, /^\.(TH|SH|SS|nf|fi|TP|I|BR)\b/);
});

const reason = why();
if (reason === null) test.run();
else {
	// uvu counts what ran: one test that says why nothing was tried.
	console.log(`not tried here: the Debian packages, because ${reason}`);
	const none = suite("no package");
	none("is built where it cannot be", () => assert.ok(reason));
	none.run();
}
