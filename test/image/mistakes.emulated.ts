// A mistake on the card is shown on the console and on the page, and never keeps the gateway from starting; mended, it is gone.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { startBroker } from "../support/mosquitto.js";
import { startSubscriber } from "../support/subscriber.js";
import { until } from "../support/wait.js";
import { boot, type Gateway, writeCard } from "./emulator.js";
import { firstReading, START_TIMEOUT_MS, settings } from "./world.js";

async function seen(gateway: Gateway, text: RegExp): Promise<void> {
	await until(
		() => `${text} on the console:\n${gateway.console().slice(-4_000)}`,
		() => text.test(gateway.console()),
		START_TIMEOUT_MS,
	);
}

async function page(gateway: Gateway): Promise<string> {
	return until(
		"the page",
		async () => {
			const response = await fetch(`http://127.0.0.1:${gateway.port(80)}/`).catch(() => undefined);
			return response === undefined ? undefined : await response.text();
		},
		120_000,
	);
}

test("shows what is wrong on the card, and takes address and password from it as soon as it is mended", async () => {
	const login = { username: "gateway", password: "of the gateway" };
	const broker = await startBroker({ users: [login] });
	const subscriber = await startSubscriber(broker, { login });
	const good = settings(broker, login.username);
	const card = await writeCard({
		"tallywire.yaml": good.replace("url:", "urll:"),
		"network.txt": "[ethernet]\r\naddress = 10.0.2.300/24\r\n",
	});
	const options = { board: "virt", forward: [80] } as const;
	let gateway = await boot(card, options);
	try {
		await seen(gateway, /NOT AS IT SHOULD BE[\s\S]*network\.txt, line 2: address cannot be this[\s\S]*urll/);
		await until("the page", async () => /urll[\s\S]*10\.0\.2\.15/.test(await page(gateway)), 120_000);
		assert.match(await page(gateway), /network\.txt, line 2/);
		await gateway.cutPower();

		await card.put({ "tallywire.yaml": null, "network.txt": null });
		gateway = await boot(card, options);
		await seen(gateway, /NOT AS IT SHOULD BE[\s\S]*tallywire\.yaml: not on the card/);
		await gateway.cutPower();

		await card.put({
			"tallywire.yaml": good,
			"network.txt": "[ethernet]\r\naddress = 10.0.2.77/24\r\ngateway = 10.0.2.2\r\n",
			"credentials/password.txt": `${login.password}\r\n`,
		});
		gateway = await boot(card, options);
		await firstReading({ subscriber }, gateway, "tw-a28f975366d7");
		await seen(gateway, /The settings on the card are in force[\s\S]*10\.0\.2\.77/);
	} finally {
		await gateway.cutPower();
		await subscriber.stop();
		await broker.stop();
	}
});

test.run();
