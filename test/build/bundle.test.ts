// The one file that ships: it starts alone, opens no addon before a source asks for it, and is the same on every build.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
	buildDir,
	bundleFile,
	distDir,
	isBundleFresh,
	projectDir,
	runProcess,
	startAgent,
	startProcess,
} from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";
import { until } from "../support/wait.js";

/** What is looked at of CycloneDX 1.6. */
interface Bom {
	readonly bomFormat: string;
	readonly specVersion: string;
	readonly components: readonly {
		readonly "bom-ref": string;
		readonly group?: string;
		readonly name: string;
		readonly version: string;
		readonly licenses: readonly { readonly license?: { readonly id: string }; readonly expression?: string }[];
		readonly purl: string;
	}[];
	readonly dependencies: readonly { readonly dependsOn: readonly string[] }[];
}

const { version } = JSON.parse(readFileSync(join(projectDir, "package.json"), "utf8"));

/** In a folder that only tsc has filled there is nothing to test; in the one that ships there has to be. */
const isBuilt = isBundleFresh() || basename(buildDir) === "build";

if (isBuilt) {
	test("is made of the files that are compiled", () => assert.ok(isBundleFresh(), "run node scripts/build.mjs"));

	test("starts as a command, alone in a folder", async () => {
		assert.ok((statSync(bundleFile).mode & 0o111) === 0o111, "it is executable");
		assert.match(readFileSync(bundleFile, "utf8"), /^#!\/usr\/bin\/env node\n/);
		const folder = makeTempDir("bundle");
		cpSync(bundleFile, join(folder, "tallywire.mjs"));
		const { code, stdout, stderr } = await runProcess(join(folder, "tallywire.mjs"), ["--version"], { cwd: folder });
		assert.equal([code, stdout.trim(), stderr], [0, version, ""]);
	});

	test("names no path of the machine it was built on", () => {
		for (const file of ["tallywire.mjs", "THIRD-PARTY-NOTICES.txt", "tallywire.cdx.json"]) {
			const text = readFileSync(join(distDir, file), "utf8");
			assert.not(text.includes(projectDir), file);
			assert.not(text.includes("/node_modules/"), file);
		}
	});

	test("is ASCII: one other character, and it takes twice the memory", () => {
		assert.equal(/[^\n\t -~]/.exec(readFileSync(bundleFile, "utf8"))?.[0], undefined);
	});

	test("comes with these files and no others", () => {
		const files = readdirSync(distDir).sort();
		assert.equal(files, ["THIRD-PARTY-NOTICES.txt", "native", "tallywire.cdx.json", "tallywire.mjs"]);
	});

	test("has a bill of materials that names each package in it once, at the version that is installed, with its licence", () => {
		const bom: Bom = JSON.parse(readFileSync(join(distDir, "tallywire.cdx.json"), "utf8"));
		assert.equal([bom.bomFormat, bom.specVersion], ["CycloneDX", "1.6"]);
		const notices = readFileSync(join(distDir, "THIRD-PARTY-NOTICES.txt"), "utf8");
		const refs = new Set<string>();
		for (const { group, name, version: itsVersion, licenses, purl, "bom-ref": ref } of bom.components) {
			const full = group === undefined ? name : `${group}/${name}`;
			assert.is(purl, `pkg:npm/${full.replace("@", "%40")}@${itsVersion}`);
			assert.not(refs.has(ref), ref);
			refs.add(ref);
			const license = licenses[0]?.license?.id ?? licenses[0]?.expression;
			assert.ok(notices.includes(`\n${full} ${itsVersion} (${license})\n`), `${full} is in the notices`);
		}
		assert.equal(bom.dependencies[0]?.dependsOn.toSorted(), [...refs].sort());
		for (const name of ["mqtt", "cbor-x", "yaml"]) {
			const installed = JSON.parse(readFileSync(join(projectDir, "node_modules", name, "package.json"), "utf8"));
			assert.ok(refs.has(`pkg:npm/${name}@${installed.version}`), name);
		}
	});

	test("ships serialport's addon for every kind of device, where serialport is installed", () => {
		if (!existsSync(join(projectDir, "node_modules/@serialport/bindings-cpp"))) return;
		const addons = readdirSync(join(distDir, "native")).filter((name) => name.startsWith("serialport-linux-"));
		assert.equal(
			addons.sort(),
			["arm-musl", "arm", "arm64-musl", "arm64", "x64-musl", "x64"].map((arch) => `serialport-linux-${arch}.node`),
		);
	});

	test("runs a simulated source without opening an addon, and a serial one with it", async () => {
		const sim = { name: "s", type: "sim", rate: 10, streams: { a: { shape: "sine", min: 0, max: 1, period: "1s" } } };
		assert.equal(await addonsOf(sim), []);
		if (!existsSync(join(projectDir, "node_modules/@serialport/bindings-cpp"))) return;
		const path = join(makeTempDir("pty"), "tty");
		const pair = startProcess("socat", [`pty,raw,echo=0,link=${path}`, "pty,raw,echo=0"]);
		await until("a pseudo terminal", () => existsSync(path));
		const serial = { name: "s", type: "serial", path, baud: 9600, parse: { as: "line" } };
		assert.equal(await addonsOf(serial, 1), [join(distDir, `native/serialport-linux-${process.arch}.node`)]);
		await pair.stop();
	});

	test("a second build gives the same bytes", async () => {
		const name = `twice-${process.pid}`;
		const [out, dist] = [join(projectDir, `build.${name}`), join(projectDir, `dist.${name}`)];
		// The compiled files are the input of the bundle; that tsc gives the same twice is not ours to test.
		mkdirSync(out);
		try {
			cpSync(join(buildDir, "src"), join(out, "src"), { recursive: true });
			const args = ["scripts/build.mjs", "--out", basename(out), "--bundle-only"];
			const { code, stderr } = await runProcess(process.execPath, args, { timeoutMs: 120_000 });
			assert.is(code, 0, stderr);
			const names = (folder: string): readonly string[] =>
				readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
			assert.equal(names(dist), names(distDir));
			for (const file of names(dist).filter((entry) => statSync(join(dist, entry)).isFile())) {
				assert.ok(readFileSync(join(dist, file)).equals(readFileSync(join(distDir, file))), file);
			}
		} finally {
			for (const folder of [out, dist]) rmSync(folder, { recursive: true, force: true });
		}
	});
}

/** The native addons in the memory of an agent with this source, as soon as there are `count` of them. */
async function addonsOf(source: Readonly<Record<string, unknown>>, count = 0): Promise<readonly string[]> {
	const agent = startAgent({ device: "d", mqtt: { url: "mqtt://127.0.0.1:1" }, sources: [source] });
	await agent.waitForOutput(/event=start/);
	await agent.waitForOutput(/event=link_down/); // by then its sources have been started
	const mapped = (): readonly string[] => {
		const lines = readFileSync(`/proc/${agent.pid}/maps`, "utf8").split("\n");
		return [...new Set(lines.map((line) => line.slice(line.indexOf("/"))).filter((file) => file.endsWith(".node")))];
	};
	await until(
		() => `${count} addons, not ${mapped()}`,
		() => mapped().length >= count,
	);
	const addons = mapped();
	await agent.kill();
	return addons;
}

test("the compiled files are there", () => {
	assert.ok(existsSync(join(buildDir, "src/main.js")));
});

test.run();
