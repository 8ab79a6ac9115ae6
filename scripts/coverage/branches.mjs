// The branches of a compiled file, and which of them were never taken. V8 counts how often each block ran; what it leaves
// out is an `if` without `else` whose condition is always true. That shows in the counts: what runs as often as its `if`
// was never skipped. Found without a parser, in JavaScript as tsc writes it; no comment in the code can leave a branch out.

/** What has to be passed over or told apart; all else means nothing here. */
const TOKEN =
	/\/\/.*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\bif \(|\bcase\b|\bdefault:|&&|\|\||\?\?| \? | : |[()[\]{}]/g;

/**
 * The branches of `code`: both ways of each `if`, both arms of each `? :`, the right side of each `&&`, `||` and `??`,
 * each label of a `switch`. `at` is a place that runs only when the branch is taken; `skips` one that runs either way.
 */
export function findBranches(code) {
	const branches = [];
	const open = [];
	const conditions = [];
	for (const { 0: token, index } of code.matchAll(TOKEN)) {
		if (token === "if (") open.push({ ifAt: index });
		else if ("([{".includes(token)) open.push({});
		else if (")]}".includes(token)) {
			const { ifAt } = open.pop() ?? {};
			if (ifAt !== undefined) branches.push(...waysOfIf(code, ifAt, index + 1));
		} else if (token === " ? ") {
			branches.push({ at: index + 1, from: index + 1, what: "? is never true" });
			conditions.push(open.length);
		} else if (token === " : ") {
			if (conditions.at(-1) !== open.length) continue;
			conditions.pop();
			branches.push({ at: index + 1, from: index + 1, what: "? is never false" });
		} else if (/^(?:&&|\|\||\?\?|case|default:)$/.test(token)) {
			branches.push({ at: index, from: index, what: `${token} is never reached` });
		}
	}
	return branches;
}

function waysOfIf(code, from, conditionEnd) {
	const then = conditionEnd + /\S/.exec(code.slice(conditionEnd)).index;
	return [
		{ at: then, from, what: "if is never true" },
		{ at: from, skips: then, from, what: "if is never false" },
	];
}

/** How often each character of a file of `length` characters ran, from the functions of V8's report on it. */
export function countsOf(length, functions) {
	const counts = new Float64Array(length);
	const ranges = functions.flatMap((each) => each.ranges);
	ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
	for (const { startOffset, endOffset, count } of ranges) counts.fill(count, startOffset, endOffset);
	return counts;
}

/** What was never taken or never ran, as `{ line, what }`, and how many branches there are. */
export function judgeFile(code, counts) {
	const branches = findBranches(code);
	const lineOf = (offset) => code.slice(0, offset).split("\n").length;
	const missed = branches
		.filter(({ at, skips }) => counts[at] - (skips === undefined ? 0 : counts[skips]) <= 0)
		.map(({ from, what }) => ({ line: lineOf(from), what: `${what}: ${lineAt(code, from)}` }));
	const idle = [];
	const bare = withoutComments(code);
	for (let at = 0; at < code.length; at++) {
		if (counts[at] > 0 || /[\s;{}]/.test(bare[at])) continue;
		idle.push({ line: lineOf(at), what: `never runs: ${lineAt(code, at)}` });
		while (at < code.length && counts[at] === 0) at += 1;
	}
	return { branches: branches.length, missed, idle };
}

/** The same length, with blanks for comments and for the mark that tsc puts in a file of types alone. */
function withoutComments(code) {
	const blank = (text) => " ".repeat(text.length);
	return code
		.replace(TOKEN, (token) => (/^\/[/*]/.test(token) ? blank(token) : token))
		.replace(/^export \{\};$/m, blank);
}

function lineAt(code, offset) {
	const [line] = code.slice(code.lastIndexOf("\n", offset) + 1).split("\n", 1);
	return line.trim();
}
