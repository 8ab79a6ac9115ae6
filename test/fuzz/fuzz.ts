// The fuzzer: takes an input of the corpus, damages it, feeds it to a target, and keeps it where the target did something
// it had not done before. What counts as new is the target's own word for what it did (kind of error, reasons, number of
// values), not V8's block coverage: to take that costs 0.7 to 1.5 ms an input, a decoder 0.02 ms.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../support/process.js";
import { createRandom } from "../support/seed.js";
import { mutate } from "./mutate.js";

export interface Target {
	readonly name: string;
	/** Pieces that mean something to it, in latin1. */
	readonly words: readonly string[];
	/** Feeds one input and asserts all that has to hold. Returns what it did: short texts out of a bounded set. */
	feed(input: Buffer): readonly string[] | Promise<readonly string[]>;
	/** Ends what it opened, and asserts what has to hold over all inputs. */
	end?(): Promise<void>;
}

export interface FuzzOptions {
	readonly seed: number;
	/** Whether there is time for another input, asked with the number of those before it. */
	readonly more: (inputs: number) => boolean;
}

export interface FuzzReport {
	readonly inputs: number;
	/** Kept of the inputs beside the first ones. */
	readonly kept: number;
	readonly slowestMs: number;
}

/** Inputs kept; past that a new one takes the place of another that is no seed. */
const CORPUS_MAX = 1_024;

/** Attempts to make an input that fails shorter. */
const SHRINKS_MAX = 500;

/** Where a target's first inputs are, and those that once found something. */
export function corpusFolder(name: string): string {
	return join(projectDir, "test/fuzz/corpus", name);
}

export function readCorpus(name: string): Buffer[] {
	const folder = corpusFolder(name);
	if (!existsSync(folder)) return [];
	const files = readdirSync(folder).sort();
	return files.map((file) => readFileSync(join(folder, file)));
}

/** An input that broke a rule, made as short as it could be. */
export class FuzzFailure extends Error {
	readonly input: Buffer;

	constructor(input: Buffer, message: string, cause: unknown) {
		super(message, { cause });
		this.input = input;
	}
}

/** Feeds the corpus as it is, then damaged inputs while `more` says so. Rejects with a FuzzFailure. */
export async function fuzz(target: Target, seeds: readonly Buffer[], options: FuzzOptions): Promise<FuzzReport> {
	const random = createRandom(options.seed);
	const pick = (below: number): number => Math.floor(random() * below);
	const corpus = [...seeds, Buffer.alloc(0)];
	const firsts = corpus.length;
	const seen = new Set<string>();
	let [inputs, kept, slowestMs] = [0, 0, 0];

	async function feed(input: Buffer): Promise<boolean> {
		inputs += 1;
		const startMs = performance.now();
		const behaviour = await attempt(target, input);
		slowestMs = Math.max(slowestMs, performance.now() - startMs);
		if (behaviour.error !== undefined) throw await explain(target, input, behaviour.error, { ...options, inputs });
		const before = seen.size;
		for (const each of behaviour.did) seen.add(each);
		return seen.size > before;
	}

	for (const input of corpus.slice()) await feed(input);
	while (options.more(inputs)) {
		const input = mutate(
			corpus[pick(corpus.length)] as Buffer,
			corpus[pick(corpus.length)] as Buffer,
			target.words,
			random,
		);
		if (!(await feed(input))) continue;
		kept += 1;
		if (corpus.length < CORPUS_MAX) corpus.push(input);
		else corpus[firsts + pick(CORPUS_MAX - firsts)] = input;
	}
	return { inputs, kept, slowestMs };
}

type Attempt =
	| { readonly did: readonly string[]; readonly error?: never }
	| { readonly did?: never; readonly error: Error };

async function attempt(target: Target, input: Buffer): Promise<Attempt> {
	try {
		// A copy: what the target does to its input is not to be seen by the next.
		return { did: await target.feed(Buffer.from(input)) };
	} catch (error) {
		return { error: error instanceof Error ? error : new Error(String(error)) };
	}
}

/** Cuts pieces out as long as it still fails, largest first. */
async function shrink(target: Target, input: Buffer): Promise<Buffer> {
	let shortest = input;
	let left = SHRINKS_MAX;
	for (let size = input.length >> 1; size >= 1; size >>= 1) {
		for (let at = 0; at < shortest.length && left > 0; left--) {
			const shorter = Buffer.concat([shortest.subarray(0, at), shortest.subarray(at + size)]);
			if ((await attempt(target, shorter)).error !== undefined) shortest = shorter;
			else at += size;
		}
	}
	return shortest;
}

async function explain(
	target: Target,
	input: Buffer,
	error: Error,
	{ seed, inputs }: { readonly seed: number; readonly inputs: number },
): Promise<FuzzFailure> {
	const shortest = await shrink(target, input);
	const cause = (await attempt(target, shortest)).error ?? error;
	const what = `${target.name}, seed ${seed}, input ${inputs}: ${cause.message}`;
	const shown = `${shortest.length} bytes, base64 ${shortest.toString("base64")}`;
	return new FuzzFailure(shortest, `${what}\n${shown}`, cause);
}

/** The name of the file that keeps an input as a regression. */
export function corpusName(input: Buffer): string {
	return `found-${createHash("sha256").update(input).digest("hex").slice(0, 8)}`;
}
