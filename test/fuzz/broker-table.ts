// What a hostile broker says, one by one, and the reason that a connection then has to end with: the same for the agent's
// side and the consumer's. Digits are all 0 in the reasons.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Target } from "./fuzz.js";

/** `says` is an input of the target, in hexadecimal. */
export type BrokerTable = readonly (readonly [name: string, says: string, reason: RegExp])[];

/** A test for each row; `outcome` goes on with the sentence that its name begins. The last ends the target. */
export function testBrokerTable(target: Target, outcome: string, table: BrokerTable): void {
	for (const [name, says, reason] of table) {
		test(`${name} ${outcome}`, async () => {
			const did = await target.feed(Buffer.from(says, "hex"));
			assert.ok(
				did.some((each) => reason.test(each)),
				did.join("\n"),
			);
		});
	}
	test.after(() => target.end?.());
	test.run();
}
