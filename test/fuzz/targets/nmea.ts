// NMEA sentences. Damage nearly always breaks the checksum, so each line also comes a second time with the right one.
import * as assert from "uvu/assert";
import type { Target } from "../fuzz.js";
import { cut, readLines } from "./lines.js";

/** Fields of the format's own tables; transducers bring names of their own. */
const FIELD = /^s\.(?:[a-z_]+|xdr\..+)$/u;

/** A line with the checksum that belongs to what is in it, as the device that sent it would have had. */
function repaired(line: string): string {
	const body = line.replace(/\*[0-9a-f]{2} *$/i, "").slice(1);
	let sum = 0;
	for (let at = 0; at < body.length; at++) sum ^= body.charCodeAt(at);
	return `${line.slice(0, 1)}${body}*${(sum & 0xff).toString(16).padStart(2, "0")}`;
}

export const nmea: Target = {
	name: "nmea",
	words: [
		"$GP",
		"GGA,",
		"RMC,",
		"XDR,",
		"MWV,",
		"VTG,",
		",A,",
		",V,",
		"N,",
		"E,",
		"*",
		"$",
		"!",
		"-",
		"9959.999",
		"*0A\n",
	],
	feed(input) {
		const right = Buffer.from(input.toString("latin1").split("\n").map(repaired).join("\n"), "latin1");
		return [input, right].map((bytes) => {
			const seen = readLines({ as: "nmea" }, cut(bytes));
			for (const [stream, value] of seen.readings) {
				assert.match(stream, FIELD);
				assert.type(value, "number");
				if (stream === "s.lat") assert.ok(Math.abs(Number(value)) <= 90, `${value}`);
				if (stream === "s.lon") assert.ok(Math.abs(Number(value)) <= 180, `${value}`);
			}
			const streams = [...new Set(seen.readings.map(([stream]) => (stream.startsWith("s.xdr.") ? "xdr" : stream)))];
			return `${streams.sort().slice(0, 6)} ${Object.keys(seen.rejected).sort()}`;
		});
	},
};
