// Addresses of the configuration: the broker's url and the one that HTTP listens on. Messages never quote an address
// that carries credentials or a query, since both may be secret.

import { isIPv4, isIPv6 } from "node:net";
import { UNPRINTABLE } from "../core/unprintable.js";
import { nearest } from "./nearest.js";

export interface BrokerUrl {
	readonly scheme: "mqtt" | "mqtts" | "ws" | "wss";
	/** Without brackets. */
	readonly host: string;
	readonly port?: number;
}

export type Parsed<Value> =
	| { readonly ok: true; readonly value: Value }
	| { readonly ok: false; readonly message: string };

const SCHEMES = ["mqtt", "mqtts", "ws", "wss"] as const;
const MEANT: Readonly<Record<string, string>> = {
	tcp: "mqtt",
	ssl: "mqtts",
	tls: "mqtts",
	"mqtt+ssl": "mqtts",
	http: "ws",
	https: "wss",
};

/** Reads a broker's url. */
export function parseBrokerUrl(url: string): Parsed<BrokerUrl> {
	const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/is.exec(url);
	if (match === null) {
		const hint = /^[A-Za-z0-9.-]+(:\d+)?$/.test(url) ? `mqtt://${url}` : "mqtt://host:1883";
		return wrong(`${quoteUrl(url)} is no url; write ${hint}`);
	}
	const [, given = "", authority = "", path = "", query = "", hash = ""] = match;
	const scheme = SCHEMES.find((known) => known === given.toLowerCase());
	if (scheme === undefined) {
		const meant = MEANT[given.toLowerCase()] ?? nearest(given, SCHEMES);
		const hint = meant === undefined ? "" : `; did you mean ${meant}://?`;
		return wrong(`found ${given}://; allowed: mqtt://, mqtts://, ws:// or wss://${hint}`);
	}
	if (authority.includes("@")) {
		return wrong(`credentials inside the url (not shown); use username and password_file, or password: \${VARIABLE}`);
	}
	if (hash !== "") return wrong("a # part; a broker's url has none");
	if (scheme.startsWith("mqtt") && (query !== "" || !["", "/"].includes(path))) {
		return wrong(`a path or query; ${scheme}:// takes host and port only, ws:// and wss:// a path`);
	}
	if (/\s/.test(url) || UNPRINTABLE.test(url)) return wrong("a space or control character inside the url");
	const address = parseHostPort(authority);
	if (!address.ok) return wrong(`${quoteUrl(url)}: ${address.message}`);
	const { host, port } = address.value;
	return { ok: true, value: port === undefined ? { scheme, host } : { scheme, host, port } };
}

/** Reads `host:port`, where HTTP listens. Port 0 is any free one. */
export function parseListen(text: string): Parsed<{ readonly host: string; readonly port: number }> {
	const wanted = 'host:port such as 127.0.0.1:9464 or "[::1]:9464", or false';
	const match = /^(.*):([^:\]]*)$/s.exec(text);
	if (match === null) return wrong(`${quoteText(text)} has no port; allowed: ${wanted}`);
	const [, host = "", port = ""] = match;
	if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
		return wrong(`${quoteText(text)} has no port from 0 to 65535; allowed: ${wanted}`);
	}
	if (host === "")
		return wrong(`${quoteText(text)} has no host; write 0.0.0.0:${port} for all of IPv4; allowed: ${wanted}`);
	const address = parseHostPort(host);
	if (!address.ok) return wrong(`${quoteText(text)}: ${address.message}; allowed: ${wanted}`);
	return { ok: true, value: { host: address.value.host, port: Number(port) } };
}

/** Whether a host is this machine by its very name. */
export function isLoopback(host: string): boolean {
	return host.toLowerCase() === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** A url as it may be shown: no credentials, no query. */
export function showUrl(url: string): string {
	return url.replace(/\/\/[^/?#]*@/, "//***@").replace(/\?.*$/s, "?***");
}

function parseHostPort(authority: string): Parsed<{ readonly host: string; readonly port?: number }> {
	// Asked only of what can be one: the first call of isIPv6 compiles a pattern for 7 ms.
	if (/:.*:/.test(authority) && isIPv6(authority)) return wrong("an IPv6 address needs brackets, such as [::1]");
	const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(authority);
	if (match === null) return wrong("host and port do not read as host:port");
	const [, bracketed, name = "", port] = match;
	if (bracketed !== undefined && !isIPv6(bracketed)) return wrong("what is in brackets is no IPv6 address");
	const host = bracketed ?? name;
	if (host === "") return wrong("the host is missing");
	if (bracketed === undefined) {
		const problem = hostProblem(host);
		if (problem !== undefined) return wrong(problem);
	}
	if (port === undefined) return { ok: true, value: { host } };
	const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
	if (number < 1 || number > 65_535) return wrong("the port is not from 1 to 65535");
	return { ok: true, value: { host, port: number } };
}

function hostProblem(host: string): string | undefined {
	const labels = host.replace(/\.$/, "").split(".");
	if (/^[\d.]+$/.test(host) && !isIPv4(host)) return "the host is no IPv4 address";
	if (host.length > 253 || labels.some((label) => !/^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label))) {
		return "the host is no name: letters, digits, - and _ between dots";
	}
	return undefined;
}

function wrong(message: string): { readonly ok: false; readonly message: string } {
	return { ok: false, message };
}

function quoteUrl(url: string): string {
	return url.includes("@") ? "the url (not shown)" : quoteText(showUrl(url));
}

function quoteText(text: string): string {
	return text.includes("@") ? "the text (not shown)" : JSON.stringify(text.slice(0, 60));
}
