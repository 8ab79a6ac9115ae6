// The man page, from what the program and its commands say with --help.

const FILES = [
	["/etc/tallywire/config.yaml", "the configuration of the service"],
	[
		"/etc/credstore/tallywire.password",
		"the broker's password, for root alone; the service sees it as /run/credentials/tallywire.service/tallywire.password",
	],
	[
		"/etc/systemd/system/tallywire.service.d/devices.conf",
		"what the service may open, as tallywire check --devices prints it",
	],
	["/run/tallywire", "the last counters of a run that was killed, for the next one"],
];

/** The page as roff. */
export function manPage({ about, version, commands }, date) {
	return `${[
		`.TH TALLYWIRE 1 "${date.toISOString().slice(0, 10)}" "tallywire ${version}" "User commands"`,
		".SH NAME",
		`tallywire \\- ${roff(about)}`,
		".SH SYNOPSIS",
		".nf",
		...commands.flatMap(({ text }) => synopsis(text).map(roff)),
		".fi",
		".SH COMMANDS",
		...commands.flatMap(({ name, does, text }) => [
			`.SS ${name}: ${roff(does)}`,
			".nf",
			...body(text).map(roff),
			".fi",
		]),
		".SH FILES",
		...FILES.flatMap(([path, what]) => [".TP", `.I ${roff(path)}`, roff(what)]),
		".SH SEE ALSO",
		".BR systemctl (1),",
		".BR mosquitto_sub (1),",
		".BR gpiomon (1)",
	].join("\n")}\n`;
}

/** The lines that say how a command is called. */
function synopsis(text) {
	return text
		.slice(0, text.indexOf("\n\n"))
		.replace(/^usage: /, "")
		.split("\n")
		.map((line) => line.trim());
}

/** Everything after them. */
function body(text) {
	return text.slice(text.indexOf("\n\n")).trim().split("\n");
}

/** A line that roff takes as text: no request at its beginning, no escape, and hyphens that can be copied. */
function roff(line) {
	return line
		.replaceAll("\\", "\\e")
		.replaceAll("-", "\\-")
		.replace(/^(['.])/, "\\&$1");
}
