// `tallywire decode`: frames from stdin or from a broker, readings on stdout. A consumer like any other: it trusts no
// byte, counts what is no frame, and goes on.
import type { Readable, Writable } from "node:stream";
import { parseArgs } from "node:util";
import { showUrl } from "../config/address.js";
import { parseDuration } from "../config/duration.js";
import {
	BROKER_HELP,
	BROKER_OPTIONS,
	type BrokerAddress,
	hasBrokerOptions,
	readBrokerOptions,
} from "../consume/broker-options.js";
import { type Message, subscribe } from "../consume/subscribe.js";
import { printable } from "../core/unprintable.js";
import { createFrameInput, INPUT_FORMATS, type InputFormatName } from "../decode/detect-input.js";
import { createOutput, type Output } from "../decode/output.js";
import { OUTPUT_FORMATS, type OutputFormat, type OutputFormatName, outputFormat } from "../decode/output-format.js";
import { createTally, type Tally } from "../decode/tally.js";
import { decodeFrame } from "../wire/decode-frame.js";
import type { DecodedFrame } from "../wire/decoded.js";
import { EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USE, type RunIo } from "./command.js";
import { createStderrLog } from "./stderr-log.js";

const HELP = `usage: tallywire decode [--as FORMAT] [--in FORMAT] [--for DURATION] < FRAMES
       tallywire decode [--as FORMAT] --broker URL [--topic FILTER ...] [--for DURATION]

Frames in, readings out, one a line. Stdin takes what mosquitto_sub prints: payloads (-N, or one a line), hexadecimal
lines (-F %x), or topic and hexadecimal (-F '%t %x'). What is no frame is skipped, and reported at the end.

      --as FORMAT           ndjson (default): {"time":<Unix ms>,"device","run","seq","stream","value"}, and
                              "clock":false where the device's clock was not synchronised; bytes as base64url
                            csv: the same columns with a header, quoted as RFC 4180 says. Text is written as it came:
                              import it as text, since a spreadsheet takes a cell beginning with = + - @ for a formula
                            line-protocol: <source>,device=<device> <field>=<value> <ns>, every number a float
      --in FORMAT           auto (default), raw or hex
      --topic FILTER        of the broker's topics; may be given again (default: tallywire/+/data)
      --for DURATION        end by itself after this time, such as 60s
${BROKER_HELP}  -h, --help                this text

Exit status: 0 done, 1 nothing was decoded, 2 wrong use.
`;

const DEFAULT_TOPIC = "tallywire/+/data";

/** The process's own streams; reached for only when they are needed. */
export interface DecodeStreams {
	readonly stdin: Readable & { readonly isTTY?: boolean };
	readonly stdout: Writable & { readonly isTTY?: boolean };
}

interface Options {
	readonly as: OutputFormatName;
	readonly input: InputFormatName;
	/** Null: stdin. */
	readonly broker: BrokerAddress | null;
	readonly topics: readonly string[];
	readonly forMs: number | undefined;
}

/** Makes the command for a process. */
export function createDecode(streams: DecodeStreams) {
	return async (args: readonly string[], io: RunIo): Promise<number> => {
		const options = readOptions(args, io);
		if (options === "help") {
			io.stdout(HELP);
			return EXIT_DONE;
		}
		if (typeof options === "string") {
			io.stderr(`${options}\n\n${HELP}`);
			return EXIT_WRONG_USE;
		}
		if (options.broker === null && streams.stdin.isTTY === true) {
			io.stderr(`stdin is a terminal: pipe frames in, or give --broker\n\n${HELP}`);
			return EXIT_WRONG_USE;
		}
		const output = createOutput(streams.stdout);
		const format = outputFormat(options.as);
		const sink: Sink = { output, tally: createTally(), format: streams.stdout.isTTY ? forTerminal(format) : format };
		await output.add(sink.format.header);
		const stop = stopSignal(options.forMs, io);
		if (options.broker === null) await decodeStream(streams.stdin, options.input, sink, stop);
		else await decodeMessages(options.broker, options.topics, sink, stop, io);
		await output.end();
		io.stderr(sink.tally.report());
		return sink.tally.frames > 0 ? EXIT_DONE : EXIT_FAILED;
	};
}

