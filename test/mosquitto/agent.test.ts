// The real agent, doctor and reconciler on a broker that is set up as scripts/mosquitto says, over TLS: all they need is
// permitted, and a user that is not its device's is noticed.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Agent, runTallywire, startAgent } from "../support/process.js";
import { endLine, sim } from "../support/world.js";
import { lostOf, startReported } from "./reported.js";
import { type Shipped, startShipped } from "./shipped.js";

interface Context {
	shipped: Shipped;
	/** Its user is another device's. Started first and looked at last: a check that fails takes 10 s to be sure. */
	stranger: Agent;
}

const test = suite<Context>("on the shipped broker");

function settingsOf({ shipped }: Context, device: string, user: string) {
	const mqtt = shipped.agentSettings(user);
	return { device, mqtt, http: false, status: { interval: "500ms" }, sources: [sim(100)] };
}

test.before(async (context) => {
	context.shipped = await startShipped({ users: ["pi-1", "pi-2", "pi-3", "reconciler"] });
	context.stranger = startAgent(settingsOf(context, "pi-3", "pi-2"));
});

test.after(async ({ shipped, stranger }) => {
	await stranger.kill();
	await shipped.stop();
});

test("a device publishes, and the reconciler's user accounts for every reading", async (context) => {
	const { shipped } = context;
	const reconciler = await startReported(shipped.consumerArgs("reconciler"));
	const agent = startAgent(settingsOf(context, "pi-1", "pi-1"));
	await reconciler.verdict("pi-1", ({ tally }) => tally.received > 200);
	assert.is((await agent.stop()).code, 0);
	const { stamped, confirmed } = endLine({ agent });
	assert.is(confirmed, stamped);
	const verdict = await reconciler.verdict("pi-1", ({ tally }) => tally.received === stamped);
	assert.equal([verdict.tally.stamped, lostOf(verdict), verdict.tally.pending], [stamped, 0, 0]);
	assert.not.match(agent.stderr(), /loopback_failed/);
	await reconciler.running.stop();
});

test("the doctor's message comes back to a device's own user, and to no other", async (context) => {
	for (const [device, says] of [
		["pi-1", /publishing permitted: a message on tallywire\/pi-1\/doctor came back/],
		[
			"pi-2",
			/a message on tallywire\/pi-2\/doctor did not come back, so the broker throws away what this device sends/,
		],
	] as const) {
		const file = join(context.shipped.folder, `${device}.yaml`);
		writeFileSync(file, JSON.stringify(settingsOf(context, device, "pi-1")));
		const { stdout } = await runTallywire(["doctor", "-c", file]);
		assert.match(stdout, says);
	}
});

test("an agent with another device's user says that its status does not come back", async ({ stranger }) => {
	await stranger.waitForOutput(/event=loopback_failed topic=tallywire\/pi-3\/status hint=".*see its ACL"/, 30_000);
});

test.run();
