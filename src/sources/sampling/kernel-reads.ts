// Reads of kernel files, which may take as long as the sensor behind them does (a DS18B20: 750 ms). Owns two bounds for
// the whole process: READS_MAX of them run at a time, and one on each bus. Reads wait in line one by one, not source by
// source, so a sensor is kept waiting by others only while READS_MAX of them are slow at once, and then for one read.
//
// It is the read that waits, never the opening or a look into a folder: sysfs answers those without the driver. So they are
// done at once, and a thread is woken up once for each file: that costs more than the calls themselves.
import { closeSync, constants, openSync, read } from "node:fs";
import { open } from "node:fs/promises";

/** Of the 4 threads that libuv has for files and name resolution; one is left to find the broker with. */
export const READS_MAX = 3;

/** A sysfs file is a page at the most. */
const FILE_BYTES_MAX = 4_096;

let running = 0;
/** Bounded by the sources: each has one read under way on each of its buses. */
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
	if (running >= READS_MAX) await new Promise<void>((resolve) => waiting.push(resolve));
	else running += 1;
	try {
		return await work();
	} finally {
		const next = waiting.shift();
		if (next === undefined) running -= 1;
		else next(); // takes over the place
	}
}

/** Made when they are needed, READS_MAX at the most. */
const spareBuffers: Buffer[] = [];

/** The text of a small file. Rejects as node:fs does. */
export function readKernelFile(path: string): Promise<string> {
	return inTurn(async () => {
		const file = openSync(path, constants.O_RDONLY);
		const buffer = spareBuffers.pop() ?? Buffer.alloc(FILE_BYTES_MAX);
		try {
			return buffer.toString("latin1", 0, await readOnce(file, buffer));
		} finally {
			spareBuffers.push(buffer);
			closeSync(file);
		}
	});
}

/** One read: a second one, to find the end, makes some drivers measure again. */
function readOnce(file: number, into: Buffer): Promise<number> {
	return new Promise((resolve, reject) => {
		read(file, into, 0, into.length, null, (error, bytes) => (error ? reject(error) : resolve(bytes)));
	});
}

/** Writes to a file that is there. Rejects as node:fs does. */
export function writeKernelFile(path: string, text: string): Promise<void> {
	return inTurn(async () => {
		const file = await open(path, constants.O_WRONLY);
		try {
			await file.write(text);
		} finally {
			await file.close();
		}
	});
}

/** Any other call that may hang, such as looking at a mounted file system. */
export const kernelCall: <T>(work: () => Promise<T>) => Promise<T> = inTurn;

/** The end of what each bus is busy with. */
const buses = new Map<string, Promise<unknown>>();

/** Does `work` when all that was asked of this bus before is done, whichever source asked. */
export function onBus(bus: string, work: () => Promise<void>): Promise<void> {
	const done = (buses.get(bus) ?? Promise.resolve()).then(work);
	const settled = done.catch(() => undefined); // the caller's to deal with; the next in line only waits for it
	buses.set(bus, settled);
	void settled.then(() => {
		if (buses.get(bus) === settled) buses.delete(bus);
	});
	return done;
}
