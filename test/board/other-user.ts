// A test as a user who may do little. Debian 13's Node.js refuses to change its user, for fear of io_uring: that is said.
const NOBODY = 65_534;

/** False, and said so, where this Node.js does not let it. */
export function becomeNobody(what: string): boolean {
	try {
		process.setegid?.(NOBODY);
		process.seteuid?.(NOBODY);
		return true;
	} catch (error) {
		console.log(`not tried here: ${what}, because ${error instanceof Error ? error.message : String(error)}`);
		return false;
	}
}

export function becomeRoot(): void {
	process.seteuid?.(0);
	process.setegid?.(0);
}
