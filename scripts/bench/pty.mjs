// A serial line without a sensor: socat's pseudo terminal, fed from a file or not at all.
import { spawn } from "node:child_process";
import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";

const lines = new Set();
process.on("exit", () => {
	for (const socat of lines) socat.kill("SIGKILL");
});

/** Resolves when the near end is there. The far end stays open, so the line does not hang up by itself. */
export async function plugLine({ support }) {
	const path = join(support.makeTempDir("bench-pty"), "near");
	const socat = spawn("socat", ["-u", "-", `pty,raw,echo=0,link=${path}`], { stdio: ["pipe", "ignore", "inherit"] });
	lines.add(socat);
	socat.stdin.on("error", () => undefined); // unplugged before it had read everything
	await support.until("socat's pseudo terminal", () => existsSync(path));
	return {
		path,
		/** Resolves when the last byte of the file has been given to socat. */
		feed: (file) =>
			new Promise((resolve, reject) => {
				const bytes = createReadStream(file);
				bytes.once("error", reject).once("end", resolve).pipe(socat.stdin, { end: false });
			}),
		unplug() {
			lines.delete(socat);
			socat.kill("SIGKILL");
		},
	};
}
