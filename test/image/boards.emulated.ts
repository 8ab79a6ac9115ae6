// The image starts on both emulated boards, sends what it reads to a broker on this host, and nothing of it is lost or
// unexplained; it names itself after the board, arms the watchdog, lets in nobody but a key, and never writes its card.

import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { defaultDevice } from "../../src/config/device.js";
import { delay } from "../support/wait.js";
import { type Board, boot, type Gateway, makeKey, writeCard } from "./emulator.js";
import { firstReading, inWorld, measured, settings, type World } from "./world.js";

const STEADY_MS = Number(process.env["TALLYWIRE_STEADY_MINUTES"] ?? 10) * 60_000;

/** On the slower board. */
const OTHER_STEADY_MS = 60_000;

/** A while in which the system still settles. */
const SETTLING_MS = 30_000;

const NUMBERS: Readonly<Record<Board, string>> = { virt: "10000000abcdef01", raspi3b: "00000000deadbee3" };

function deviceOf(board: Board): string {
	return defaultDevice({ read: (path) => (path.endsWith("number") ? NUMBERS[board] : undefined), hostname: () => "" });
}

/** Runs a command in the guest. */
type Shell = (command: string) => Promise<string>;

/** Ends the agent as an operator would, and holds both accounts against its own last words. */
async function endAndAccount({ subscriber, reconciler }: World, shell: Shell, device: string): Promise<number> {
	await shell("systemctl stop tallywire");
	await subscriber.waitFor("the last status", () => subscriber.device(device).status()?.state === "offline", 60_000);
	await subscriber.settle();
	const account = subscriber.device(device);
	const run = subscriber.lastRun(device);
	assert.is(account.runs.size, 1);
	assert.is(run.received, account.status()?.stamped);
	assert.is(run.duplicates, 0);
	assert.equal(run.gaps, []);
	assert.equal(subscriber.malformed, []);
	await reconciler.agreesWith([account]);
	return run.received;
}

/** Of the process that writes it: kB. */
const RESIDENT = "awk '/^VmRSS/ { print $2 }'";

async function measureMemory(shell: Shell): Promise<void> {
	const agent = `${RESIDENT} /proc/$(systemctl show -p MainPID --value tallywire)/status`;
	const bare = `node -e 'setInterval(() => {}, 1000)' & sleep 30; ${RESIDENT} /proc/$!/status; kill $!`;
	const [agentKb, bareKb] = (await shell(`${agent}; ${bare}`)).trim().split("\n").map(Number);
	measured(
		`resident memory: agent ${(Number(agentKb) / 1_024).toFixed(1)} MB, bare Node ${(Number(bareKb) / 1_024).toFixed(1)} MB`,
	);
	assert.ok(Number(agentKb) > Number(bareKb) && Number(bareKb) > 0);
}

for (const board of ["virt", "raspi3b"] as const) {
	test(`starts on ${board}, sends, and every reading is accounted for; the card is never written`, () =>
		inWorld((world) => startAndJudge(world, board)));
}

async function startAndJudge(world: World, board: Board): Promise<void> {
	const [key, host] = [await makeKey(), await makeKey()];
	const card = await writeCard({
		"tallywire.yaml": settings(world.broker),
		authorized_keys: key.line,
		ssh_host_key: readFileSync(host.file, "utf8"),
	});
	const hash = await card.hash();
	const device = deviceOf(board);
	const gateway = await boot(card, { board, serialNumber: NUMBERS[board], forward: [22, 9464] });
	const shell: Shell = (command) => gateway.ssh(key, host, command);
	try {
		const { seconds } = await firstReading(world, gateway, device);
		measured(`${board}: ${seconds.toFixed(1)} s from power-on to the first reading, ${gateway.cpuSeconds()} s of CPU`);
		const health = await fetch(`http://127.0.0.1:${gateway.port(9464)}/healthz`);
		assert.is(health.status, 200);
		await delay(SETTLING_MS);
		const steadyMs = board === "virt" ? STEADY_MS : Math.min(STEADY_MS, OTHER_STEADY_MS);
		const before = await writesOf(gateway, shell);
		await delay(steadyMs);
		const after = await writesOf(gateway, shell);
		measured(
			`${board}: ${after - before} writes to the card in ${steadyMs / 60_000} minutes of steady state, ${after} since power-on`,
		);
		assert.is(after, 0);
		const names = await shell("cat /proc/sys/kernel/hostname /etc/machine-id; systemctl --failed --no-legend");
		assert.match(names, new RegExp(`^${device}\n[0-9a-f]{32}\n$`));
		assert.match(await shell("touch /usr/x /etc/x 2>&1; echo $?"), /Read-only file system[\s\S]*1\n$/);
		if (board === "virt") {
			assert.is((await shell("cat /sys/class/watchdog/watchdog0/state")).trim(), "active");
			await measureMemory(shell);
		}
		const stranger = await gateway.ssh(await makeKey(), host, "true").then(
			() => "let in",
			(error: Error) => error.message,
		);
		assert.match(stranger, /Permission denied/);
		measured(`${board}: ${await endAndAccount(world, shell, device)} readings, all accounted for`);
	} finally {
		await gateway.cutPower();
	}
	assert.is(await card.hash(), hash, "the card is not what it was");
}

/** Of the card, since power-on, by the guest's own count and by the emulator's, which has none for an SD card. */
async function writesOf(gateway: Gateway, shell: Shell): Promise<number> {
	const seen = await gateway.cardUse();
	const counts = await shell("cat /sys/block/vda/stat /sys/block/mmcblk0/stat 2>/dev/null || true");
	const [reads = 0, , , , writes = 0, , sectors = 0] = counts.trim().split(/\s+/).map(Number);
	assert.ok(reads > 0, "nothing was counted");
	return writes + sectors + seen.writeOperations + seen.writtenBytes;
}

test.run();
