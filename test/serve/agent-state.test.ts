import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
	LINK_EVENTS_MAX,
	LOSS_MINUTES,
	LOSS_RANGES_MAX,
	SOURCES_MAX,
	STREAMS_SHOWN_MAX,
} from "../../src/core/limits.js";
import { pageState } from "../../src/serve/agent-state.js";
import { ERROR_CHARS_MAX } from "../../src/sources/host.js";
import { toStatus } from "../../src/wire/status.js";
import { NO_LOSS, SOURCE, sampleReport, sampleView } from "./sample-report.js";

const test = suite("agent state");

test("carries the status as everybody gets it", () => {
	const report = sampleReport();
	assert.equal(pageState(sampleView(report)).status, toStatus(report));
});

test("has losses by minute for the reasons there are", () => {
	const lossMinutes = [{ ...NO_LOSS, expired: 4 }, NO_LOSS, { ...NO_LOSS, rejected: 1 }];
	const { minutes } = pageState(sampleView(sampleReport(), { lossMinutes }));
	assert.equal(minutes, { expired: [4, 0, 0], rejected: [0, 0, 1] });
});

test("is small beside a second of any link, whatever there is to show", () => {
	const many = <T>(length: number, make: (i: number) => T): T[] => Array.from({ length }, (_, i) => make(i));
	const long = (i: number): string => String(i).padEnd(64, "é");
	const report = sampleReport({
		sources: many(SOURCES_MAX, (i) => ({ ...SOURCE, name: long(i), up: false, error: "é".repeat(ERROR_CHARS_MAX) })),
		books: { losses: many(LOSS_RANGES_MAX, (i) => [i * 1e15, i * 1e15 + 1, "overflow"] as const) },
		link: {
			events: many(LINK_EVENTS_MAX, () => {
				return {
					kind: "failed",
					reason: "é".repeat(ERROR_CHARS_MAX),
					times: 1e9,
					firstAgeMs: 1e9,
					lastAgeMs: 1e9,
				} as const;
			}),
		},
	});
	const view = sampleView(report, {
		latest: many(STREAMS_SHOWN_MAX, (i) => ({ name: `${long(i)}.${long(i)}`, value: "€".repeat(80), ageMs: 1e9 })),
		lossMinutes: many(LOSS_MINUTES + 1, () => ({
			overflow: 1e9,
			expired: 1e9,
			oversize: 1e9,
			shutdown: 1e9,
			uncertain: 1e9,
			rejected: 1e9,
		})),
	});
	const bytes = Buffer.byteLength(JSON.stringify(pageState(view)));
	assert.ok(bytes < 262_144, `${bytes} bytes`);
});

test.run();
