// Edges that the kernel had and nobody got. Between the kernel and gpiomon stands a queue of 16 edges; what does not fit is
// thrown away, and gpiomon prints no sequence number. But the kernel also counts each line's interrupts
// (/proc/interrupts), and each interrupt is one edge: those that had taken place at an instant, less the edges that
// arrived with an earlier time stamp, are lost. Never says one too many; where the kernel does not tell, it says none.

export interface LostEdges {
	/** An edge arrived, with the kernel's time stamp. */
	arrived(kernelMs: number): void;
	/**
	 * The kernel's count now, read just before `kernelMs`. The answer is how many more are known to be lost; it is about
	 * the check before, since edges of now may still be on their way.
	 */
	check(interrupts: number, kernelMs: number): number;
}

/** Begins with the kernel's count when the line was opened. */
export function createLostEdges(openedWith: number): LostEdges {
	let arrivals = 0;
	let newestMs = Number.NEGATIVE_INFINITY;
	let reported = 0;
	/** The check before: its instant, the interrupts until then, and the edges that arrived of them. */
	let then: { readonly atMs: number; readonly interrupts: number; arrivals: number } | null = null;
	let arrivalsAtCheck = 0;

	return {
		arrived(kernelMs) {
			arrivals += 1;
			newestMs = kernelMs;
			if (then !== null && kernelMs <= then.atMs) then.arrivals += 1;
		},
		check(interrupts, kernelMs) {
			// Edges come in order: one from after `then` shows that none from before it is still to come. So does silence.
			const isSettled = then === null || newestMs > then.atMs || arrivals === arrivalsAtCheck;
			arrivalsAtCheck = arrivals;
			if (!isSettled) return 0;
			const lost = then === null ? 0 : Math.max(0, then.interrupts - openedWith - then.arrivals - reported);
			reported += lost;
			then = { atMs: kernelMs, interrupts, arrivals };
			return lost;
		},
	};
}

/**
 * How many interrupts of a line the kernel has counted, in the text of /proc/interrupts: a number for each processor, the
 * chip, as a rule the line's offset, the trigger, the consumer. Null where no one row is the line's.
 */
export function interruptsOf(text: string, consumer: string, offset: number): number | null {
	const [header = "", ...rows] = text.split("\n");
	const processors = header.trim().split(/\s+/).length;
	const own = rows.map((row) => row.trim().split(/\s+/)).filter((words) => words.at(-1) === consumer);
	const [row, second] = own.length > 1 ? own.filter((words) => words[processors + 2] === String(offset)) : own;
	if (row === undefined || second !== undefined) return null;
	const count = row.slice(1, 1 + processors).reduce((sum, word) => sum + Number(word), 0);
	return Number.isSafeInteger(count) ? count : null;
}
