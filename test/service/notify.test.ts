// The real program with a real datagram socket: what a service manager hears of it, and from whom.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { agentEntry, projectDir, type Running, startProcess } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";
import { until } from "../support/wait.js";

const PYTHON = "/usr/bin/python3";
const manager = join(projectDir, "test/service/manager.py");

interface Message {
	readonly own: boolean;
	readonly lines: readonly string[];
}

const sim = { name: "s", type: "sim", rate: 10, streams: { a: { shape: "sine", min: 0, max: 1, period: "1s" } } };
const valid = {
	device: "d",
	http: false,
	mqtt: { url: "mqtt://127.0.0.1:1" },
	shutdown_timeout: "200ms",
	sources: [sim],
};

function startService(config: object, watchdogMs: number): Running {
	const folder = makeTempDir("service");
	const file = join(folder, "config.yaml");
	writeFileSync(file, JSON.stringify(config));
	const args = [manager, String(watchdogMs * 1_000), process.execPath, agentEntry(), "run", "-c", file];
	return startProcess(PYTHON, args, { env: { RUNTIME_DIRECTORY: folder } });
}

function messages(service: Running): readonly Message[] {
	const lines = service.stdout().split("\n").slice(0, -1);
	return lines.map((line) => JSON.parse(line));
}

const said = (service: Running): readonly string[] => messages(service).flatMap(({ lines }) => lines);

if (!existsSync(PYTHON)) console.log(`not tried here: a real notification socket, because there is no ${PYTHON}`);
else {
	test("says that it is ready once its sources were tried, feeds the watchdog, and says when it stops", async () => {
		const service = startService(valid, 90);
		await until("READY and five feedings", () => said(service).filter((line) => line === "WATCHDOG=1").length >= 5);
		assert.is(said(service)[0], "READY=1");
		assert.is(said(service).filter((line) => line === "READY=1").length, 1);
		assert.match(service.stderr(), /event=source_up source=s/);
		const status = said(service).findLast((line) => line.startsWith("STATUS="));
		assert.match(status ?? "", /^STATUS=not connected \(.+\); 1 of 1 sources work; 0 readings confirmed, \d+ wait$/);
		assert.is((await service.stop(20_000)).code, 0);
		const last = messages(service).at(-1);
		assert.equal(last?.lines, ["STOPPING=1", "EXTEND_TIMEOUT_USEC=10200000", "STATUS=sending what waits"]);
		assert.ok(
			messages(service).every(({ own }) => own),
			"systemd takes messages of the main process alone",
		);
	});

	test("is never ready with a wrong configuration", async () => {
		const service = startService({ ...valid, sources: [{ ...sim, rate: -1 }] }, 90);
		assert.is((await service.exited).code, 2);
		assert.equal(said(service), []);
	});
}

test("without a service manager it runs just the same", async () => {
	const file = join(makeTempDir("service"), "config.yaml");
	writeFileSync(file, JSON.stringify(valid));
	// As a shell has it that a service started: the names are there, and meant for somebody else.
	const env = { LISTEN_PID: "1", LISTEN_FDS: "1", LISTEN_FDNAMES: "notify", WATCHDOG_USEC: "1000" };
	const agent = startProcess(process.execPath, [agentEntry(), "run", "-c", file], { env });
	await agent.waitForOutput(/event=source_up/);
	assert.is((await agent.stop(20_000)).code, 0);
});

test.run();
