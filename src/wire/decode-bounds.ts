// The bounds of what a consumer takes from a broker, each with its reason. All are checked before anything is allocated.

/** A frame or a status in bytes: the largest `publish.max_bytes`, and the largest status that an agent sends. */
export const PAYLOAD_BYTES_MAX = 65_536;

/** Readings of a frame: the largest `publish.max_readings`. One costs three bytes, so the payload is the nearer bound. */
export const READINGS_MAX = 65_536;

/** A stream's name in bytes: a source of 64, a dot, a field of 64, and room for whatever another producer appends. */
export const NAME_BYTES_MAX = 256;

/** Keys beside the contract's own, which are ignored: room for what later versions add. */
export const UNKNOWN_KEYS_MAX = 16;

/** A key in bytes. */
export const KEY_BYTES_MAX = 64;

/** Arrays and maps within each other below a key that is ignored. */
export const UNKNOWN_DEPTH_MAX = 4;

/** A gateway's id (CONTRACT, Words). */
export const DEVICE_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** 64 bits as base64url without padding (CONTRACT, Words). */
export const RUN_PATTERN = /^[A-Za-z0-9_-]{11}$/;
