// A cpio archive as the kernel unpacks it (Documentation/driver-api/early-userspace/buffer-format.rst, "newc"): what is
// in it decides its bytes, no clock and no user id of this machine.

const MAGIC = "070701";
const REGULAR = 0o100000;
const FOLDER = 0o040000;
const LINK = 0o120000;
const CHARACTER_DEVICE = 0o020000;

export const file = (path, content, mode = 0o644) => ({ path, mode: REGULAR | mode, content });
export const folder = (path, mode = 0o755) => ({ path, mode: FOLDER | mode });
export const link = (path, target) => ({ path, mode: LINK | 0o777, content: Buffer.from(target) });
export const device = (path, major, minor) => ({ path, mode: CHARACTER_DEVICE | 0o600, major, minor });

/** The archive of `entries`, in their order; a folder must stand before what is in it. */
export function archive(entries) {
	const parts = [...entries, { path: "TRAILER!!!", mode: 0 }].flatMap((entry, index) => record(entry, index + 1));
	return Buffer.concat(parts);
}

function record({ path, mode, content = Buffer.alloc(0), major = 0, minor = 0 }, inode) {
	const bytes = Buffer.from(content);
	const name = Buffer.from(`${path}\0`);
	const links = path === "TRAILER!!!" ? 0 : 1;
	const fields = [inode, mode, 0, 0, links, 0, bytes.length, 0, 0, major, minor, name.length, 0];
	const header = Buffer.from(MAGIC + fields.map((field) => field.toString(16).padStart(8, "0")).join(""));
	return [header, name, padding(header.length + name.length), bytes, padding(bytes.length)];
}

/** Header with name, and content, are each filled up to 4 bytes. */
function padding(length) {
	return Buffer.alloc((4 - (length % 4)) % 4);
}
