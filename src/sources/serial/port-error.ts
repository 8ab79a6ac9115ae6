// What went wrong with a port, in a person's words and with the way to mend it. The native part's errors have no code,
// only a text with the C library's message in it: the table below is what was seen of them.

const MEANINGS: readonly (readonly [RegExp, (path: string, text: string) => string])[] = [
	[
		/ERR_MODULE_NOT_FOUND|Cannot find (?:module|package)/,
		() => "the package serialport is missing: npm install serialport",
	],
	[
		/No native build|ERR_DLOPEN_FAILED/,
		(_, text) => `serialport has no native part for this machine: npm rebuild @serialport/bindings-cpp (${text})`,
	],
	[
		/Cannot lock port|Device or resource busy/,
		(path) => `${path} is in use by another program: \`fuser -v ${path}\` says which, end it or its service (a getty?)`,
	],
	[
		/Operation not permitted/,
		(path) =>
			`${path} is closed to this service: tallywire check --devices | sudo systemctl edit --stdin --drop-in=devices tallywire, then restart it (in a container: give it the device)`,
	],
	[/Permission denied/, (path) => `no permission to open ${path}: sudo usermod -aG dialout $USER, then log in again`],
	[/No such file or directory/, (path) => missing(path)],
	[/No such device/, (path) => `${path} has no device behind it any more: is it plugged in?`],
	[/Is a directory|Inappropriate ioctl/, (path) => `${path} is no serial port`],
	[
		/Input\/output error/,
		(path) => `${path} has no hardware behind it: another port (ls -l /dev/serial/by-id), or enable this UART`,
	],
	[
		/Invalid argument|custom baud rate/,
		(path) => `${path} cannot be set to this baud, data_bits, parity and stop_bits: use others`,
	],
	[/Too many (?:open files|levels)/, (path, text) => `cannot open ${path}: ${text}`],
];

/** One line on why a port could not be opened. */
export function explainPortError(error: unknown, path: string): string {
	const message = error instanceof Error ? error.message : String(error);
	const code = error instanceof Error && "code" in error ? String(error.code) : "";
	const text = (message.split("\n")[0] ?? "").replace(/^Error:? /, "");
	const meaning = MEANINGS.find(([pattern]) => pattern.test(`${code} ${message}`));
	return meaning === undefined ? `cannot open ${path}: ${text}` : meaning[1](path, text);
}

/** One line on a path that leads nowhere. */
export function missing(path: string): string {
	return `${path} is not there: is it plugged in? (ls -l /dev/serial/by-id)`;
}
