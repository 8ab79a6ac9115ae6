// A serial port as this agent needs it: open, wait, read what is there, write, close. Built on the native part of
// @serialport/bindings-cpp 13 alone, loaded on first use: its own JavaScript takes a read of 0 bytes, which is how a
// raw line says that it hung up, for "try again", and then spins on an unplugged port for ever (upstream issue 162).
//
// Reads and writes are synchronous: the port is non-blocking, so they cost one system call and never a thread of the pool
// that name resolution needs as well.

import type { Buffer } from "node:buffer";
import { readSync, writeSync } from "node:fs";
import type { PortSettings } from "./settings.js";

export interface OpenPort {
	/** Asks for one call of `onReadable`: at the next bytes, or when the line hangs up. */
	arm(): void;
	/** Reads what is there, without waiting: bytes read, 0 if there are none, HUNG_UP for good. */
	read(into: Buffer): number;
	/** Writes what the kernel takes without waiting: how many bytes that are, HUNG_UP where the port is gone. */
	write(bytes: Uint8Array): number;
	/** Releases the port and its lock. `onReadable` is not called any more. */
	close(): Promise<void>;
}

/** What OpenPort.read and write say of a port that is gone. */
export const HUNG_UP = -1;

export type LineSettings = Pick<PortSettings, "baud" | "dataBits" | "stopBits" | "parity" | "rtscts">;

/** The native part, as far as it is used. Constant since version 10. */
interface Native {
	open(path: string, options: object, done: (error: Error | null, fd: number) => void): void;
	close(fd: number, done: (error: Error | null) => void): void;
	readonly Poller: new (fd: number, onEvent: (error: Error | null, events: number) => void) => NativePoller;
}

interface NativePoller {
	poll(events: number): void;
	stop(): void;
}

/** A poller with whom it works for at the moment. */
interface Poller {
	readonly native: NativePoller;
	onReadable: (() => void) | null;
}

const READABLE = 1;

/**
 * One poller for each number a port's descriptor ever had, used again whenever the number comes back: the native part
 * never frees one, so one for each opening would grow by a kilobyte each time a port is lost.
 */
const pollers = new Map<number, Poller>();

/** Opens a port, exclusively. Rejects with the native part's error, see port-error.ts. */
export async function openPort(path: string, settings: LineSettings, onReadable: () => void): Promise<OpenPort> {
	const native = await loadNative();
	const fd = await new Promise<number>((resolve, reject) => {
		native.open(path, nativeOptions(settings), (error, opened) => (error ? reject(error) : resolve(opened)));
	});
	const poller = pollerOf(native, fd);
	poller.onReadable = onReadable;
	return {
		arm() {
			poller.native.poll(READABLE);
		},
		read(into) {
			const bytes = withoutWaiting(() => readSync(fd, into, 0, into.length, null));
			return bytes === 0 ? HUNG_UP : (bytes ?? 0);
		},
		write: (bytes) => withoutWaiting(() => writeSync(fd, bytes)) ?? 0,
		close() {
			poller.onReadable = null;
			poller.native.stop();
			return new Promise((resolve, reject) => {
				native.close(fd, (error) => (error ? reject(error) : resolve()));
			});
		},
	};
}

async function loadNative(): Promise<Native> {
	if (process.platform === "win32") throw new Error("serial ports are read on Linux and macOS only");
	// Not the main file of the package, which also brings port listing, parsers and a debug logger: 11 MB instead of 4.
	const { binding } = await import("@serialport/bindings-cpp/dist/serialport-bindings.js");
	return binding as Native;
}

function pollerOf(native: Native, fd: number): Poller {
	const known = pollers.get(fd);
	if (known !== undefined) return known;
	// An error is a hang-up too: whatever happened, the next read says what it was.
	const poller: Poller = { native: new native.Poller(fd, () => poller.onReadable?.()), onReadable: null };
	pollers.set(fd, poller);
	return poller;
}

function nativeOptions(settings: LineSettings): object {
	return {
		baudRate: settings.baud,
		dataBits: settings.dataBits,
		stopBits: settings.stopBits,
		parity: settings.parity,
		rtscts: settings.rtscts,
		xon: false,
		xoff: false,
		xany: false,
		hupcl: true, // DTR falls on closing, as on every other program's
		lock: true, // two readers would each get half of the bytes
		vmin: 1, // with 0, a read of 0 bytes could mean "nothing there" as well as "hung up"
		vtime: 0,
	};
}

/** Bytes moved, undefined where there is nothing to read or no room to write. */
function withoutWaiting(call: () => number): number | undefined {
	try {
		return call();
	} catch (error) {
		// EIO, ENXIO, ENODEV, EBADF: all of them mean that the port is not there any more.
		return isTryAgain(error) ? undefined : HUNG_UP;
	}
}

function isTryAgain(error: unknown): boolean {
	if (!(error instanceof Error && "code" in error)) return false;
	return error.code === "EAGAIN" || error.code === "EWOULDBLOCK" || error.code === "EINTR";
}
