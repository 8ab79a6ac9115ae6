// libgpiod's programs as shell scripts, to see what they are asked and to answer what the test wants: as either generation
// prints it (2.x after its documentation and its source; real ones of both run in the virtual board, chardev.guest.ts).
import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTree } from "../boards/sysfs-tree.js";

export interface FakeGpiod {
	/** For `path`: the programs, before the system's own. */
	readonly path: string;
	/** A sysfs with one chip, gpiochip0. */
	readonly sysRoot: string;
	readonly procRoot: string;
	/** The command lines of every program that was started. */
	calls(): readonly string[];
	/** Has gpiomon print this. */
	print(text: string): void;
	/** Has gpiomon end with this on stderr. */
	end(stderr: string): void;
	/** What gpioget says, from the next time on; a failure if it is not a level. */
	level(text: string): void;
	interrupts(text: string): void;
	/** Takes the chip away. */
	unplug(): void;
}

const GPIOMON = `case "$1" in --version) echo "gpiomon (libgpiod) v$VERSION"; exit;; esac
echo "gpiomon $*" >> calls
mkdir -p proc/$$/fd && ln -s anon_inode:gpio-line proc/$$/fd/3
tail -n +1 -f --pid=$$ "$PWD/edges" & reader=$!
trap 'kill $reader; exit 0' TERM
until [ -e end ]; do sleep 0.02; done
kill $reader; cat end >&2; rm end; exit 1`;
const GPIOGET = `echo "gpioget $*" >> calls
read -r level < level
case "$level" in 0|1) echo "$level";; *) echo "$level" >&2; exit 1;; esac`;

export function makeFakeGpiod(version: "1.6.3" | "2.2.1"): FakeGpiod {
	const root = makeTree({ edges: "", level: "0\n", calls: "", "proc/interrupts": "" });
	const file = (name: string) => join(root, name);
	const program = (name: string, script: string): void => {
		mkdirSync(file("bin"), { recursive: true });
		writeFileSync(file(`bin/${name}`), `#!/bin/sh\nVERSION=${version}\ncd ${root}\n${script}\n`);
		chmodSync(file(`bin/${name}`), 0o755);
	};
	program("gpiomon", GPIOMON);
	program("gpioget", GPIOGET);
	program("gpiodetect", 'echo "gpiochip0 [pinctrl-bcm2835] (54 lines)"');
	program("gpioinfo", `echo '\tline  17:\t"GPIO17"        \tinput consumer="relay"'`);
	const chip = file("sys/devices/platform/3f200000.gpio/gpiochip0");
	mkdirSync(chip, { recursive: true });
	mkdirSync(file("sys/bus/gpio/devices"), { recursive: true });
	const link = file("sys/bus/gpio/devices/gpiochip0");
	symlinkSync(chip, link);
	return {
		path: `${file("bin")}:${process.env["PATH"]}`,
		sysRoot: file("sys"),
		procRoot: file("proc"),
		calls: () => readFileSync(file("calls"), "utf8").trim().split("\n"),
		print: (text) => appendFileSync(file("edges"), text),
		end(stderr) {
			writeFileSync(file("end.new"), `${stderr}\n`);
			renameSync(file("end.new"), file("end")); // or it would be seen before its words are in it
		},
		level: (text) => writeFileSync(file("level"), `${text}\n`),
		interrupts: (text) => writeFileSync(file("proc/interrupts"), text),
		unplug() {
			// Another folder under the same name, as after a replug.
			mkdirSync(file("other"));
			symlinkSync(file("other"), `${link}.new`);
			renameSync(`${link}.new`, link);
		},
	};
}
