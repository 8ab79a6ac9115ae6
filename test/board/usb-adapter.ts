// A USB serial adapter of the virtual board with a sensor behind it: can be pulled out and put back, and is the kernel's
// own CDC-ACM on both ends. Which device file it becomes is the kernel's choice, as on any machine.
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readdirSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

export interface UsbAdapter {
	/** What is written into it. */
	readonly vendor: string;
	readonly product: string;
	readonly serial: string;
	plug(): void;
	unplug(): void;
	/**
	 * What the sensor sends. It is lost while nobody has the port open, and as a whole where the kernel's 8 KiB are full;
	 * what fits in part is finished with the next. False: the adapter is not plugged in.
	 */
	write(data: string | Uint8Array): boolean;
}

/** What became of the USB ports, in the order of their names: `ttyACM0`, ... */
export function portNames(): readonly string[] {
	return readdirSync("/sys/class/tty")
		.filter((name) => name.startsWith("ttyACM"))
		.sort();
}

const NOTHING = new Uint8Array();

/** The adapter on controller `index`, from 0. It is not plugged in. */
export function createUsbAdapter(index: number): UsbAdapter {
	const control = join(process.env["VB_USB"] ?? "", String(index), "UDC");
	const far = `/dev/ttyGS${index}`;
	let fd: number | null = null;
	let isPlugged = false;
	let unfinished: Uint8Array = NOTHING;

	/** What there was no room for. */
	function send(bytes: Uint8Array): Uint8Array {
		if (fd === null || bytes.length === 0) return NOTHING;
		try {
			return bytes.subarray(writeSync(fd, bytes));
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
			return bytes;
		}
	}

	return {
		vendor: "1d6b",
		product: "0104",
		serial: `VB00${index}`,
		plug() {
			writeFileSync(control, `dummy_udc.${index}\n`);
			isPlugged = true;
			// The far end is hung up by each unplug, so it is another opening after each.
			fd = openSync(far, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
			execFileSync("stty", ["-F", far, "raw", "-echo"]);
		},
		unplug() {
			if (!isPlugged) return;
			isPlugged = false;
			writeFileSync(control, "\n");
			if (fd !== null) closeSync(fd);
			fd = null;
			unfinished = NOTHING;
		},
		write(data) {
			if (fd === null) return false;
			unfinished = send(unfinished);
			if (unfinished.length === 0) unfinished = send(typeof data === "string" ? Buffer.from(data) : data);
			return true;
		},
	};
}
