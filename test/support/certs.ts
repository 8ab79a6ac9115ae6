// A certificate authority of a test's own, made with the openssl command: good certificates, and the two usual bad ones.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runOrThrow } from "./process.js";
import { makeTempDir } from "./temp-dir.js";

export interface KeyPair {
	readonly certFile: string;
	readonly keyFile: string;
}

export interface Certificates {
	readonly caFile: string;
	/** For localhost and 127.0.0.1. */
	readonly server: KeyPair;
	/** Ended yesterday. */
	readonly expired: KeyPair;
	/** For another.example only. */
	readonly wrongHost: KeyPair;
	/** As good as `server`, but from an authority that nobody knows. */
	readonly stranger: KeyPair;
	/** A client's, its common name is `gateway`. */
	readonly client: KeyPair;
	/** A client's, from an authority that nobody knows. */
	readonly strangerClient: KeyPair;
}

/** Makes them all; takes about half a second. */
export async function makeCertificates(): Promise<Certificates> {
	const folder = makeTempDir("certs");
	const [ca, otherCa] = await Promise.all([makeAuthority(folder, "ca"), makeAuthority(folder, "other-ca")]);
	const local = "subjectAltName=DNS:localhost,IP:127.0.0.1";
	const [server, expired, wrongHost, stranger, client, strangerClient] = await Promise.all([
		sign(folder, ca, "server", "localhost", local, 2),
		sign(folder, ca, "expired", "localhost", local, -1),
		sign(folder, ca, "wrong-host", "another.example", "subjectAltName=DNS:another.example", 2),
		sign(folder, otherCa, "foreign", "localhost", local, 2),
		sign(folder, ca, "client", "gateway", "extendedKeyUsage=clientAuth", 2),
		sign(folder, otherCa, "stranger", "gateway", "extendedKeyUsage=clientAuth", 2),
	]);
	return { caFile: ca.certFile, server, expired, wrongHost, stranger, client, strangerClient };
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

async function makeAuthority(folder: string, name: string): Promise<KeyPair> {
	const pair = { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) };
	const subject = ["-subj", `/CN=Tallywire test ${name}`, "-days", "2"];
	await runOrThrow("openssl", ["req", "-x509", ...NEW_KEY, ...subject, "-keyout", pair.keyFile, "-out", pair.certFile]);
	return pair;
}

async function sign(
	folder: string,
	ca: KeyPair,
	name: string,
	commonName: string,
	extension: string,
	days: number,
): Promise<KeyPair> {
	const file = (suffix: string): string => join(folder, `${name}.${suffix}`);
	const pair = { certFile: file("pem"), keyFile: file("key") };
	writeFileSync(file("ext"), `${extension}\n`);
	const subject = ["-subj", `/CN=${commonName}`];
	await runOrThrow("openssl", ["req", "-new", ...NEW_KEY, ...subject, "-keyout", pair.keyFile, "-out", file("csr")]);
	const authority = ["-CA", ca.certFile, "-CAkey", ca.keyFile, "-set_serial", String(serialOf(name))];
	const request = ["x509", "-req", "-in", file("csr"), "-extfile", file("ext"), "-days", String(days)];
	await runOrThrow("openssl", [...request, ...authority, "-out", pair.certFile]);
	return pair;
}

function serialOf(name: string): number {
	return 1_000 + [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
}
