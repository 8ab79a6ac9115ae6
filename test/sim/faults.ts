// What can go wrong, and how it is done to a world. A fault is data: when, what, to which device, for how long, how much.
import type { Broker } from "./broker.js";
import type { Device } from "./device.js";
import type { Reconciler } from "./reconciler.js";
import { reach, type World } from "./world.js";

/** Faults of one device. */
const DEVICE_FAULTS = [
	"cut",
	"hole",
	"slow link",
	"slicer",
	"kill",
	"kill at an effect",
	"power cut",
	"stop",
	"stop twice",
	"freeze",
	"suspend",
	"burst",
	"huge texts",
	"silence",
	"take over",
	"clock step",
	"clock unset",
	"clock set",
	"clock slew",
	"pong",
] as const;

/** Faults of what all devices share. */
const WORLD_FAULTS = [
	"broker cuts all",
	"broker stalls",
	"broker refuses logins",
	"broker is mute",
	"broker is old",
	"broker denies",
	"slow subscriber",
	"reconciler away",
	"reconciler restart",
	"reconciler and broker restart",
] as const;

export const FAULT_KINDS = [...DEVICE_FAULTS, ...WORLD_FAULTS] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];
export const SHARED_FAULTS: readonly FaultKind[] = WORLD_FAULTS;

export interface Fault {
	readonly atMs: number;
	readonly kind: FaultKind;
	/** Index of the device; 0 where all share it. */
	readonly device: number;
	readonly forMs: number;
	/** 1 to 500. */
	readonly size: number;
	/** 0 to 999, for what else is to be decided. */
	readonly dice: number;
}

export interface Targets {
	readonly world: World;
	readonly devices: readonly Device[];
	readonly broker: Broker;
	readonly reconciler: Reconciler;
	readonly weather: { readonly latencyMs: number; readonly jitterMs: number; readonly segmentBytes: number };
	/** True time when everything heals. */
	readonly healMs: number;
}

const DAY_MS = 86_400_000;
/** A link of slices is slow to simulate. */
const SLICED_MS = 2_000;

/** Does a fault. What lasts ends by itself, or when everything heals. */
export function inject(targets: Targets, fault: Fault): void {
	const device = targets.devices[fault.device % targets.devices.length] as Device;
	targets.world.totals.faults += 1;
	switch (fault.kind) {
		case "cut":
		case "hole":
		case "slow link":
		case "slicer":
		case "take over":
		case "pong":
			injectLink(targets, fault, device);
			return;
		case "kill":
		case "kill at an effect":
		case "power cut":
		case "stop":
		case "stop twice":
		case "freeze":
		case "suspend":
			injectProcess(targets, fault, device);
			return;
		case "burst":
		case "huge texts":
		case "silence":
			injectSource(targets, fault, device);
			return;
		case "clock step":
		case "clock unset":
		case "clock set":
		case "clock slew":
			injectClock(targets, fault, device);
			return;
		default:
			injectShared(targets, fault);
			return;
	}
}

/** Undoes `what` after the fault's time, at the latest when all heals. */
function during({ world, healMs }: Targets, { forMs }: Fault, undo: () => void): void {
	world.queue.at(Math.min(world.queue.nowMs() + forMs, healMs), undo);
}

function injectLink(targets: Targets, fault: Fault, device: Device): void {
	const { weather } = device;
	const connection = (): void => device.uplink()?.connection()?.healed();
	switch (fault.kind) {
		case "cut":
			noteCut(targets.world, device);
			device.uplink()?.connection()?.cut();
			return;
		case "hole":
			weather.isHole = true;
			during(targets, fault, () => {
				weather.isHole = false;
				connection();
			});
			return;
		case "slow link":
			weather.bytesPerMs = fault.size / 100;
			weather.latencyMs = fault.dice * 8;
			during(targets, fault, () => {
				weather.bytesPerMs = Number.POSITIVE_INFINITY;
				weather.latencyMs = targets.weather.latencyMs;
			});
			return;
		case "slicer":
			weather.segmentBytes = 1 + (fault.dice % 12);
			during(targets, { ...fault, forMs: Math.min(fault.forMs, SLICED_MS) }, () => {
				weather.segmentBytes = targets.weather.segmentBytes;
			});
			return;
		case "take over":
			if (device.uplink()?.isBackingOff()) reach(targets.world, "takeover during backoff");
			targets.broker.takeOver(device.id);
			return;
		default: {
			const uplink = device.uplink();
			// Only where no PINGREQ is under way can it not be taken for an answer.
			if (!uplink?.isUp() || uplink.unanswered() > 0 || device.agent()?.barriers() !== 0) return;
			reach(targets.world, "PINGRESP that nobody asked for");
			uplink.pong();
		}
	}
}

function noteCut(world: World, device: Device): void {
	const uplink = device.uplink();
	const link = uplink?.connection();
	if (!uplink?.isUp() || !link || uplink.unanswered() === 0) return;
	reach(
		world,
		link.toBroker.unreadBytes() > 0 ? "cut before the broker got PINGREQ" : "cut between PINGREQ and PINGRESP",
	);
}

