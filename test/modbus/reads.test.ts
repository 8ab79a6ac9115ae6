import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { planReads, readValue } from "../../src/sources/modbus/reads.js";
import { type RegisterSettings, type SlaveSettings, wordsOf } from "../../src/sources/modbus/settings.js";
import "../support/seed.js";

function slave(registers: SlaveSettings["registers"], maxRegisters = 125): SlaveSettings {
	return { id: 9, everyMs: 1_000, maxRegisters, registers };
}

function plan(settings: SlaveSettings): readonly (readonly [fn: number, at: number, count: number])[] {
	return planReads(settings, () => 0).map(({ request }) => [request.fn, request.at, request.count]);
}

test("neighbours come with one request, others with their own", () => {
	const u16 = (at: number, fn: 3 | 4 = 3): RegisterSettings => ({ fn, at, type: "u16" });
	const u32 = (at: number): RegisterSettings => ({ fn: 3, at, type: "u32" });
	assert.equal(plan(slave({ c: u16(2), a: u16(0), b: u16(1) })), [[3, 0, 3]]);
	assert.equal(plan(slave({ a: u16(0), b: u16(2) })), [
		[3, 0, 1],
		[3, 2, 1],
	]);
	assert.equal(plan(slave({ a: u16(0), b: u16(1, 4) })), [
		[3, 0, 1],
		[4, 1, 1],
	]);
	assert.equal(plan(slave({ both: u32(10), low: u16(11), again: u16(10) })), [[3, 10, 2]]);
	assert.equal(plan(slave({ a: u32(0), b: u32(2), c: u32(4) }, 4)), [
		[3, 0, 4],
		[3, 4, 2],
	]);
	assert.equal(plan(slave({ a: u16(0), b: u32(1), c: u16(3) }, 2)), [
		[3, 0, 1],
		[3, 1, 2],
		[3, 3, 1],
	]);
});

const register = fc.record({
	fn: fc.constantFrom(3 as const, 4 as const),
	at: fc.nat(300),
	type: fc.constantFrom("u16" as const, "i32" as const),
});

test("every value is read once and whole, no request is too long, and none touches what nobody wants", () => {
	fc.assert(
		fc.property(
			fc.array(register, { minLength: 1, maxLength: 256 }),
			fc.integer({ min: 2, max: 125 }),
			(list, most) => {
				const wanted = new Set(
					list.flatMap(({ fn, at, type }) => Array.from({ length: wordsOf(type) }, (_, word) => `${fn} ${at + word}`)),
				);
				const reads = planReads(slave(Object.fromEntries(list.entries()), most), (name) => Number(name));
				const seen = reads.flatMap(({ values }) => values.map(({ stream }) => stream));
				assert.equal(
					seen.sort((a, b) => a - b),
					[...list.keys()],
				);
				for (const { request, values } of reads) {
					assert.ok(request.count >= 1 && request.count <= most);
					for (let word = 0; word < request.count; word += 1)
						assert.ok(wanted.has(`${request.fn} ${request.at + word}`));
					for (const { fn, at, type } of values) {
						assert.is(fn, request.fn);
						assert.ok(at >= request.at && at + wordsOf(type) <= request.at + request.count);
					}
				}
			},
		),
	);
});

test("a value is what the registers say, whichever word is first", () => {
	const bytes = Buffer.from("ffffff 0898 fff6 0001e240 e2400001 4366199a 199a4366".replaceAll(" ", ""), "hex");
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	const rows: readonly (readonly [Omit<RegisterSettings, "fn">, number])[] = [
		[{ at: 100, type: "u16", decimals: 1 }, 220],
		[{ at: 101, type: "i16", decimals: 1 }, -1],
		[{ at: 102, type: "u32", decimals: 3 }, 123.456],
		[{ at: 104, type: "u32", order: "little", decimals: 3 }, 123.456],
		[{ at: 106, type: "f32" }, 230.1],
		[{ at: 108, type: "f32", order: "little" }, 230.1],
		[{ at: 108, type: "f32", order: "little", scale: 2, add: 0.9 }, 462],
	];
	for (const [value, expected] of rows) {
		assert.is(readValue({ fn: 3, stream: 0, ...value }, 100, view, 3), expected, JSON.stringify(value));
	}
});

test.run();
