// A whole agent, wired as `run` wires it, that looks for its kernel's devices in a folder: the bundle looks in /sys only.
// Started by sources.mjs with its options as JSON; answers with the books and what each source says of itself.
import { pathToFileURL } from "node:url";
import { readConfig } from "./read-config.mjs";

const { build, config: settings, folder, sysRoot } = JSON.parse(process.argv[2]);
const load = (path) => import(pathToFileURL(`${build}/src/${path}`).href);
const [{ loadConfig }, { createAgentProcess }] = await Promise.all(
	["config/load.js", "run/agent-process.js"].map(load),
);

const agent = createAgentProcess({
	config: readConfig(loadConfig, settings),
	version: "0",
	machine: { sysRoot, devRoot: "/dev", board: "generic-linux" },
	log: { error: console.error, warn: console.error, info() {}, debug() {} },
	runtimeFolder: folder,
});
process.on("message", async (ask) => {
	if (ask === "stop") await agent.stop();
	const { books, sources } = agent.report();
	process.send({ answer: { books, sources } });
});
process.on("disconnect", () => process.exit());
await agent.start();
