// The options with which the consuming commands say which broker, as whom, and by whose certificates: one parser and one
// help text. The address follows the rules of the configuration's mqtt.url; a secret is only ever named by its file.
import { resolve } from "node:path";
import { parseBrokerUrl } from "../config/address.js";
import { credentialProblem } from "../config/credential-file.js";

/** For node:util's parseArgs. */
export const BROKER_OPTIONS = {
	broker: { type: "string" },
	username: { type: "string" },
	"password-file": { type: "string" },
	"ca-file": { type: "string" },
	"cert-file": { type: "string" },
	"key-file": { type: "string" },
} as const;

/** The lines of a --help. */
export const BROKER_HELP = `      --broker URL          mqtt://HOST[:PORT], mqtts://, ws:// or wss://
      --username NAME       who to be for the broker
      --password-file FILE  a file that holds the password; read at each connect
      --ca-file FILE        the authority of the broker's certificate; without it, those that the system trusts
      --cert-file FILE      a client certificate, with
      --key-file FILE       its key
`;

export type BrokerOptionValues = { readonly [name in keyof typeof BROKER_OPTIONS]?: string | undefined };

/** A broker and how to be let in. */
export interface BrokerAddress {
	readonly url: string;
	readonly username?: string;
	readonly passwordFile?: string;
	readonly caFile?: string;
	readonly certFile?: string;
	readonly keyFile?: string;
}

export type BrokerOptionsResult =
	| { readonly ok: true; readonly broker: BrokerAddress }
	| { readonly ok: false; readonly message: string };

const FILES = [
	["password-file", "passwordFile"],
	["ca-file", "caFile"],
	["cert-file", "certFile"],
	["key-file", "keyFile"],
] as const;

/** Reads the options; `url` stands in for --broker where it was not given. Files are looked at, but not read. */
export function readBrokerOptions(
	values: BrokerOptionValues,
	cwd: string,
	url: string | undefined = values.broker,
): BrokerOptionsResult {
	const broker = values.broker ?? url;
	if (broker === undefined) return wrong(`${firstGiven(values)} needs --broker`);
	const address = parseBrokerUrl(broker);
	if (!address.ok) return wrong(`--broker: ${address.message}`);
	if ((values["cert-file"] === undefined) !== (values["key-file"] === undefined)) {
		return wrong("--cert-file and --key-file go together");
	}
	if (values["password-file"] !== undefined && values.username === undefined) {
		return wrong("--password-file needs --username");
	}
	const files: Partial<Record<(typeof FILES)[number][1], string>> = {};
	for (const [option, name] of FILES) {
		const given = values[option];
		if (given === undefined) continue;
		const file = resolve(cwd, given);
		const problem = credentialProblem(file);
		if (problem !== null) return wrong(`--${option}: cannot read ${file}: ${problem}`);
		files[name] = file;
	}
	const user = values.username === undefined ? {} : { username: values.username };
	return { ok: true, broker: { url: broker, ...user, ...files } };
}

/** Whether any of them was given. */
export function hasBrokerOptions(values: BrokerOptionValues): boolean {
	return firstGiven(values) !== undefined;
}

function firstGiven(values: BrokerOptionValues): string | undefined {
	const names = Object.keys(BROKER_OPTIONS) as (keyof typeof BROKER_OPTIONS)[];
	const given = names.find((name) => values[name] !== undefined);
	return given === undefined ? undefined : `--${given}`;
}

function wrong(message: string): BrokerOptionsResult {
	return { ok: false, message };
}
