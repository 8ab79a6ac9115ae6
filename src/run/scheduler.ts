// What the driver needs of an event loop, so that a simulated world can stand in for Node's.

export interface Scheduler {
	/** Runs `task` when the callback that is running is done, before anything else. */
	soon(task: () => void): void;
	/** Runs `task` after `ms`, 1 to 2^31 - 1. The function it returns cancels it. */
	after(ms: number, task: () => void): () => void;
}

/** Node's own. */
export const nodeScheduler: Scheduler = {
	soon: (task) => process.nextTick(task),
	after(ms, task) {
		const timer = setTimeout(task, ms);
		return () => clearTimeout(timer);
	},
};
