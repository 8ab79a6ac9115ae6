// Server-sent events for the pages: one state of the whole, as JSON, once a second, made once for all who look and not
// at all when nobody does. Nothing queues up: an event goes only to a viewer who has taken the one before, and one who
// takes none for too long is dropped. https://html.spec.whatwg.org/multipage/server-sent-events.html
import type { ServerResponse } from "node:http";

/** Viewers at once; the next is told so. A browser holds one for each page in sight. */
export const VIEWERS_MAX = 32;
/** From one state to the next. */
export const EVENT_INTERVAL_MS = 1_000;
/** How long a viewer may leave an event untaken: a phone in a lift comes back by itself. */
export const VIEWER_STALL_MS = 5_000;
/** The stream then ends and a browser asks again: one that left without a word keeps its place no longer. */
export const VIEW_MS_MAX = 600_000;

/** What a browser waits before it asks again, ms. */
const RETRY_MS = 2_000;

export interface Events {
	/** Whether one more may look. */
	hasRoom(): boolean;
	/** Begins to send states, the first at once. `response` has its status and headers. */
	send(response: ServerResponse): void;
}

interface Viewer {
	/** When the last event was handed over. */
	sentMs: number;
	readonly untilMs: number;
}

/** Makes the stream of `state`, which is asked for at most once each EVENT_INTERVAL_MS. */
export function createEvents(state: () => unknown, nowMs: () => number): Events {
	const viewers = new Map<ServerResponse, Viewer>();
	let event = Buffer.alloc(0);
	let madeMs = Number.NEGATIVE_INFINITY;
	let timer: NodeJS.Timeout | undefined;

	function make(): void {
		madeMs = nowMs();
		// JSON has no line break, so one line of `data` holds it.
		event = Buffer.from(`data: ${JSON.stringify(state())}\n\n`);
	}

	function tick(): void {
		make();
		for (const [response, viewer] of viewers) sendTo(response, viewer);
	}

	function sendTo(response: ServerResponse, viewer: Viewer): void {
		if (response.writableLength > 0) {
			if (madeMs - viewer.sentMs < VIEWER_STALL_MS) return;
			// One that is queued behind another answer has no socket yet, and would never say that it is closed.
			leave(response);
			response.destroy();
		} else if (madeMs >= viewer.untilMs) {
			leave(response);
			response.end();
		} else {
			response.write(event);
			viewer.sentMs = madeMs;
		}
	}

	function leave(response: ServerResponse): void {
		viewers.delete(response);
		if (viewers.size > 0) return;
		clearInterval(timer);
		timer = undefined;
	}

	return {
		hasRoom: () => viewers.size < VIEWERS_MAX,
		send(response) {
			response.once("close", () => leave(response));
			// Whoever comes and goes quickly gets the state of that second again.
			if (viewers.size === 0 && nowMs() - madeMs >= EVENT_INTERVAL_MS) make();
			viewers.set(response, { sentMs: nowMs(), untilMs: nowMs() + VIEW_MS_MAX });
			timer ??= setInterval(tick, EVENT_INTERVAL_MS).unref();
			response.write(`retry: ${RETRY_MS}\n\n`);
			response.write(event);
		},
	};
}
