// A real Mosquitto on a port of its own, with a configuration of its own, on loopback only.
// It is proven to be the one that was started: the port it is reached at belongs to its process, by the kernel's account.
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { KeyPair } from "./certs.js";
import { freePort } from "./free-port.js";
import { type Running, runOrThrow, startProcess } from "./process.js";
import { makeTempDir } from "./temp-dir.js";
import { until } from "./wait.js";

/** 0 would mean no limit, but drops every QoS 0 message in some releases of Mosquitto. */
const QUEUED_MESSAGES_MAX = 1_000_000;
const START_ATTEMPTS_MAX = 5;
const START_TIMEOUT_MS = 10_000;

export interface Login {
	readonly username: string;
	readonly password: string;
}

export interface BrokerOptions {
	/** With users, nobody else may connect. */
	readonly users?: readonly Login[];
	/** Lines of an ACL file, for example `topic write tallywire/+/data`. */
	readonly acl?: readonly string[];
	/** Adds a listener with TLS; `clientCa` asks for a client certificate of that authority. */
	readonly tls?: { readonly server: KeyPair; readonly caFile: string; readonly requireClient?: boolean };
	/** Adds a listener for MQTT over websockets. */
	readonly websockets?: boolean;
	/** The broker's Maximum Packet Size, bytes. */
	readonly maxPacketBytes?: number;
	/** Messages waiting for one subscriber; more are dropped by the broker. */
	readonly maxQueuedMessages?: number;
	/** Further lines of the configuration file. */
	readonly settings?: readonly string[];
}

export interface Broker {
	readonly host: string;
	/** The plain listener. */
	readonly port: number;
	/** `mqtt://127.0.0.1:<port>` */
	readonly url: string;
	/** `mqtts://localhost:<port>`; empty without `tls`. */
	readonly tlsUrl: string;
	readonly tlsPort: number;
	/** `ws://127.0.0.1:<port>`; empty without `websockets`. */
	readonly wsUrl: string;
	/** Of the process that runs now. */
	pid(): number;
	/** What it printed since its last start. */
	log(): string;
	/** SIGTERM: connections are closed cleanly. */
	stop(): Promise<void>;
	/** SIGKILL. */
	kill(): Promise<void>;
	/** Starts it again on the same ports; `stop` first, or it is stopped here. */
	restart(): Promise<void>;
	/** SIGSTOP: the kernel still takes connections and bytes, nobody reads them. */
	suspend(): void;
	resume(): void;
}

interface Ports {
	readonly plain: number;
	readonly tls: number;
	readonly ws: number;
}

/** Starts a broker; resolves when it listens and is proven to be ours. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
	const folder = makeTempDir("mosquitto");
	for (let attempt = 1; ; attempt += 1) {
		const ports = { plain: await freePort(), tls: await freePort(), ws: await freePort() };
		const configFile = await writeConfig(folder, ports, options);
		try {
			return control(await launch(configFile, usedPorts(ports, options)), configFile, ports, options);
		} catch (error) {
			if (attempt === START_ATTEMPTS_MAX) throw error; // another process may have taken a port meanwhile
		}
	}
}

function usedPorts(ports: Ports, options: BrokerOptions): readonly number[] {
	return [ports.plain, ...(options.tls ? [ports.tls] : []), ...(options.websockets === true ? [ports.ws] : [])];
}

function control(first: Running, configFile: string, ports: Ports, options: BrokerOptions): Broker {
	let running = first;
	const end = async (how: "stop" | "kill"): Promise<void> => {
		await running[how]();
	};
	return {
		host: "127.0.0.1",
		port: ports.plain,
		url: `mqtt://127.0.0.1:${ports.plain}`,
		tlsUrl: options.tls ? `mqtts://localhost:${ports.tls}` : "",
		tlsPort: ports.tls,
		wsUrl: options.websockets === true ? `ws://127.0.0.1:${ports.ws}` : "",
		pid: () => running.pid,
		log: () => running.stderr() + running.stdout(),
		stop: () => end("stop"),
		kill: () => end("kill"),
		restart: async () => {
			await end("stop");
			running = await launch(configFile, usedPorts(ports, options));
		},
		suspend: () => running.signal("SIGSTOP"),
		resume: () => running.signal("SIGCONT"),
	};
}

/** Starts a broker with a configuration file of one's own; resolves when it listens on these ports itself. */
export async function launch(configFile: string, ports: readonly number[]): Promise<Running> {
	const running = startProcess("mosquitto", ["-c", configFile]);
	try {
		await running.waitForOutput(/mosquitto version \S+ running/, START_TIMEOUT_MS);
		await until(
			() => `mosquitto to own ports ${ports.join(", ")}:\n${running.stderr()}`,
			() => ports.every((port) => ownsPort(running.pid, port)),
			START_TIMEOUT_MS,
		);
		return running;
	} catch (error) {
		await running.kill();
		throw error;
	}
}

