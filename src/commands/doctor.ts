// `tallywire doctor`: looks at this machine and says what is wrong and how to mend it. Without a configuration it still
// looks at the machine. It changes nothing, opens no sensor, and ends by itself within half a minute.
import { resolve } from "node:path";
import type { Config, MqttConfig } from "../config/config.js";
import { PASSWORD_BYTES_MAX, readCredential } from "../config/credential-file.js";
import { loadConfigFile } from "../config/file.js";
import { findConfig } from "../config/find.js";
import { formatConfigError } from "../config/load.js";
import { readClockSynchronised } from "../run/clock-sync.js";
import { type Backends, createBackends } from "../sources/gpio/choose-backend.js";
import type { OnoffPackage } from "../sources/gpio/onoff-backend.js";
import { type CommandIo, EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USE } from "./command.js";
import { readDoctorOptions } from "./config-options.js";
import { checkBroker } from "./doctor/broker.js";
import { type Check, fail, formatCheck, ok, warn } from "./doctor/check.js";
import { checkGpio } from "./doctor/gpio.js";
import {
	checkBoard,
	checkClock,
	checkMemory,
	checkNode,
	checkRuntimeFolder,
	checkUser,
	type DoctorMachine,
	thisDoctorMachine,
} from "./doctor/machine.js";
import { checkPorts } from "./doctor/ports.js";
import { checkSensors } from "./doctor/sensors.js";
import { suggestConfig } from "./doctor/suggest.js";
import { loadEnvironment } from "./load-environment.js";

const USAGE = `usage: tallywire doctor [-c FILE] [--json]
       tallywire doctor --suggest

Looks at this machine: Node, board, serial ports, GPIO, permissions, clock, memory, configuration, broker. Each ✗ is
followed by what mends it. A test message goes around on <prefix>/<device>/doctor; nothing else is changed.

  -c, --config FILE  the configuration; without it: tallywire.yaml in this folder, else /etc/tallywire/config.yaml
      --json         print as JSON
      --suggest      print a configuration for what is there, ready to paste, and nothing else
  -h, --help         this text

Exit status: 0 nothing to mend, 1 at least one ✗, 2 wrong use.
`;

/** What `doctor` asks of the world; a test brings its own. */
export interface DoctorDeps {
	readonly machine: DoctorMachine;
	readonly readClockSynchronised: () => Promise<boolean>;
	/** Rejects where the package is not there. */
	readonly loadOnoff: () => Promise<OnoffPackage>;
	/** Where libgpiod's programs are looked for, as in $PATH. */
	readonly toolPath: string;
	readonly checkBroker: (mqtt: MqttConfig, device: string, password: string | undefined) => Promise<Check[]>;
	/** The configuration that is used where none is in the current folder. */
	readonly systemFile?: string;
}

/** The command. Returns the exit status. */
export async function doctor(args: readonly string[], io: CommandIo, deps?: Partial<DoctorDeps>): Promise<number> {
	const options = readDoctorOptions(args);
	if (typeof options === "string") {
		io.stderr(`${options}\n\n${USAGE}`);
		return EXIT_WRONG_USE;
	}
	if (options.help) {
		io.stdout(USAGE);
		return EXIT_DONE;
	}
	const world: DoctorDeps = {
		machine: deps?.machine ?? thisDoctorMachine(),
		readClockSynchronised: deps?.readClockSynchronised ?? readClockSynchronised,
		loadOnoff: deps?.loadOnoff ?? (() => import("onoff")),
		toolPath: deps?.toolPath ?? io.env["PATH"] ?? "/usr/bin:/bin",
		checkBroker: deps?.checkBroker ?? checkBroker,
		...(deps?.systemFile === undefined ? {} : { systemFile: deps.systemFile }),
	};
	if (options.suggest) {
		io.stdout(await suggestConfig(world.machine, backendsOf(world), world.toolPath));
		return EXIT_DONE;
	}
	const checks: Check[] = [];
	for await (const found of examine(options.config, io, world)) {
		checks.push(...found);
		// Each line at once: the broker may take its time.
		if (!options.json) for (const check of found) io.stdout(formatCheck(check));
	}
	const count = (state: Check["state"]) => checks.filter((check) => check.state === state).length;
	const summary = { ok: count("ok"), warn: count("warn"), fail: count("fail") };
	if (options.json) io.stdout(`${JSON.stringify({ ...summary, checks }, null, 2)}\n`);
	else io.stdout(`${summary.ok} in order, ${summary.warn} to know, ${summary.fail} to mend\n`);
	return summary.fail === 0 ? EXIT_DONE : EXIT_FAILED;
}

function backendsOf({ machine, loadOnoff, toolPath }: DoctorDeps): Backends {
	const now = () => performance.now();
	return createBackends({ sysRoot: machine.sysRoot, now, load: loadOnoff, path: toolPath });
}

async function* examine(named: string | undefined, io: CommandIo, world: DoctorDeps): AsyncGenerator<readonly Check[]> {
	const { machine } = world;
	yield [checkNode(machine)];
	const { config, checks } = checkConfig(named, io, world);
	const { check, board } = checkBoard(machine, config);
	yield [check, checkUser(machine), checkMemory(machine, config)];
	yield [await checkClock(world.readClockSynchronised)];
	yield [checkRuntimeFolder(machine, io.env["RUNTIME_DIRECTORY"])];
	yield checkPorts(machine, config, board);
	yield await checkGpio(machine, config, board, backendsOf(world));
	yield checkSensors(machine, config, io.env["PATH"] ?? "");
	yield checks;
	if (config !== null) yield await checkLink(config, io, world);
}

function checkConfig(
	named: string | undefined,
	io: CommandIo,
	world: DoctorDeps,
): { config: Config | null; checks: Check[] } {
	const found = findConfig(named, io.cwd, world.systemFile);
	if (!found.ok) {
		return {
			config: null,
			checks: [warn(`${found.message}. Sources and broker were not looked at`, "tallywire doctor -c FILE")],
		};
	}
	const loaded = loadConfigFile(found.file, loadEnvironment(io.env));
	if (loaded.ok) {
		const { config, warnings } = loaded;
		return {
			config,
			checks: [
				ok(`configuration ${found.file}: valid, sources: ${config.sources.length}`),
				...warnings.map((text) => warn(text)),
			],
		};
	}
	const checks = loaded.errors.map((error) =>
		fail(formatConfigError(error), `nano +${error.line},${error.column} ${error.file}`),
	);
	return { config: null, checks };
}

/** Only where nothing is may `install` write: it would empty a password's file, and put one in the place of /dev/zero. */
function passwordMend(file: string, code: string | null, user: string): string {
	if (code === "EACCES") return `sudo chown ${user} ${file}   # and mode 600`;
	const place = code === "ENOENT" ? file : "/etc/tallywire/password";
	return `sudo install -m 600 -o ${user} /dev/null ${place}   # then write the password into it, and name it`;
}

async function checkLink(config: Config, io: CommandIo, world: DoctorDeps): Promise<readonly Check[]> {
	const { mqtt, device } = config;
	let password = mqtt.password?.reveal();
	if (mqtt.passwordFile !== undefined) {
		const file = resolve(io.cwd, mqtt.passwordFile);
		const read = await readCredential(file, PASSWORD_BYTES_MAX);
		if (!read.ok) {
			const what = `mqtt.password_file: cannot read ${file}: ${read.problem}`;
			return [fail(what, passwordMend(file, read.code, world.machine.user.name))];
		}
		password = read.bytes.toString("utf8").replace(/\r?\n$/, "");
	}
	return world.checkBroker(mqtt, device, password);
}
