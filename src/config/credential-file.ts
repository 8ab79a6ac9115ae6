// The files that let somebody in: password, certificates, key. Read at every connect, so that a changed one is picked up,
// and therefore only from regular files, as systemd's credentials and the secrets of Docker and Kubernetes are: a pipe, such
// as a shell's <(...), gives its bytes once and then nothing, and a device gives them without end. Errors name the file,
// what is wrong and what to do, and never anything of what is in it.
import { accessSync, constants, type Stats, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** MQTT's own bound of a password (5.0, 1.5.6). */
export const PASSWORD_BYTES_MAX = 65_535;

/** One file of certificates or a key: that of all the authorities that Debian knows has 220 KB. */
export const CERTIFICATE_BYTES_MAX = 1_048_576;

export type CredentialResult =
	| { readonly ok: true; readonly bytes: Buffer }
	/** `code` is the system's; null where the file is there, but is none that we take. */
	| { readonly ok: false; readonly code: string | null; readonly problem: string };

/** Reads at most `bytesMax` bytes; a larger file is none that we take. Waits for nobody: a pipe is not even read. */
export async function readCredential(file: string, bytesMax: number): Promise<CredentialResult> {
	let handle: FileHandle | undefined;
	try {
		// Without O_NONBLOCK the open itself would wait for a pipe's writer, and hold a thread of Node's four.
		handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
		const kind = kindProblem(await handle.stat());
		if (kind !== null) return refused(kind);
		const chunks: Buffer[] = [];
		// `end` is the last byte that is read: one more than there may be.
		for await (const chunk of handle.createReadStream({ end: bytesMax, autoClose: false })) chunks.push(chunk);
		const bytes = Buffer.concat(chunks);
		if (bytes.length <= bytesMax) return { ok: true, bytes };
		return refused(`it is larger than ${bytesMax} bytes; name the right file`);
	} catch (error) {
		return failed(error);
	} finally {
		await handle?.close();
	}
}

/** What is wrong with the file already, or null: it is looked at, and not read. */
export function credentialProblem(file: string): string | null {
	try {
		accessSync(file, constants.R_OK);
		return kindProblem(statSync(file));
	} catch (error) {
		return failed(error).problem;
	}
}

function kindProblem(stat: Stats): string | null {
	if (stat.isFile()) return null;
	const mend = "it has to be a regular file, since it is read again at every connect: write it to one, with mode 600";
	if (stat.isDirectory()) return "it is a folder (EISDIR); name the file in it";
	return `it is a ${stat.isFIFO() ? "pipe" : stat.isSocket() ? "socket" : "device"}; ${mend}`;
}

function refused(problem: string): CredentialResult {
	return { ok: false, code: null, problem };
}

function failed(error: unknown): { readonly ok: false; readonly code: string; readonly problem: string } {
	const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
	switch (code) {
		case "ENOENT":
			return { ok: false, code, problem: `there is no such file (${code}); write it, or name another` };
		case "EACCES":
			return {
				ok: false,
				code,
				problem: `permission denied (${code}); let this user read it: chown, or chmod 640 and chgrp`,
			};
		default:
			return { ok: false, code, problem: code };
	}
}
