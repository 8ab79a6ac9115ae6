// `tallywire run`: the agent, until it is told to stop.
import { createAgentProcess } from "../run/agent-process.js";
import { agentSite } from "../serve/agent-site.js";
import { createHttpServer } from "../serve/http-server.js";
import { openNotifySocket } from "../service/notify-socket.js";
import { createService } from "../service/service.js";
import { VERSION } from "../version.js";
import { EXIT_DONE, type RunIo } from "./command.js";
import { configFor } from "./configuration.js";
import { createStderrLog } from "./stderr-log.js";

const HELP = `usage: tallywire run [-c FILE]

Runs the agent until SIGTERM or SIGINT. A second signal cuts the drain of the buffer short.

  -c, --config FILE  the configuration; without it: tallywire.yaml in this folder, else /etc/tallywire/config.yaml
  -h, --help         this text

Exit status: 0 a clean end, 2 a wrong configuration.
`;

/** Runs the agent. 0 after a clean end, 2 when the command line or the configuration is wrong. */
export async function run(args: readonly string[], io: RunIo): Promise<number> {
	const loaded = await configFor(HELP, args, io);
	if (!loaded.ok) return loaded.exit;
	const { config } = loaded;
	const log = createStderrLog(io, config.log.level);
	for (const warning of loaded.warnings) log.warn("configuration", { warning });
	const agent = createAgentProcess({
		config,
		version: VERSION,
		machine: { sysRoot: "/sys", devRoot: "/dev", board: config.board },
		log,
		runtimeFolder: io.env["RUNTIME_DIRECTORY"],
	});
	const socket = openNotifySocket(io.env);
	const service = createService({ socket, config, report: agent.report, log, nowMs: () => performance.now() });
	const stopped = new Promise<void>((resolve) => {
		io.onStop(() => {
			service.stopping();
			void agent.stop().then(resolve);
		});
	});
	const http = config.http && createHttpServer({ listen: config.http, site: agentSite(agent), log });
	await agent.start();
	if (http) await http.start().catch((error: Error) => log.error("http_off", { why: error.message }));
	service.ready();
	await stopped;
	if (http) await http.stop();
	return EXIT_DONE;
}
