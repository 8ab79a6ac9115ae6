// Node-RED as a peer, where `node-red` is on the PATH: a flow that injects a number every second into an MQTT node.
// `--with-node-red` has npm install it in a temporary folder first; nothing of it stays.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const START_TIMEOUT_MS = 60_000;
const INSTALL_TIMEOUT_MS = 180_000;

/** Version 5 needs a newer Node than Debian's. */
const PACKAGE = "node-red@4";

/** Starts it with a flow of its own; null where it is not installed. */
export async function startNodeRed({ support, scale, withNodeRed }, broker) {
	const command = withNodeRed ? install(support) : "node-red";
	if (scale === "tiny" || spawnSync(command, ["--help"], { stdio: "ignore" }).error) return null;
	const folder = support.makeTempDir("bench-node-red");
	const flow = [
		{ id: "t1", type: "tab", label: "bench" },
		{
			id: "b1",
			type: "mqtt-broker",
			broker: broker.host,
			port: String(broker.port),
			protocolVersion: "4",
			autoConnect: true,
		},
		{
			id: "i1",
			type: "inject",
			z: "t1",
			repeat: "1",
			payload: "21.37",
			payloadType: "num",
			wires: [["m1"]],
			x: 100,
			y: 100,
		},
		{
			id: "m1",
			type: "mqtt out",
			z: "t1",
			topic: "bench/node-red",
			qos: "0",
			retain: "false",
			broker: "b1",
			wires: [],
			x: 300,
			y: 100,
		},
	];
	writeFileSync(join(folder, "flows.json"), JSON.stringify(flow));
	writeFileSync(
		join(folder, "settings.js"),
		"module.exports = { flowFile: 'flows.json', uiHost: '127.0.0.1', telemetry: { enabled: false } };\n",
	);
	const port = String(await support.freePort());
	const running = support.startProcess(command, ["-u", folder, "-s", join(folder, "settings.js"), "-p", port]);
	await running.waitForOutput(/Connected to broker/, START_TIMEOUT_MS);
	return running;
}

function install(support) {
	const folder = support.makeTempDir("bench-node-red-package");
	const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, PACKAGE];
	const { status } = spawnSync("npm", args, { stdio: ["ignore", "ignore", "inherit"], timeout: INSTALL_TIMEOUT_MS });
	if (status !== 0) console.error(`${PACKAGE}: npm could not install it`);
	return join(folder, "node_modules/.bin/node-red");
}
