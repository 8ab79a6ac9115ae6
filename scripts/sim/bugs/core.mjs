// Planted bugs in src/core: small mistakes that somebody could make, each of which the simulation has to find.

const agent = "src/core/agent.ts";
const arena = "src/core/arena.ts";
const books = "src/core/books.ts";
const buffer = "src/core/reading-buffer.ts";
const clock = "src/core/clock-map.ts";
const frame = "src/core/frame.ts";
const ledger = "src/core/loss-ledger.ts";
const lists = "src/core/slot-lists.ts";
const rate = "src/core/rate-limit.ts";
const window = "src/core/window.ts";

export const CORE_BUGS = [
	{
		name: "the TTL goes by the wall clock",
		edits: [
			{
				file: agent,
				from: "	buffer.expire(nowMs);\n	core.attentionAt",
				to: "	core.zeroMs ??= core.clock.wallMs(0);\n	buffer.expire(nowMs + core.clock.wallMs(0) - core.zeroMs);\n	core.attentionAt",
			},
		],
	},
	{
		name: "readings stay in the buffer when they are sent",
		edits: [{ file: agent, from: "	buffer.take(readings);\n", to: "" }],
	},
	{
		name: "what is uncertain is not counted when the link ends",
		edits: [{ file: agent, from: "window.close(books.doubt);", to: "window.close(() => {});" }],
	},
	{
		name: "confirmed when PINGREQ goes, not when PINGRESP comes",
		edits: [
			{
				file: agent,
				from: '		window.barrierSent(nowMs);\n		return { kind: "barrier" };',
				to: '		window.barrierSent(nowMs);\n		core.books.confirm(window.barrierReturned(nowMs));\n		return { kind: "barrier" };',
			},
		],
	},
	{
		name: "the window stays blocked when its barrier returns",
		edits: [
			{
				file: agent,
				from: "			books.confirm(readings);\n			core.blocked = false;",
				to: "			books.confirm(readings);",
			},
		],
	},
	{
		name: "sent counts the frame itself",
		edits: [
			{
				file: agent,
				from: "filler.frame.sent = books.sent();",
				to: "filler.frame.sent = books.sent() + filler.frame.value.length;",
			},
		],
	},
	{
		name: "Message Expiry Interval rounded down",
		edits: [{ file: agent, from: "const expiryS = Math.ceil(", to: "const expiryS = Math.floor(" }],
	},
	{
		name: "a reading that fits no message counts as overflow",
		edits: [{ file: agent, from: 'buffer.dropOldest("oversize");', to: 'buffer.dropOldest("overflow");' }],
	},
	{
		name: "the end counts one reading that was left",
		edits: [
			{
				file: agent,
				from: "while (core.buffer.count() > 0) core.buffer",
				to: "if (core.buffer.count() > 0) core.buffer",
			},
		],
	},
	{
		name: "the end does not wait for the last barrier",
		edits: [
			{
				file: agent,
				from: "const drained = buffer.count() === 0 && window.readings() === 0;",
				to: "const drained = buffer.count() === 0;",
			},
		],
	},
	{
		name: "the drain waits for a frame to linger",
		isSlow: true,
		edits: [{ file: agent, from: "return stopping || count >=", to: "return count >=" }],
	},
	{
		name: "no status when a link comes up",
		edits: [{ file: agent, from: "			core.statusAtMs = nowMs;\n", to: "" }],
	},
	{
		name: "nothing wakes for the TTL",
		edits: [{ file: agent, from: "		wakeMs = Math.min(wakeMs, oldestMs + options.ttlMs);\n", to: "" }],
	},
	{
		name: "nothing wakes for a frame that has lingered",
		edits: [
			{
				file: agent,
				from: "full ? 0 : core.waitingMs + options.lingerMs",
				to: "full ? 0 : core.waitingMs + options.ttlMs",
			},
		],
	},
	{
		name: "a buffer that overflows while it lingers sends nothing",
		edits: [
			{
				file: agent,
				from: "nowMs >= waitingMs + options.lingerMs;",
				to: "nowMs >= buffer.oldestMs() + options.lingerMs;",
			},
			{
				file: agent,
				from: "full ? 0 : core.waitingMs + options.lingerMs",
				to: "full ? 0 : oldestMs + options.lingerMs",
			},
		],
	},
	{
		name: "the first reading asks for nothing",
		edits: [
			{
				file: agent,
				from: "return count === 1 || count >= core.attentionAt;",
				to: "return count >= core.attentionAt;",
			},
		],
	},
	{
		name: "the rate is not spent",
		edits: [{ file: agent, from: "	rate.spend(readings);\n", to: "" }],
	},
	{
		name: "the broker's Maximum Packet Size is forgotten",
		edits: [{ file: agent, from: "Math.min(options.maxBytes, payloadBytesMax);", to: "options.maxBytes;" }],
	},
	{
		name: "a reading after the end is not counted",
		edits: [{ file: agent, from: '				books.drop(seq, "shutdown");\n', to: "" }],
	},
	{
		name: "the rate is ten times what was asked for",
		edits: [
			{
				file: rate,
				from: "(Math.max(0, nowMs - atMs) * perSecond) / 1000",
				to: "(Math.max(0, nowMs - atMs) * perSecond) / 100",
			},
		],
	},
	{
		name: "a drop is counted twice",
		edits: [{ file: books, from: "dropped[reason] += 1;", to: 'dropped[reason] += reason === "expired" ? 2 : 1;' }],
	},
	{
		name: "an uncertain range is one too long",
		edits: [{ file: books, from: "seq + readings - 1,", to: "seq + readings," }],
	},
	{
		name: "ranges join over a reading that was not lost",
		edits: [{ file: ledger, from: "before.to + 1 === from;", to: "before.to + 2 >= from;" }],
	},
	{
		name: "the oldest ranges keep the reason of the first",
		edits: [{ file: ledger, from: 'reason: "mixed" });', to: "reason: oldest.reason });" }],
	},
	{
		name: "a range that was merged stays",
		edits: [{ file: ledger, from: "isMixed ? 3 : 2, {", to: "isMixed ? 3 : 1, {" }],
	},
	{
		name: "off by one at the wrap of the window's ring",
		edits: [{ file: window, from: "each(seqs[at % atRisk] as number,", to: "each(seqs[at % (atRisk + 1)] as number," }],
	},
	{
		name: "the newest barrier is the one that returns",
		isSlow: true,
		edits: [{ file: window, from: "barriers.shift();", to: "barriers.pop();" }],
	},
	{
		name: "the window admits one frame more",
		edits: [{ file: window, from: "(readings + count <= atRisk &&", to: "(readings <= atRisk &&" }],
	},
	{
		name: "barriers without end",
		edits: [{ file: window, from: "			if (barriers.length > 0) return false;\n", to: "" }],
	},
	{
		name: "a barrier is due after the newest frame, not the oldest",
		edits: [
			{
				file: window,
				from: "framesDone < framesSent ? (sentMs[framesDone % atRisk] as number)",
				to: "framesDone < framesSent ? (sentMs[(framesSent - 1) % atRisk] as number)",
			},
		],
	},
	{
		name: "nothing wakes for a barrier that is not answered",
		edits: [
			{
				file: window,
				from: "return oldest ? oldest.sentMs + BARRIER_TIMEOUT_MS :",
				to: "return oldest ? Number.POSITIVE_INFINITY :",
			},
		],
	},
	{
		name: "a link is never dead",
		edits: [
			{
				file: window,
				from: "return oldest !== undefined && nowMs >= oldest.sentMs + BARRIER_TIMEOUT_MS;",
				to: "return oldest !== undefined && nowMs < oldest.sentMs;",
			},
		],
	},
	{
		name: "barriers outlive their connection",
		edits: [{ file: window, from: "			barriers.length = 0;\n", to: "" }],
	},
	{
		name: "the barrier behind a status does not let the next one go",
		edits: [{ file: window, from: "			if (barrier.coversStatus) isStatusOut = false;\n", to: "" }],
	},
	{
		name: "confirmed bytes stay in the window",
		edits: [{ file: window, from: "			bytes -= sizes[framesDone % atRisk] as number;\n", to: "" }],
	},
	{
		name: "drop-newest gives up the oldest",
		edits: [
			{
				file: buffer,
				from: 'policy === "drop-newest" ? slots.newestOf(from) : slots.oldestOf(from)',
				to: "slots.oldestOf(from)",
			},
		],
	},
	{
		name: "of two sources that hold as much, the other gives way",
		edits: [
			{
				file: buffer,
				from: "slots.held(source) >= slots.held(longest)",
				to: "slots.held(source) > slots.held(longest)",
			},
		],
	},
	{
		name: "a buffer of n slots holds n - 1",
		edits: [{ file: buffer, from: "(slots.count() === capacity &&", to: "(slots.count() >= capacity - 1 &&" }],
	},
	{
		name: "text makes room against the policy",
		edits: [{ file: buffer, from: '			if (policy === "drop-newest") return false;\n', to: "" }],
	},
	{
		name: "the room of text is never given back",
		edits: [
			{
				file: buffer,
				from: "		if ((kinds[slot] as number) >= KIND_TEXT) arena.free(numbers[slot] as number);\n",
				to: "",
			},
		],
	},
	{
		name: "a frame takes one reading too many",
		edits: [
			{
				file: buffer,
				from: "for (let i = 0; i < readings; i++) forget",
				to: "for (let i = 0; i <= readings && slots.count() > 0; i++) forget",
			},
		],
	},
	{
		name: "only the oldest reading expires",
		edits: [
			{ file: buffer, from: 'dropSlot(slot, "expired");\n', to: 'dropSlot(slot, "expired");\n				return;\n' },
		],
	},
	{
		name: "a slot's younger neighbour is not told of its end",
		edits: [{ file: lists, from: "			else olderLinks[younger] = older;\n", to: "" }],
	},
	{
		name: "the last source never gives way",
		edits: [
			{
				file: lists,
				from: "for (let source = 1; source < sources; source++)",
				to: "for (let source = 1; source < sources - 1; source++)",
			},
		],
	},
	{
		name: "a source without readings keeps its newest slot",
		edits: [{ file: lists, from: "			if (firstOf[source] === NO_SLOT) lastOf[source] = NO_SLOT;\n", to: "" }],
	},
	{
		name: "the text ring forgets where it wrapped",
		edits: [{ file: arena, from: "} else if (at < end) wrapAt = end;", to: "}" }],
	},
	{
		name: "text is written over text",
		edits: [{ file: arena, from: "return total <= start ? 0 : -1;", to: "return total <= end ? 0 : -1;" }],
	},
	{
		name: "wall time by the first look at the clocks",
		edits: [{ file: clock, from: "offsetMs = wallMs - nowMs;", to: "offsetMs ||= wallMs - nowMs;" }],
	},
	{
		name: "once synchronised, always synchronised",
		edits: [{ file: clock, from: "isSynchronised = synchronised;", to: "isSynchronised ||= synchronised;" }],
	},
	{
		name: "times before 1970",
		edits: [
			{
				file: clock,
				from: "Math.max(0, Math.round(monotonicMs + offsetMs))",
				to: "Math.round(monotonicMs + offsetMs)",
			},
		],
	},
	{
		name: "a frame goes on over a gap",
		edits: [{ file: frame, from: "seq !== frame.seq + n || isExpired", to: "isExpired" }],
	},
	{
		name: "a frame carries what expired behind its first reading",
		isSlow: true,
		edits: [{ file: frame, from: " || isExpired(capturedMs, nowMs, ttlMs)) return false;", to: ") return false;" }],
	},
	{
		name: "the expiry of the first reading, not the oldest",
		isSlow: true,
		edits: [{ file: frame, from: "			if (capturedMs < oldestMs) oldestMs = capturedMs;\n", to: "" }],
	},
	{
		name: "dt since the first reading",
		edits: [{ file: frame, from: "			beforeMs = roundedMs;\n", to: "" }],
	},
	{
		name: "a stream keeps its index of an earlier frame",
		edits: [{ file: frame, from: "if (usedIn[stream] === fills) return", to: "if ((usedIn[stream] ?? 0) > 0) return" }],
	},
];
