// The broker: does it answer, does it take the login, and does it pass on what this device publishes?
// An access list that denies a QoS 0 publish does so in silence, so a message is sent around: subscribed to and published,
// not retained, on `<prefix>/<device>/doctor`, a topic that the agent itself never uses. The client id is the agent's with
// `-doctor` behind it, since a broker throws out whoever has the same one, and there is no Will to mark a device offline.
import { randomBytes } from "node:crypto";
import type { MqttClient } from "mqtt";
import type { MqttConfig } from "../../config/config.js";
import { INBOUND_BYTES_MAX } from "../../uplink/connection.js";
import { guardInbound } from "../../uplink/inbound.js";
import { prepareTransport } from "../../uplink/transport.js";
import { type Check, fail, ok, warn } from "./check.js";

/** A broker on a slow mobile link answers within this. */
const CONNECT_MS_MAX = 8_000;
const SUBSCRIBE_MS_MAX = 4_000;
const LOOP_MS_MAX = 4_000;
const END_MS_MAX = 500;

/** "Not this version": MQTT 3.1.1 table 3.1, MQTT 5.0 table 3-1. */
const VERSION_REFUSED: readonly unknown[] = [1, 132];
/** Bad user or password, not authorized, banned, bad authentication method. */
const LOGIN_REFUSED: readonly unknown[] = [4, 5, 134, 135, 138, 140];
const CLIENT_ID_REFUSED: readonly unknown[] = [2, 133];

type Attempt =
	| { readonly ok: true; readonly client: MqttClient; readonly version: 4 | 5 }
	| { readonly ok: false; readonly code: unknown; readonly reason: string; readonly version: 4 | 5 };

/** Looks at the broker; at most about 25 s, whatever it does. `password` as read from its file, if there is one. */
export async function checkBroker(mqtt: MqttConfig, device: string, password: string | undefined): Promise<Check[]> {
	const where = placeOf(mqtt.url);
	let attempt: Attempt;
	try {
		attempt = await connect(mqtt, mqtt.version, password);
		// A broker of 3.1.1 answers MQTT 5 with code 1, or closes without a word.
		if (!attempt.ok && attempt.version === 5 && (VERSION_REFUSED.includes(attempt.code) || attempt.code === "CLOSED")) {
			attempt = await connect(mqtt, 4, password);
		}
	} catch (error) {
		return [
			fail(
				error instanceof Error ? error.message : String(error),
				"ls -l /etc/tallywire   # the file must be there and open to the agent's user",
			),
		];
	}
	if (!attempt.ok) return explain(attempt, mqtt, where);
	const checks = [ok(`broker ${where} answers (MQTT ${attempt.version === 5 ? "5" : "3.1.1"})`), ok(loginText(mqtt))];
	try {
		checks.push(await loop(attempt.client, `${mqtt.prefix}/${device}/doctor`, `${mqtt.prefix}/${device}/#`));
	} finally {
		await end(attempt.client);
	}
	return checks;
}

async function connect(mqtt: MqttConfig, version: 4 | 5, password: string | undefined): Promise<Attempt> {
	const { default: mqttClient } = await import("mqtt/lib/client");
	const open = await prepareTransport(mqtt);
	const client = new mqttClient.default((self: MqttClient) => open(self), {
		protocolVersion: version,
		protocolId: "MQTT",
		clientId: `${mqtt.clientId}-doctor`,
		clean: true,
		keepalive: 30,
		connectTimeout: CONNECT_MS_MAX,
		reconnectPeriod: 0,
		queueQoSZero: false,
		resubscribe: false,
		writeCache: false,
		...(mqtt.username === undefined ? {} : { username: mqtt.username }),
		...(password === undefined ? {} : { password }),
	});
	return new Promise((resolve) => {
		let first: (Error & { code?: unknown }) | null = null;
		const give = (attempt: Attempt): void => {
			clearTimeout(timer);
			if (!attempt.ok) client.end(true);
			resolve(attempt);
		};
		const failed = (): void =>
			give({
				ok: false,
				version,
				code: first === null ? "CLOSED" : first.code,
				reason: reasonOf(first),
			});
		const timer = setTimeout(failed, CONNECT_MS_MAX + 1_000);
		const note = (error: Error): void => {
			first ??= error;
		};
		guardInbound(client, INBOUND_BYTES_MAX, (reason) => {
			note(new Error(reason));
			failed();
		});
		client.on("error", note);
		client.stream.on("error", note); // MQTT.js swallows errors without a code
		client.on("close", failed);
		client.on("connect", () => give({ ok: true, client, version }));
	});
}

function reasonOf(error: Error | null): string {
	if (error === null) return "it closes the connection without a word";
	if (error.message !== "connack timeout") return error.message;
	return `it takes the connection, but gives no MQTT answer within ${CONNECT_MS_MAX / 1_000} s`;
}

