// At whose door a loss is laid: the device dropped the reading, the way to the broker lost it, or the broker had it and
// did not hand it on.
import { CAUSES, type Cause, type Tally } from "./verdict.js";

export const DOORS = ["device", "way", "broker"] as const;
export type Door = (typeof DOORS)[number];

export const DOOR_WORDS: Readonly<Record<Door, string>> = {
	device: "at the device",
	way: "on the way",
	broker: "after the broker",
};

export const DOOR_OF: Readonly<Record<Cause, Door>> = {
	overflow: "device",
	expired: "device",
	oversize: "device",
	shutdown: "device",
	unknown: "device",
	crash: "device",
	uncertain: "way",
	downstream: "broker",
};

/** The cause that cost most readings, or null where none was lost. */
export function mainCause(tally: Tally): Cause | null {
	const most = CAUSES.reduce((most, cause) => (tally[cause] > tally[most] ? cause : most), CAUSES[0]);
	return tally[most] > 0 ? most : null;
}
