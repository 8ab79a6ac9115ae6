// The example in scripts/mosquitto as it is shipped, on ports and in a folder of the test's own: nothing else in it is
// changed, and what a test adds stands behind it.
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient, type OnMessageCallback } from "mqtt";
import { freePort } from "../support/free-port.js";
import { launch } from "../support/mosquitto.js";
import { projectDir, type Running, runOrThrow } from "../support/process.js";
import { makeTempDir } from "../support/temp-dir.js";

export const exampleDir: string = join(projectDir, "scripts/mosquitto");
const INSTALLED = "/etc/mosquitto/tallywire";

export interface ShippedOptions {
	/** Those that scripts/mosquitto/credentials makes. */
	readonly users: readonly string[];
	/** Further users with names that it would refuse; the password is `secret`. */
	readonly forced?: readonly string[];
	/** Lines behind the shipped access list. */
	readonly acl?: readonly string[];
	/** Makes lines behind the shipped configuration, for the folder that it is in. */
	readonly settings?: (folder: string) => string;
	/** Where it is to be found; a free port unless given. */
	readonly plainPort?: number;
}

export interface Shipped {
	readonly folder: string;
	readonly plainPort: number;
	readonly tlsPort: number;
	readonly running: Running;
	passwordOf(user: string): string;
	/** `mqtt` of an agent's configuration: over TLS, as its own user. */
	agentSettings(user: string): Readonly<Record<string, unknown>>;
	/** The options with which a consuming command gets in as a user, over TLS. */
	consumerArgs(user: string): readonly string[];
	/** A client that nothing stops, over the plain listener; `take` gets what comes from the first byte on. */
	connect(user: string, options?: IClientOptions, take?: OnMessageCallback): Promise<MqttClient>;
	stop(): Promise<void>;
}

/** The shipped file with the folder it names exchanged for another. */
export function shippedFile(name: string, folder: string): string {
	return readFileSync(join(exampleDir, name), "utf8").replaceAll(INSTALLED, folder);
}

/** Starts it; resolves when it listens. */
export async function startShipped(options: ShippedOptions): Promise<Shipped> {
	const folder = makeTempDir("shipped");
	await runOrThrow(join(exampleDir, "credentials"), [folder, "localhost", ...options.users]);
	for (const user of options.forced ?? []) await forceUser(folder, user);
	writeFileSync(join(folder, "acl"), [shippedFile("acl", folder), ...(options.acl ?? []), ""].join("\n"));
	const [plainPort, tlsPort] = [options.plainPort ?? (await freePort()), await freePort()];
	const config = shippedFile("mosquitto.conf", folder)
		.replace("listener 1883 127.0.0.1", `listener ${plainPort} 127.0.0.1`)
		.replace("listener 8883", `listener ${tlsPort} 127.0.0.1`);
	const configFile = join(folder, "mosquitto.conf");
	// Started by root, it would become a user who cannot read this folder.
	writeFileSync(configFile, `user ${userInfo().username}\n${config}\n${options.settings?.(folder) ?? ""}`);
	const running = await launch(configFile, [plainPort, tlsPort]);
	const fileOf = (user: string, name: string): string => join(folder, "for", user, name);
	const passwordOf = (user: string): string =>
		(options.forced ?? []).includes(user) ? "secret" : readFileSync(fileOf(user, "password"), "utf8").trim();
	return {
		...{ folder, plainPort, tlsPort, running, passwordOf },
		agentSettings: (user) => ({
			url: `mqtts://localhost:${tlsPort}`,
			username: user,
			password_file: fileOf(user, "password"),
			ca_file: fileOf(user, "ca.pem"),
			reconnect: { min: "50ms", max: "100ms" },
		}),
		consumerArgs: (user) => [
			...["--broker", `mqtts://localhost:${tlsPort}`, "--username", user],
			...["--password-file", fileOf(user, "password"), "--ca-file", fileOf(user, "ca.pem")],
		],
		connect: (user, more = {}, take = () => undefined) =>
			connected(
				mqtt
					.connect(`mqtt://127.0.0.1:${plainPort}`, {
						...{ username: user, password: passwordOf(user), protocolVersion: 5, reconnectPeriod: 0 },
						...more,
					})
					.on("message", take),
			),
		stop: async () => {
			await running.kill();
		},
	};
}

/** Resolves when the broker has let it in; rejects when it has not. */
function connected(client: MqttClient): Promise<MqttClient> {
	return new Promise((resolve, reject) => {
		client.once("error", reject);
		client.once("connect", () => {
			client.off("error", reject);
			client.on("error", () => undefined); // what ends it is seen at its close
			resolve(client);
		});
	});
}

/** Puts a user into the password file behind the back of scripts/mosquitto/credentials. */
async function forceUser(folder: string, user: string): Promise<void> {
	const file = join(folder, "forced");
	writeFileSync(file, `${user}:secret\n`);
	await runOrThrow("mosquitto_passwd", ["-U", file]);
	const passwords = join(folder, "passwords");
	writeFileSync(passwords, readFileSync(passwords, "utf8") + readFileSync(file, "utf8"));
	chmodSync(passwords, 0o600);
}

/** What came to a client that may read everything, in that order. */
export interface Witness {
	readonly topics: string[];
	readonly packets: IPublishPacket[];
	/** Resolves when all that the broker took of `client` before this call has come. `marker`: a topic that it may write. */
	settle(client: MqttClient, marker: string): Promise<void>;
	stop(): Promise<void>;
}

/** The lines of an access list that let a user read everything. */
export const WITNESS_ACL = ["user witness", "topic read #"];

/** Listens as the user `witness`. */
export async function startWitness(shipped: Shipped): Promise<Witness> {
	const client = await shipped.connect("witness");
	const topics: string[] = [];
	const packets: IPublishPacket[] = [];
	const awaited = new Map<string, () => void>();
	client.on("message", (topic, payload, packet) => {
		const seen = awaited.get(payload.toString());
		if (seen !== undefined) return seen();
		topics.push(topic);
		packets.push(packet);
	});
	await client.subscribeAsync("#");
	let markers = 0;
	return {
		topics,
		packets,
		settle: async (other, marker) => {
			markers += 1;
			const text = `marker ${markers}`;
			await new Promise<void>((resolve, reject) => {
				awaited.set(text, resolve);
				setTimeout(() => reject(new Error(`the marker on ${marker} did not come`)), 10_000).unref();
				other.publish(marker, text);
			});
		},
		stop: () => client.endAsync(true),
	};
}

/** Resolves when the client's connection is over. */
export function closed(client: MqttClient): Promise<void> {
	return new Promise((resolve, reject) => {
		const limit = setTimeout(() => reject(new Error("the connection is not closed")), 10_000);
		client.once("close", () => {
			clearTimeout(limit);
			resolve();
		});
	});
}
