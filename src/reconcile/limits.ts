// Every bound of the reconciler with its reason, in one place. Units end the names.

/** Devices in the account: 16,384 of 1 KiB are 16 MiB. Newcomers make room for each other, established ones stay. */
export const DEVICES_MAX = 16_384;

/** Runs that nothing vouches for yet (frames without a status, runs beside one that is talking). The oldest makes room. */
export const CANDIDATES_MAX = 1_024;

/** Runs of a device whose verdict is still open beside the current one: a crash loop of one start in 15 s fits. */
export const ENDED_RUNS_MAX = 4;

/** Ids of closed runs that a device remembers, to tell a replay from a new run. */
export const CLOSED_IDS_MAX = 8;

/** Received intervals of one run in detail; 24 bytes each. More are given up from the oldest on, totals stay exact. */
export const INTERVALS_PER_RUN_MAX = 1_024;

/** Loss ranges of one run in detail: sixteen full ledgers of a status. */
export const RANGES_PER_RUN_MAX = 1_024;

/** Absences of the reconciler that one run remembers in detail. */
export const ABSENCES_PER_RUN_MAX = 8;

/** Intervals and ranges of all runs together: 24 bytes each, 6 MiB. Beyond it a run keeps DETAIL_PER_RUN_MIN. */
export const DETAIL_MAX = 262_144;

/** Detail that every run may keep whatever the others hold. */
export const DETAIL_PER_RUN_MIN = 16;

/** How long a verdict waits for what may still come: three times the default of `status.interval`. */
export const GRACE_MS = 30_000;

/** Readings per second beyond which a jump of seq is no device of this world: ten times the agent's own limit on a laptop. */
export const RATE_MAX = 1_000_000;

/** A jump of seq that needs no time at all: the readings of one full window at risk. */
export const JUMP_SLACK = 65_536;

/** A first frame older than this by a synchronised clock is a replay: no buffer holds a reading for a day. */
export const STALE_MS = 86_400_000;

/** A device unheard for this long is silent: six times the default of `status.interval`. */
export const SILENT_MS = 60_000;

/** A device unheard for this long leaves the table; its totals stay in the fleet's. */
export const FORGET_MS = 7 * 86_400_000;

/** Frames by which a run without any status is believed, once they span GRACE_MS. */
export const FRAMES_BELIEVED_MIN = 8;

/** A run that started less than this after the reconciler did may have sent before it listened. */
export const START_MARGIN_MS = 2_000;
