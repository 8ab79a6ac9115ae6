// All sources of one agent: made from their settings, each behind a host of its own, started and stopped together.
// A source that cannot be made is down with its reason; the others run (CONTRACT G9).
import type { Value } from "../core/value.js";
import type { Log } from "../log.js";
import { createSourceHost, type HostedSource } from "../sources/host.js";
import { loadSource, type SourceType } from "../sources/registry.js";
import type { CreateSource, Machine, Source, SourceSettings } from "../sources/source.js";
import type { SourceReport } from "../wire/status.js";

/** Sources have this long to close; the drain begins without one that does not. */
const STOP_TIMEOUT_MS = 2_000;

/** A source that a program brings along, beside those of the configuration. */
export interface MadeSource {
	readonly settings: SourceSettings;
	readonly create: CreateSource;
}

export interface SourceSetOptions {
	readonly settings: readonly SourceSettings[];
	readonly made: readonly MadeSource[];
	readonly machine: Machine;
	readonly nowMs: () => number;
	readonly registerStream: (name: string, source: number, unit: string | undefined) => number;
	readonly offer: (stream: number, value: Value, capturedMs: number) => void;
	readonly log: Log;
}

export interface SourceSet {
	/** Loads and starts every source; resolves when each has been tried. */
	start(): Promise<void>;
	/** Resolves when every source is closed, or STOP_TIMEOUT_MS later. */
	stop(): Promise<void>;
	reports(): SourceReport[];
}

/** Makes the set; nothing is loaded before `start`. */
export function createSourceSet(options: SourceSetOptions): SourceSet {
	const { nowMs: now, registerStream, offer, log } = options;
	const load = ({ type }: SourceSettings) => loadSource(type as SourceType);
	const members = [
		...options.settings.map((settings) => ({ settings, load: () => load(settings) })),
		...options.made.map(({ settings, create }) => ({ settings, load: async () => create })),
	].map((member, source) => {
		const host = {
			...member,
			now,
			offer,
			registerStream: (name: string, unit?: string) => registerStream(name, source, unit),
		};
		return { ...member, hosted: withLog(member.settings.name, createSourceHost(host), log) };
	});
	const sources: Source[] = [];
	let stopped = false;

	async function startOne({ settings, load, hosted }: (typeof members)[number]): Promise<void> {
		try {
			const create = await load();
			if (stopped) return;
			const source = create(settings, hosted.host, options.machine);
			sources.push(source);
			source.start();
		} catch (error) {
			hosted.host.down(`cannot start: ${(error as Error).message}`);
		}
	}

	return {
		async start() {
			await Promise.all(members.map(startOne));
		},
		async stop() {
			stopped = true;
			const late = new Promise((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref());
			await Promise.race([Promise.all(sources.map((source) => source.stop())), late]);
		},
		reports: () => members.map(({ hosted }) => hosted.report()),
	};
}

/** The same host, and one line in the log whenever the source goes down or comes up. */
function withLog(source: string, { host, report }: HostedSource, log: Log): HostedSource {
	return {
		report,
		host: {
			...host,
			up() {
				if (!report().up) log.info("source_up", { source });
				host.up();
			},
			down(error) {
				if (report().error !== error) log.warn("source_down", { source, error });
				host.down(error);
			},
		},
	};
}
