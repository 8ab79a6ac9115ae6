import { test } from "uvu";
import { throws } from "uvu/assert";
import { assert } from "../../src/core/assert.js";

test("an invariant that does not hold throws its sentence; one that holds does nothing", () => {
	assert(true, "nothing to say");
	throws(() => assert(false, "books balance"), /^broken invariant: books balance$/);
});

test.run();
