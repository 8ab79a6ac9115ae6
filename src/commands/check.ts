// `tallywire check`: validates the configuration and prints what would be in force. It opens nothing but the files that
// the configuration names, and those only to say whether the agent could read them.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { stringify } from "yaml";
import { credentialProblem } from "../config/credential-file.js";
import { deliveryHash, deliverySettings } from "../config/delivery.js";
import { loadConfigFile } from "../config/file.js";
import { findConfig } from "../config/find.js";
import { type ConfigError, formatConfigError, type LoadEnvironment, type LoadedConfig } from "../config/load.js";
import { type MemoryBound, memoryBound } from "../config/memory-bound.js";
import { serviceDropIn } from "../service/drop-in.js";
import { type CommandIo, EXIT_DONE, EXIT_WRONG_USE } from "./command.js";
import { readCheckOptions } from "./config-options.js";
import { loadEnvironment } from "./load-environment.js";
import { sourceProblems } from "./source-problems.js";

const USAGE = `usage: tallywire check [-c FILE] [--json]
       tallywire check [-c FILE] --devices

Validates the configuration and prints what would be in force. Nothing is opened.

  -c, --config FILE  the configuration; without it: tallywire.yaml in this folder, else /etc/tallywire/config.yaml
      --json         print as JSON
      --devices      print what the service needs instead, its devices and its memory, as a drop-in for systemd:
                     tallywire check --devices | sudo systemctl edit --stdin --drop-in=devices tallywire
  -h, --help         this text

Exit status: 0 the configuration is valid, 2 it is not.
`;

/** What `check` reports of a valid configuration. */
interface Report {
	readonly file: string;
	readonly config: LoadedConfig["shown"];
	readonly delivery: { readonly hash: string; readonly settings: ReturnType<typeof deliverySettings> };
	readonly memory: MemoryBound;
	readonly warnings: readonly string[];
}

/** The command. Returns the exit status. */
export async function check(
	args: readonly string[],
	io: CommandIo,
	environment: LoadEnvironment = loadEnvironment(io.env),
): Promise<number> {
	const options = readCheckOptions(args);
	if (typeof options === "string") {
		io.stderr(`${options}\n\n${USAGE}`);
		return EXIT_WRONG_USE;
	}
	if (options.help) {
		io.stdout(USAGE);
		return EXIT_DONE;
	}
	const found = findConfig(options.config, io.cwd);
	if (!found.ok) {
		io.stderr(`${found.message}\n`);
		return EXIT_WRONG_USE;
	}
	const loaded = loadConfigFile(found.file, environment);
	if (!loaded.ok) return fail(loaded.errors, io);
	const sources = await sourceProblems(loaded);
	if (sources.errors.length > 0) return fail(sources.errors, io);
	const report = makeReport(loaded, sources.warnings, io.cwd);
	io.stdout(options.devices ? dropIn(loaded) : options.json ? `${JSON.stringify(report, null, 2)}\n` : toYaml(report));
	if (!options.json) for (const warning of report.warnings) io.stderr(`warning: ${warning}\n`);
	return EXIT_DONE;
}

function fail(errors: readonly ConfigError[], io: CommandIo): number {
	for (const error of errors) io.stderr(`${formatConfigError(error)}\n`);
	return EXIT_WRONG_USE;
}

function dropIn({ config }: LoadedConfig): string {
	return serviceDropIn(config, { sysRoot: "/sys", devRoot: "/dev", board: config.board });
}

function makeReport(loaded: LoadedConfig, sourceWarnings: readonly string[], cwd: string): Report {
	const { config, shown } = loaded;
	return {
		file: config.file,
		config: shown,
		delivery: { hash: deliveryHash(config), settings: deliverySettings(config) },
		memory: memoryBound(config),
		warnings: [...loaded.warnings, ...sourceWarnings, ...fileWarnings(loaded, cwd)],
	};
}

/** Whether the files that the uplink will read can be read now. A file that is missing stops no agent, so it is no error. */
function fileWarnings({ config }: LoadedConfig, cwd: string): string[] {
	const { passwordFile, keyFile, caFile, certFile } = config.mqtt;
	const files = { password_file: passwordFile, key_file: keyFile, ca_file: caFile, cert_file: certFile };
	return Object.entries(files).flatMap(([key, file]) => {
		if (file === undefined) return [];
		const isSecret = file === passwordFile || file === keyFile;
		const problem = fileProblem(resolve(cwd, file), isSecret);
		return problem === undefined ? [] : [`mqtt.${key}: ${problem}`];
	});
}

function fileProblem(path: string, isSecret: boolean): string | undefined {
	const problem = credentialProblem(path);
	if (problem !== null) return `${path} cannot be read now: ${problem}. The agent tries again at every connect`;
	const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
	if (!isSecret || (mode & 0o077) === 0) return undefined;
	const whom = (mode & 0o007) === 0 ? "its group" : "everybody";
	return `is open to ${whom}; chmod 600, or 640 with a group of the agent alone`;
}

function toYaml({ file, config, delivery, memory, warnings }: Report): string {
	const sizes = memory.parts.map(({ part, bytes }) => `#   ${String(bytes).padStart(11)}  ${part}`);
	return [
		`# ${file}: valid. In force:`,
		stringify(config, { lineWidth: 0 }).trimEnd(),
		`# delivery: ${delivery.hash}`,
		`#   ${JSON.stringify(delivery.settings)}`,
		`# memory bound: ${memory.bytes} bytes (${(memory.bytes / 1_048_576).toFixed(1)} MiB), beside the program itself`,
		...sizes,
		...warnings.map((warning) => `# warning: ${warning}`),
		"",
	].join("\n");
}
