// A whole agent in this process: sources, core, uplink, black box and clocks, wired for `run` and `demo`.
// Start and stop only; what it does in between is the driver's business.
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import type { Config } from "../config/config.js";
import { deliveryHash } from "../config/delivery.js";
import { type Agent, createAgent } from "../core/agent.js";
import type { Books } from "../core/snapshot.js";
import type { Log } from "../log.js";
import { unitsByStream } from "../sources/host.js";
import type { Machine } from "../sources/source.js";
import { createUplink, type UplinkOptions } from "../uplink/uplink.js";
import type { AgentView, LossCounts } from "../wire/agent-view.js";
import { createFrameEncoder } from "../wire/frame.js";
import { type AgentReport, type RunFacts, rejectedTotal, type SourceReport, toStatus } from "../wire/status.js";
import { type BlackBox, openBlackBox } from "./black-box.js";
import { watchClockSync } from "./clock-sync.js";
import { createDriver, type Driver } from "./driver.js";
import { createLatestValues, type LatestValues } from "./latest-values.js";
import { createLossMinutes } from "./loss-minutes.js";
import { createSourceSet, type MadeSource, type SourceSet } from "./source-set.js";
import { statusPayload } from "./status-payload.js";

export interface AgentProcessOptions {
	readonly config: Config;
	readonly version: string;
	readonly machine: Machine;
	readonly log: Log;
	/** Folder of the black box: `$RUNTIME_DIRECTORY`, else the temporary folder. */
	readonly runtimeFolder?: string | undefined;
	/** Sources beside those of the configuration. */
	readonly made?: readonly MadeSource[];
}

export interface AgentProcess {
	readonly run: string;
	/** Opens the sources and the link; resolves when every source has been tried. */
	start(): Promise<void>;
	/**
	 * Sources stop, the buffer drains for at most `shutdown_timeout`, the rest is counted as `shutdown`, the last status
	 * and `offline` go out (CONTRACT G10). A second call cuts the drain short. Resolves when the run is over.
	 */
	stop(): Promise<void>;
	report(): AgentReport;
	/** The report and what only the page shows. */
	view(): AgentView;
}

const nowMs = (): number => performance.now();

/** Makes the agent of `config`; nothing is opened before `start`. */
export function createAgentProcess(options: AgentProcessOptions): AgentProcess {
	const { config, log } = options;
	const run = randomBytes(8).toString("base64url");
	const folder = (options.runtimeFolder ?? "").split(":")[0] || tmpdir();
	const blackBox = openBlackBox(folder, config.device, run, (why) => log.warn("no_black_box", { why }));
	const units = unitsByStream(config.sources);
	const facts = runFacts(options, run, blackBox, units);
	const clockSync = watchClockSync();
	const startedMs = nowMs();
	const agent = createAgent(agentOptions(config, run));
	const latest = createLatestValues();
	let state: AgentReport["state"] = "online";
	let stopping: Promise<void> | null = null;
	const drain = deferred();
	blackBox.record(agent.books()); // one that is killed before its first reading is reported too

	const uplink = createUplink(uplinkOptions(options, run));
	const driver = createDriver({
		agent,
		uplink,
		blackBox,
		nowMs,
		wallMs: Date.now,
		clockSynchronised: clockSync.synchronised,
		status: (bytesMax) => statusPayload(toStatus(report()), bytesMax),
		finished: drain.resolve,
	});

	const sources = createSources(options, agent, latest, driver.offer, units);
	const lossMinutes = createLossMinutes(() => lossCounts(agent.books(), sources.reports()));

	function report(): AgentReport {
		return {
			facts,
			state,
			timeMs: Date.now(),
			clockSynchronised: clockSync.synchronised(),
			uptimeMs: nowMs() - startedMs,
			books: agent.snapshot(nowMs()),
			sources: sources.reports(),
			link: uplink.report(),
		};
	}

	async function end(): Promise<void> {
		await sources.stop();
		driver.stop(config.shutdownTimeoutMs); // changes nothing where a second call has cut the drain short by now
		await drain.done;
		state = "offline";
		driver.publishStatus();
		await uplink.stop();
		clockSync.stop();
		lossMinutes.stop();
		blackBox.close();
		const { stamped, confirmed, uncertain, dropped } = agent.books();
		log.info("end", { run, stamped, confirmed, uncertain, ...dropped });
	}

	return {
		run,
		async start() {
			log.info("start", { device: config.device, run, board: config.board, sources: config.sources.length });
			lossMinutes.start();
			uplink.start(driver);
			await sources.start();
		},
		stop() {
			if (stopping) driver.stop(0);
			stopping ??= end();
			return stopping;
		},
		report,
		view: () => ({
			report: report(),
			latest: latest.values(nowMs()),
			streams: latest.streams(),
			lossMinutes: lossMinutes.minutes(),
			atRisk: config.publish.atRisk,
		}),
	};
}

function uplinkOptions({ config, log }: AgentProcessOptions, run: string): UplinkOptions {
	const { mqtt, publish, device } = config;
	return { config: mqtt, format: publish.format, device, run, log, nowMs, random: Math.random };
}

/** The sources, with `latest` on the way of their readings; `units` is added to where a source knows its own. */
function createSources(
	{ config, made = [], machine, log }: AgentProcessOptions,
	agent: Agent,
	latest: LatestValues,
	offer: Driver["offer"],
	units: Record<string, string>,
): SourceSet {
	return createSourceSet({
		settings: config.sources,
		made,
		machine,
		nowMs,
		registerStream(name, source, unit) {
			if (unit !== undefined) units[name] ??= unit;
			const stream = agent.stream(name, source);
			latest.name(stream, name);
			return stream;
		},
		offer(stream, value, capturedMs) {
			latest.note(stream, value, capturedMs);
			offer(stream, value, capturedMs);
		},
		log,
	});
}

function lossCounts({ dropped, uncertain }: Books, sources: readonly SourceReport[]): LossCounts {
	return { ...dropped, uncertain, rejected: sources.reduce((sum, source) => sum + rejectedTotal(source), 0) };
}

function deferred(): { readonly done: Promise<void>; readonly resolve: () => void } {
	let resolve = (): void => {};
	const done = new Promise<void>((given) => {
		resolve = given;
	});
	return { done, resolve };
}

function runFacts(
	{ config, version }: AgentProcessOptions,
	run: string,
	blackBox: BlackBox,
	units: Readonly<Record<string, string>>,
): RunFacts {
	return {
		device: config.device,
		run,
		version,
		board: config.board,
		units,
		buffer: config.buffer,
		previous: blackBox.previous,
		delivery: deliveryHash(config),
	};
}

function agentOptions({ device, buffer, publish, status }: Config, run: string) {
	return {
		device,
		run,
		...buffer,
		lingerMs: publish.lingerMs,
		maxReadings: publish.maxReadings,
		maxBytes: publish.maxBytes,
		maxRate: publish.maxRate,
		confirmMs: publish.confirmMs,
		atRisk: publish.atRisk,
		statusIntervalMs: status.intervalMs,
		encode: createFrameEncoder(publish.format),
	};
}
