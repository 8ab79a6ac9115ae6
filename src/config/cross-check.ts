// What a schema cannot say: rules between settings, addresses, names given twice. Each rule is about values that are sound by
// themselves: what already has a problem is left alone. Where only one of two settings is given, the other's default
// gives way; where both are, it is an error.
import { isLoopback, parseBrokerUrl, parseListen } from "./address.js";
import { joinPointer } from "./document.js";
import { formatDuration, parseDuration } from "./duration.js";
import { type Problem, valueAt } from "./explain.js";
import { isMapping } from "./schema.js";

export interface CrossCheck {
	/** What the file gives, variables put in. */
	readonly given: unknown;
	/** The same with defaults; the checks adjust defaults in it. */
	readonly filled: Record<string, unknown>;
	readonly templates: ReadonlyMap<string, string>;
	/** Whether a place, or anything in it, already has a problem. */
	readonly isBad: (pointer: string) => boolean;
	/** Where something stands, for messages that point to it. */
	readonly line: (pointer: string) => number;
}

type Add = (pointer: string, message: string) => void;

/** All problems between settings. */
export function crossCheck(check: CrossCheck): Problem[] {
	const problems: Problem[] = [];
	const add: Add = (pointer, message) => problems.push({ pointer, at: "value", message });
	checkBroker(check, add);
	checkCredentials(check, add);
	checkListen(check, add);
	checkOrders(check, add);
	checkSources(check, add);
	return problems;
}

function text(check: CrossCheck, pointer: string): string | undefined {
	const value = valueAt(check.filled, pointer);
	return typeof value === "string" && !check.isBad(pointer) ? value : undefined;
}

function isGiven(check: CrossCheck, pointer: string): boolean {
	return valueAt(check.given, pointer) !== undefined;
}

function checkBroker(check: CrossCheck, add: Add): void {
	const url = text(check, "/mqtt/url");
	if (url === undefined) return;
	const parsed = parseBrokerUrl(url);
	const template = check.templates.get("/mqtt/url");
	if (!parsed.ok) {
		const shown = template === undefined ? parsed.message : `the content of ${template} (not shown) is no broker's url`;
		const wanted = shown.includes("allowed:") ? "" : "; allowed: mqtt://, mqtts://, ws:// or wss:// with host:port";
		add("/mqtt/url", `${shown}${wanted}`);
		return;
	}
	const { scheme } = parsed.value;
	if (scheme === "mqtts" || scheme === "wss") return;
	for (const key of ["ca_file", "cert_file", "key_file"]) {
		if (text(check, `/mqtt/${key}`) === undefined) continue;
		add(`/mqtt/${key}`, `has no effect with ${scheme}://, which does not encrypt; use mqtts:// or wss://`);
	}
}

function checkCredentials(check: CrossCheck, add: Add): void {
	const password = valueAt(check.given, "/mqtt/password");
	const isSecret = isGiven(check, "/mqtt/password") || isGiven(check, "/mqtt/password_file");
	if (typeof password === "string" && !check.isBad("/mqtt/password")) {
		if (!/^\$\{[A-Za-z0-9_]+\}$/.test(check.templates.get("/mqtt/password") ?? "")) {
			add("/mqtt/password", `a password does not stand in this file; use password_file, or password: \${VARIABLE}`);
		}
	}
	if (isGiven(check, "/mqtt/password") && isGiven(check, "/mqtt/password_file")) {
		add("/mqtt/password_file", "password is given too; allowed: one of password and password_file");
	}
	if (isSecret && !isGiven(check, "/mqtt/username") && valueAt(check.filled, "/mqtt/version") === 4) {
		const pointer = isGiven(check, "/mqtt/password") ? "/mqtt/password" : "/mqtt/password_file";
		add(pointer, "a password without username; allowed in MQTT 3.1.1: both, or username alone");
	}
	for (const [one, other] of [
		["cert_file", "key_file"],
		["key_file", "cert_file"],
	]) {
		if (isGiven(check, `/mqtt/${one}`) && !isGiven(check, `/mqtt/${other}`)) {
			add(`/mqtt/${one}`, `${other} is missing; allowed: both or neither`);
		}
	}
}

