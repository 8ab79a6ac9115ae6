// A wall clock that can be set, for one process: libfaketime. The monotonic clock stays the machine's own.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTempDir } from "./temp-dir.js";

export interface FakeClock {
	/** For the process that is to believe it. */
	readonly env: Readonly<Record<string, string>>;
	/** Steps it to an instant, from which it goes on; null: to the machine's own time. */
	set(atMs: number | null): void;
	/** What it says now, Unix ms. */
	nowMs(): number;
}

/** Makes a clock that is right until it is set. */
export function createFakeClock(): FakeClock {
	const file = join(makeTempDir("clock"), "offset");
	let offsetS = 0;
	const write = (): void => writeFileSync(file, `${offsetS < 0 ? "" : "+"}${offsetS}\n`);
	write();
	return {
		env: {
			// biome-ignore lint/suspicious/noTemplateCurlyInString: the dynamic linker's own variable
			LD_PRELOAD: "/usr/${LIB}/faketime/libfaketimeMT.so.1",
			FAKETIME_TIMESTAMP_FILE: file,
			FAKETIME_NO_CACHE: "1",
			FAKETIME_DONT_FAKE_MONOTONIC: "1",
		},
		set: (atMs) => {
			offsetS = atMs === null ? 0 : Math.round((atMs - Date.now()) / 1_000);
			write();
		},
		nowMs: () => Date.now() + offsetS * 1_000,
	};
}