async function writeConfig(folder: string, ports: Ports, options: BrokerOptions): Promise<string> {
	const lines = [
		`user ${userInfo().username}`, // started by root, it would become a user who cannot read this folder
		"persistence false",
		"log_dest stderr",
		"log_type error",
		"log_type warning",
		"log_type notice",
		"log_type information",
		"sys_interval 1",
		"set_tcp_nodelay true",
		`allow_anonymous ${options.users === undefined}`,
		`max_queued_messages ${options.maxQueuedMessages ?? QUEUED_MESSAGES_MAX}`,
		...(options.maxPacketBytes === undefined ? [] : [`max_packet_size ${options.maxPacketBytes}`]),
	];
	if (options.users !== undefined) lines.push(`password_file ${await writePasswords(folder, options.users)}`);
	if (options.acl !== undefined) {
		writeFileSync(join(folder, "acl"), `${options.acl.join("\n")}\n`);
		lines.push(`acl_file ${join(folder, "acl")}`);
	}
	lines.push(...(options.settings ?? []), `listener ${ports.plain} 127.0.0.1`);
	if (options.websockets === true) {
		// Without socket_domain, Mosquitto 2.0 listens for websockets on every address, whatever the line before says.
		lines.push(`listener ${ports.ws} 127.0.0.1`, "socket_domain ipv4", "protocol websockets");
	}
	if (options.tls !== undefined) {
		const { server, caFile, requireClient = false } = options.tls;
		lines.push(`listener ${ports.tls} 127.0.0.1`, `certfile ${server.certFile}`, `keyfile ${server.keyFile}`);
		lines.push(`cafile ${caFile}`, `require_certificate ${requireClient}`);
	}
	const file = join(folder, "mosquitto.conf");
	writeFileSync(file, `${lines.join("\n")}\n`);
	return file;
}

async function writePasswords(folder: string, users: readonly Login[]): Promise<string> {
	const file = join(folder, "passwords");
	writeFileSync(file, users.map(({ username, password }) => `${username}:${password}\n`).join(""), { mode: 0o600 });
	await runOrThrow("mosquitto_passwd", ["-U", file]);
	return file;
}

/** Whether the process listens on 127.0.0.1:port itself: the socket of the kernel's table is among its open files. */
export function ownsPort(pid: number, port: number): boolean {
	const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
	const listening = "0A";
	for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1)) {
		const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
		if (local === address && state === listening) return openFiles(pid).has(`socket:[${inode}]`);
	}
	return false;
}

function openFiles(pid: number): ReadonlySet<string> {
	const folder = `/proc/${pid}/fd`;
	const targets = new Set<string>();
	for (const fd of readdirSync(folder)) {
		try {
			targets.add(readlinkSync(join(folder, fd)));
		} catch (error) {
			if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error; // closed meanwhile
		}
	}
	return targets;
}
