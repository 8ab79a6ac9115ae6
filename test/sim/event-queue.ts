// The one queue of everything that will happen, in order of time; what is due at one instant happens in the order in which
// it was put in. Virtual time jumps to the next event, so an idle week costs nothing.

export interface Event {
	readonly atMs: number;
	readonly order: number;
	/** Null once it is cancelled or done. */
	task: (() => void) | null;
}

export interface EventQueue {
	/** True time, ms since the world began. */
	nowMs(): number;
	/** Does `task` at `atMs`, or now where that is past. Set `task` of the event to null to cancel it. */
	at(atMs: number, task: () => void): Event;
	after(ms: number, task: () => void): Event;
	/** Goes to the next event up to `untilMs` and does it; false, at `untilMs`, when there is none. */
	step(untilMs: number): boolean;
}

/** Makes a queue at time 0. */
export function createEventQueue(): EventQueue {
	const heap: Event[] = [];
	let now = 0;
	let orders = 0;

	function isBefore(a: Event, b: Event): boolean {
		return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
	}

	function push(event: Event): void {
		let at = heap.length;
		heap.push(event);
		while (at > 0) {
			const parent = (at - 1) >> 1;
			if (!isBefore(event, heap[parent] as Event)) break;
			heap[at] = heap[parent] as Event;
			at = parent;
		}
		heap[at] = event;
	}

	function pop(): Event {
		const top = heap[0] as Event;
		const last = heap.pop() as Event;
		if (heap.length === 0) return top;
		let at = 0;
		for (;;) {
			let child = at * 2 + 1;
			if (child >= heap.length) break;
			if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child += 1;
			if (!isBefore(heap[child] as Event, last)) break;
			heap[at] = heap[child] as Event;
			at = child;
		}
		heap[at] = last;
		return top;
	}

	function at(atMs: number, task: () => void): Event {
		const event: Event = { atMs: Math.max(now, atMs), order: orders++, task };
		push(event);
		return event;
	}

	return {
		nowMs: () => now,
		at,
		after: (ms, task) => at(now + ms, task),
		step(untilMs) {
			while (heap.length > 0 && (heap[0] as Event).atMs <= untilMs) {
				const event = pop();
				const { task } = event;
				if (task === null) continue;
				event.task = null;
				now = event.atMs;
				task();
				return true;
			}
			now = Math.max(now, untilMs);
			return false;
		},
	};
}