function checkListen(check: CrossCheck, add: Add): void {
	const listen = text(check, "/http/listen");
	if (listen === undefined) return;
	const parsed = parseListen(listen);
	if (parsed.ok) return;
	const template = check.templates.get("/http/listen");
	add(
		"/http/listen",
		template === undefined ? parsed.message : `the content of ${template} (not shown) is no host:port`,
	);
}

/** Pairs of settings of which one bounds the other. */
function checkOrders(check: CrossCheck, add: Add): void {
	const pairs = [
		{ small: "/publish/max_readings", large: "/publish/at_risk", least: 0, why: "a frame's readings are all at risk" },
		{ small: "/mqtt/reconnect/min", large: "/mqtt/reconnect/max", least: 0, why: "waits grow from min to max" },
		{ small: "/publish/linger", large: "/buffer/ttl", least: 1, why: "readings would expire while they wait" },
	] as const;
	for (const { small, large, least, why } of pairs) {
		if (check.isBad(small) || check.isBad(large)) continue;
		const low = amount(valueAt(check.filled, small));
		const high = amount(valueAt(check.filled, large));
		if (low === undefined || high === undefined || low + least <= high) continue;
		const name = large.slice(1).replaceAll("/", ".");
		if (isGiven(check, small) && isGiven(check, large)) {
			const shown = String(valueAt(check.filled, large));
			const than = least === 0 ? "at most" : "less than";
			add(small, `found ${valueAt(check.filled, small)}; allowed: ${than} ${name}, which is ${shown} (${why})`);
		} else if (isGiven(check, small)) {
			setAmount(check.filled, large, low + least);
		} else {
			setAmount(check.filled, small, Math.max(0, high - least));
		}
	}
}

function amount(value: unknown): number | undefined {
	if (typeof value === "number") return value;
	return typeof value === "string" ? parseDuration(value) : undefined;
}

function setAmount(filled: Record<string, unknown>, pointer: string, value: number): void {
	const keys = pointer.slice(1).split("/");
	const last = keys.pop() ?? "";
	const parent = valueAt(filled, keys.map((key) => `/${key}`).join(""));
	if (!isMapping(parent)) return;
	(parent as Record<string, unknown>)[last] = typeof parent[last] === "string" ? formatDuration(value) : value;
}

/** What only one source may have: its name, and the line or port that it takes for itself. */
function checkSources(check: CrossCheck, add: Add): void {
	const sources = valueAt(check.filled, "/sources");
	if (!Array.isArray(sources)) return;
	const taken = new Map<string, string>();
	for (const [index, source] of sources.entries()) {
		for (const key of ["name", "path", "pin"]) {
			const value = isMapping(source) ? source[key] : undefined;
			const pointer = joinPointer(`/sources/${index}`, key);
			if ((typeof value !== "string" && typeof value !== "number") || check.isBad(pointer)) continue;
			const first = taken.get(`${key} ${value}`);
			taken.set(`${key} ${value}`, first ?? pointer);
			if (first === undefined) continue;
			const shown = check.templates.has(pointer) ? "this" : JSON.stringify(value);
			add(
				pointer,
				`${shown} is the ${key} of another source already (line ${check.line(first)}); allowed: each ${key} once`,
			);
		}
	}
}

/** What is no error, but deserves a word: each a sentence. */
export function configWarnings(config: {
	readonly mqtt: {
		readonly url: string;
		readonly username?: string;
		readonly password?: unknown;
		readonly passwordFile?: string;
	};
	readonly http: { readonly host: string } | false;
	readonly sources: readonly unknown[];
}): string[] {
	const warnings: string[] = [];
	const { mqtt, http } = config;
	const url = parseBrokerUrl(mqtt.url);
	const hasPassword = mqtt.password !== undefined || mqtt.passwordFile !== undefined;
	const isEncrypted = url.ok && (url.value.scheme === "mqtts" || url.value.scheme === "wss");
	if (url.ok && hasPassword && !isEncrypted && !isLoopback(url.value.host)) {
		warnings.push(`mqtt.url: the password crosses the network unencrypted; use ${url.value.scheme}s://`);
	}
	if (hasPassword && mqtt.username === undefined) {
		warnings.push("mqtt.username: none with the password; a broker of MQTT 3.1.1 refuses that");
	}
	if (http !== false && !isLoopback(http.host)) {
		warnings.push("http.listen: reachable from the network; the page and the metrics ask for no password");
	}
	if (config.sources.length === 0) warnings.push("sources: none, so nothing is read; only the status is published");
	return warnings;
}
