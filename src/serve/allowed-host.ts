// Which Host headers are answered. A page on the internet can point its own name at this machine's address (DNS
// rebinding) and would then read the status with the browser's blessing; but its name stands in the Host header.
// Listening on loopback, only names of loopback are answered. Listening elsewhere, IP literals too, which nobody can
// rebind, and this machine's own names.
import { isIP } from "node:net";

/** Makes the check of a Host or Origin authority, `name`, `name:port`, `1.2.3.4:port` or `[::1]:port`. */
export function createHostCheck(listenHost: string, machineName: string): (authority: string | undefined) => boolean {
	const listen = listenHost.toLowerCase();
	const onLoopback = isLoopback(listen);
	const machine = machineName.toLowerCase();
	const names = new Set(onLoopback ? [listen] : [listen, machine, `${machine}.local`]);
	return (authority) => {
		const host = hostOf(authority ?? "");
		if (host === null) return false;
		return isLoopback(host) || names.has(host) || (!onLoopback && isIP(host) !== 0);
	};
}

/** Whether a host is this machine's loopback by name or address. */
export function isLoopback(host: string): boolean {
	return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** The host of an authority in lower case, without brackets, port and a final dot; null where it is none. */
function hostOf(authority: string): string | null {
	const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+?)\.?)(?::\d{1,5})?$/i.exec(authority);
	const host = match?.[1] ?? match?.[2];
	return host === undefined ? null : host.toLowerCase();
}