/** Sends a message around and says whether it came back. */
async function loop(client: MqttClient, topic: string, allowed: string): Promise<Check> {
	const mend = [
		`topic readwrite ${allowed}   # below "user …" in the broker's access list (mosquitto: acl_file)`,
		"sudo systemctl reload mosquitto",
	] as const;
	const granted = await within(SUBSCRIBE_MS_MAX, false, (answer) => {
		client.subscribe(topic, { qos: 0 }, (error, grants) =>
			answer(!error && (grants ?? []).every(({ qos }) => qos < 128)),
		);
	});
	if (!granted) {
		return warn(
			`publishing: cannot be seen, since the broker lets this device subscribe to nothing of its own (${topic})`,
			...mend,
		);
	}
	const token = randomBytes(12).toString("base64url");
	const returned = await within(LOOP_MS_MAX, false, (answer) => {
		client.on("message", (received, payload) => {
			if (received === topic && payload.toString() === token) answer(true);
		});
		client.publish(topic, token, { qos: 0, retain: false });
	});
	if (returned) return ok(`publishing permitted: a message on ${topic} came back`);
	return fail(
		`publishing: a message on ${topic} did not come back, so the broker throws away what this device sends`,
		...mend,
	);
}

function explain({ code, reason }: Extract<Attempt, { ok: false }>, mqtt: MqttConfig, where: string): Check[] {
	const answers = ok(`broker ${where} answers`);
	if (LOGIN_REFUSED.includes(code)) {
		const { username } = mqtt;
		return [
			answers,
			fail(
				`login ${username === undefined ? "without a user" : `as ${username}`}: refused by the broker`,
				`sudo mosquitto_passwd /etc/mosquitto/passwd ${username ?? "USER"}   # on the broker; then the same in password_file`,
				"sudo systemctl reload mosquitto",
			),
		];
	}
	if (CLIENT_ID_REFUSED.includes(code)) {
		const text = `the broker refuses the client id ${mqtt.clientId}-doctor`;
		return [answers, fail(text, `allow client ids that begin with ${mqtt.clientId} on the broker`)];
	}
	const [text, mend] = unreachable(code, where) ?? [
		reason,
		`nc -vz ${where.replace(/:(\d+)$/, " $1")}   # is the way there open, and the scheme of mqtt.url right (mqtt or mqtts)?`,
	];
	return [fail(`broker ${where}: ${text}`, mend)];
}

/** What the usual failures mean, and what mends them. */
function unreachable(code: unknown, where: string): readonly [text: string, mend: string] | null {
	const certificate = (show: string) => `openssl s_client -connect ${where} </dev/null | openssl x509 -noout ${show}`;
	switch (code) {
		case "ECONNREFUSED":
			return [
				"nothing listens there",
				/^(localhost|127\.|\[::1\])/.test(where)
					? "sudo apt install mosquitto && sudo systemctl enable --now mosquitto"
					: "sudo systemctl status mosquitto   # on the broker: does it listen on more than localhost?",
			];
		case "ENOTFOUND":
		case "EAI_AGAIN":
			return [
				"the name does not resolve",
				`getent hosts ${where.replace(/:\d+$/, "")}   # then correct mqtt.url, or the name server`,
			];
		case "CERT_NOT_YET_VALID":
			return ["its certificate is not valid yet by this machine's clock", "sudo timedatectl set-ntp true"];
		case "CERT_HAS_EXPIRED":
			return ["its certificate has expired", `${certificate("-dates")}   # then renew it on the broker`];
		case "ERR_TLS_CERT_ALTNAME_INVALID":
			return [
				"its certificate is for another name",
				`${certificate("-ext subjectAltName")}   # then use that name in mqtt.url`,
			];
		case "SELF_SIGNED_CERT_IN_CHAIN":
		case "DEPTH_ZERO_SELF_SIGNED_CERT":
		case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
		case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
			return [
				"its certificate is from an authority that is not known here",
				"mqtt: { ca_file: /etc/tallywire/ca.crt }   # the certificate of that authority",
			];
		default:
			return null;
	}
}

function loginText({ username, certFile }: MqttConfig): string {
	if (username !== undefined) return `login as ${username} accepted`;
	return certFile === undefined ? "login accepted, without a user" : "login by certificate accepted";
}

/** Host and port of a broker's URL. */
function placeOf(text: string): string {
	const url = new URL(text);
	const ports: Readonly<Record<string, string>> = { "mqtt:": "1883", "mqtts:": "8883", "ws:": "80", "wss:": "443" };
	return `${url.hostname}:${url.port === "" ? (ports[url.protocol] ?? "") : url.port}`;
}

/** The answer, or `otherwise` when none came in time. */
function within<T>(limitMs: number, otherwise: T, ask: (answer: (value: T) => void) => void): Promise<T> {
	return new Promise((resolve) => {
		const timer = setTimeout(() => resolve(otherwise), limitMs);
		ask((value) => {
			clearTimeout(timer);
			resolve(value);
		});
	});
}

/** DISCONNECT, then the socket is gone for certain. */
async function end(client: MqttClient): Promise<void> {
	await within(END_MS_MAX, undefined, (answer) => client.end(false, {}, () => answer(undefined)));
	client.end(true);
}