function readOptions(args: readonly string[], io: RunIo): Options | "help" | string {
	let values: ReturnType<typeof parse>;
	try {
		values = parse(args);
	} catch (error) {
		return (error as Error).message;
	}
	if (values.help) return "help";
	const as = OUTPUT_FORMATS.find((name) => name === values.as);
	if (as === undefined) return `--as takes one of ${OUTPUT_FORMATS.join(", ")}`;
	const input = INPUT_FORMATS.find((name) => name === values.in);
	if (input === undefined) return `--in takes one of ${INPUT_FORMATS.join(", ")}`;
	const forMs = values.for === undefined ? undefined : parseDuration(values.for);
	if (values.for !== undefined && forMs === undefined) return "--for takes a duration such as 10s or 5m";
	const rest = { as, input, topics: values.topic ?? [DEFAULT_TOPIC], forMs };
	if (!hasBrokerOptions(values))
		return values.topic === undefined ? { ...rest, broker: null } : "--topic needs --broker";
	if (values.in !== "auto") return "--in is for stdin; a broker's messages say themselves what they are";
	const address = readBrokerOptions(values, io.cwd);
	return address.ok ? { ...rest, broker: address.broker } : address.message;
}

function parse(args: readonly string[]) {
	return parseArgs({
		args: [...args],
		options: {
			...BROKER_OPTIONS,
			as: { type: "string", default: "ndjson" },
			in: { type: "string", default: "auto" },
			topic: { type: "string", multiple: true },
			for: { type: "string" },
			help: { type: "boolean", short: "h", default: false },
		},
	}).values;
}

/** Where frames go. */
interface Sink {
	readonly output: Output;
	readonly tally: Tally;
	readonly format: OutputFormat;
}

/** What a device says must not steer a terminal; into a pipe or a file it goes as it is. */
function forTerminal({ header, format }: OutputFormat): OutputFormat {
	const safe = (text: string): string =>
		text
			.split("\n")
			.map((line) => printable(line))
			.join("\n");
	return { header, format: (frame) => safe(format(frame)) };
}

/** A promise that a signal or the end of --for resolves, and whether it has. */
interface StopSignal {
	readonly stopped: Promise<void>;
	isStopped(): boolean;
}

function stopSignal(forMs: number | undefined, io: RunIo): StopSignal {
	let isStopped = false;
	const stopped = new Promise<void>((resolve) => {
		const stop = (): void => {
			isStopped = true;
			resolve();
		};
		io.onStop(stop);
		if (forMs !== undefined) setTimeout(stop, forMs);
	});
	return { stopped, isStopped: () => isStopped };
}

function take(sink: Sink, frame: DecodedFrame): Promise<void> | undefined {
	sink.tally.frames += 1;
	sink.tally.readings += frame.value.length;
	return sink.output.add(sink.format.format(frame));
}

async function decodeStream(stdin: Readable, format: InputFormatName, sink: Sink, stop: StopSignal): Promise<void> {
	const input = createFrameInput(format, sink.tally.problem);
	const takeAll = async (frames: Iterable<DecodedFrame>): Promise<void> => {
		for (const frame of frames) {
			const full = take(sink, frame);
			if (full) await full;
		}
		await sink.output.flush();
	};
	void stop.stopped.then(() => stdin.destroy());
	try {
		for await (const chunk of stdin) await takeAll(input.push(chunk as Buffer));
	} catch (error) {
		if (!stop.isStopped()) throw error; // ended by the signal in the middle of a read
	}
	await takeAll(input.end());
}

async function decodeMessages(
	broker: BrokerAddress,
	topics: readonly string[],
	sink: Sink,
	stop: StopSignal,
	io: RunIo,
): Promise<void> {
	const log = createStderrLog(io, "info");
	const url = showUrl(broker.url);
	let wasUp = false;
	await new Promise<void>((resolve) => {
		const subscription = subscribe({
			broker,
			name: "decode",
			topics,
			random: Math.random,
			nowMs: () => performance.now(),
			events: {
				message: (message) => takeMessage(sink, message),
				up() {
					wasUp = true;
					log.info("observing", { broker: url, topics: topics.join(" ") });
				},
				down({ reason, isRefused, retryMs }) {
					const isFinal = isRefused && !wasUp;
					log.warn("not_observing", { broker: url, reason, ...(isFinal ? {} : { retry_ms: retryMs }) });
					if (isFinal) end();
				},
			},
		});
		const end = (): void => {
			subscription.stop();
			resolve();
		};
		void stop.stopped.then(end);
	});
}

/** Status and state are no frames, where the topics given hold them too. */
function takeMessage(sink: Sink, { topic, payload }: Message): Promise<void> | undefined {
	if (topic.endsWith("/status") || topic.endsWith("/state")) return undefined;
	const result = decodeFrame(payload);
	if (result.ok) return take(sink, result.frame) ?? sink.output.flush();
	sink.tally.problem(result.error, `a message of ${JSON.stringify(printable(topic.slice(0, 200)))}`);
	return undefined;
}
