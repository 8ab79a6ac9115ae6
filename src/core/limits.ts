// Every bound of the core with its reason, in one place. Whoever owns the bounded thing asserts it; a test holds that each
// is used, that they fit each other, and that the configuration takes no more. Units end the names.

/** Readings a buffer may be asked to hold: 4,194,304 slots of 40 bytes are 160 MiB, a third of a 512 MB device. */
export const CAPACITY_MAX = 4_194_304;

/** Text and bytes waiting in the buffer, per slot of capacity: 16 B a slot make 1 MiB at the default of 65,536. */
export const ARENA_BYTES_PER_SLOT = 16;

/** The arena is never smaller than this, so that one reading of `max_bytes` fits a buffer of any capacity. */
export const ARENA_BYTES_MIN = 65_536;

/** Unconfirmed payload bytes on a connection: what a cut can cost in bytes, whatever `at_risk` says (CONTRACT G6). */
export const WINDOW_BYTES_MAX = 65_536;

/** The window's floor on a slow link: at 200 B/s a barrier behind 2 KiB still returns within BARRIER_TIMEOUT_MS. */
export const WINDOW_BYTES_MIN = 2_048;

/** Where the byte window of a new connection starts; it doubles with each quick barrier, so it costs four round trips. */
export const WINDOW_BYTES_START = 8_192;

/** A barrier that returns faster than this doubles the byte window. */
export const BARRIER_QUICK_MS = 1_000;

/** A barrier slower than this halves the byte window: what waits in the kernel is out of the TTL's reach. */
export const BARRIER_SLOW_MS = 3_000;

/** A barrier unanswered for this long is a dead link. Keepalive alone would take up to 1.5 times its period. */
export const BARRIER_TIMEOUT_MS = 10_000;

/** Barriers outstanding: one of our own, and the library's keepalive pings. More means the broker does not answer. */
export const BARRIERS_MAX = 8;

/** Readings at risk on a connection, and so frames in flight: the window's ring has this many entries at the most. */
export const AT_RISK_MAX = 65_536;

/** Loss ranges a status carries (CONTRACT, Status). */
export const LOSS_RANGES_MAX = 64;

/** Streams of one source; a sensor that invents names is stopped here (rejected, reason `stream`). */
export const STREAMS_PER_SOURCE_MAX = 256;

/** Streams of one agent: the buffer keeps a stream's index in 16 bits. */
export const STREAMS_MAX = 65_536;

/** Sources of one agent: 64 x 256 streams stay well under STREAMS_MAX. */
export const SOURCES_MAX = 64;

/** A stream's field name in bytes: 64 of them make 4 KiB of names in a frame, small beside WINDOW_BYTES_MAX. */
export const FIELD_NAME_MAX = 64;

/** Streams whose last value is kept for the page: more rows than a person reads, 4 KiB of numbers and these many texts. */
export const STREAMS_SHOWN_MAX = 256;

/** Events of the link that the page tells: an outage is two or three, as attempts that fail alike count as one. */
export const LINK_EVENTS_MAX = 16;

/** Whole minutes of losses that are kept by reason, beside the minute that runs: an hour, 3 KiB. */
export const LOSS_MINUTES = 60;