function injectProcess({ healMs, world }: Targets, fault: Fault, device: Device): void {
	const downMs = Math.min(fault.forMs, Math.max(0, healMs - world.queue.nowMs()));
	switch (fault.kind) {
		case "kill":
			device.die("kill", downMs);
			return;
		case "kill at an effect":
			device.dieAt(1 + (fault.dice % 40), downMs);
			return;
		case "power cut":
			device.die("power cut", downMs);
			device.clocks.booted(fault.dice);
			if (fault.dice % 2 === 0) device.clocks.setWall(fault.dice, false);
			return;
		case "stop":
			device.stop(downMs);
			return;
		case "stop twice":
			// With something to drain, and something that happens meanwhile.
			device.burst(0, 1 + (fault.size % 20));
			device.stop(downMs);
			world.queue.after(fault.dice % 90, () => whileDraining(device, fault, downMs));
			return;
		default:
			// Now and then with a reading just handed over, so that its barrier is under way or waits.
			if (fault.dice % 2 === 0) device.burst(0, 1);
			world.queue.after(fault.dice % 40, () => device.freeze(downMs, fault.kind === "suspend"));
			return;
	}
}

function whileDraining(device: Device, { dice }: Fault, downMs: number): void {
	if (dice % 3 === 0) device.stop(downMs);
	else if (dice % 3 === 1) device.die("kill", downMs);
	else device.clocks.setWall(device.clocks.wallMs() + dice, device.clocks.isSynchronised());
}

function injectSource({ healMs, world }: Targets, fault: Fault, device: Device): void {
	const source = fault.dice % device.sources;
	switch (fault.kind) {
		case "burst":
			device.burst(source, fault.size);
			return;
		case "huge texts":
			device.misbehave(source, Math.ceil(fault.size / 10));
			return;
		default:
			device.silence(source, Math.min(world.queue.nowMs() + fault.forMs * 10, healMs));
			return;
	}
}

function injectClock({ world }: Targets, fault: Fault, device: Device): void {
	const { clocks } = device;
	const trueMs = world.epochMs + world.queue.nowMs();
	switch (fault.kind) {
		case "clock step": {
			// Seconds, an hour, ten years; forwards and back. What is off by more than a little is called unsynchronised,
			// as a rule: one in ten lies.
			const stepMs = ([2_000, 3_600_000, 3_650 * DAY_MS][fault.dice % 3] as number) * (fault.size % 2 === 0 ? 1 : -1);
			if (stepMs < 0) reach(world, "clock stepped back");
			const isSmall = Math.abs(stepMs) < 10_000;
			const lies = !isSmall && fault.dice % 10 === 0;
			if (lies) device.hasLied = true;
			clocks.setWall(clocks.wallMs() + stepMs, lies || (isSmall && clocks.isSynchronised()));
			return;
		}
		case "clock unset":
			// A board without a battery: 1970, a little before it or after it.
			clocks.setWall(fault.dice * 1_000 - 100_000, false);
			return;
		case "clock set":
			if (!clocks.isSynchronised() && (device.agent()?.buffered() ?? 0) > 0)
				reach(world, "clock set while readings wait");
			clocks.setWall(trueMs, true);
			return;
		default:
			clocks.slew(fault.dice - 500);
			return;
	}
}

function injectShared(targets: Targets, fault: Fault): void {
	const { broker, reconciler, world } = targets;
	const { moods } = broker;
	const downMs = Math.min(fault.forMs, Math.max(0, targets.healMs - world.queue.nowMs()));
	switch (fault.kind) {
		case "broker cuts all":
			broker.cutAll(downMs, fault.dice % 2 === 0);
			return;
		case "broker stalls":
			broker.setReading(false);
			during(targets, fault, () => broker.setReading(true));
			return;
		case "broker refuses logins":
			moods.refusesLogin = true;
			broker.cutAll(0, true);
			during(targets, fault, () => {
				moods.refusesLogin = false;
			});
			return;
		case "broker is mute":
			moods.answersConnect = false;
			broker.cutAll(0, false);
			during(targets, fault, () => {
				moods.answersConnect = true;
			});
			return;
		case "broker is old":
			moods.isOld = true;
			broker.cutAll(0, true);
			during(targets, fault, () => {
				moods.isOld = false;
			});
			return;
		case "broker denies": {
			// All that is published, or the status alone, and that for longer.
			const what = fault.dice % 2 === 0 ? "deniesPublish" : "deniesStatus";
			moods[what] = true;
			during(targets, { ...fault, forMs: what === "deniesStatus" ? fault.forMs * 20 : fault.forMs }, () => {
				moods[what] = false;
			});
			return;
		}
		case "slow subscriber":
			// One in three is so slow that a run may come and go without a status.
			reconciler.setPace(fault.dice % 3 === 0 ? 4_000 + fault.dice * 10 : 20 + fault.dice * 4);
			during(targets, fault, () => reconciler.setPace(0));
			return;
		case "reconciler away":
			reconciler.leave(downMs);
			return;
		case "reconciler restart":
			reconciler.restart(downMs);
			return;
		case "reconciler and broker restart":
			broker.cutAll(downMs, fault.dice % 2 === 0);
			if (fault.dice % 3 === 0) broker.forget();
			reconciler.leave(downMs + fault.size * 10);
			return;
	}
}
