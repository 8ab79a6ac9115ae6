// Which back end serves a source. Asked for by `backend`, else: the character device for what only it can do (a bias, the
// kernel's debounce) or does better (a count), sysfs for all else; and the other one where that one is missing and it will
// do. Decided by what this machine has when the line is opened, not by its kernel's version.
import type { BackendName, Bias, GpioBackend, Refusal } from "./backend.js";
import { createGpiomonBackend, type GpiomonOptions } from "./gpiomon-backend.js";
import { createOnoffBackend, type OnoffOptions } from "./onoff-backend.js";

/** The settings that decide. */
export interface BackendWishes {
	readonly backend?: "auto" | BackendName;
	readonly mode?: "level" | "counter";
	readonly bias?: Bias;
	readonly kernelDebounceMs?: number;
}

export type Backends = Readonly<Record<BackendName, GpioBackend>>;
export type ChosenBackend = { readonly ok: true; readonly backend: GpioBackend } | Refusal;

/** Both back ends of this machine; nothing is loaded or started by making them. */
export function createBackends(options: OnoffOptions & GpiomonOptions): Backends {
	return { sysfs: createOnoffBackend(options), chardev: createGpiomonBackend(options) };
}

/** What no machine could do, one `path: message` a line; null where there is nothing. */
export function wishProblem(wishes: BackendWishes): string | null {
	if (wishes.backend !== "sysfs") return null;
	const problems = [
		...(wishes.bias === undefined ? [] : [`bias: sysfs cannot set it; ${USE_CHARDEV}`]),
		...(wishes.kernelDebounceMs === undefined
			? []
			: [`kernel_debounce: sysfs has none; use debounce, which the agent does itself, or ${USE_CHARDEV}`]),
	];
	return problems.length === 0 ? null : problems.join("\n");
}

const USE_CHARDEV = "backend: chardev can (or leave backend out)";

/** The back ends that will do, the best first. */
export function suitableBackends(wishes: BackendWishes): readonly BackendName[] {
	const { backend = "auto" } = wishes;
	if (backend !== "auto") return [backend];
	if (wishes.bias !== undefined || wishes.kernelDebounceMs !== undefined) return ["chardev"];
	return wishes.mode === "counter" ? ["chardev", "sysfs"] : ["sysfs", "chardev"];
}

/** The first suitable back end that this machine has; where it has none, why, for each. */
export async function chooseBackend(wishes: BackendWishes, backends: Backends): Promise<ChosenBackend> {
	const reasons: string[] = [];
	for (const name of suitableBackends(wishes)) {
		const reason = await backends[name].missing();
		if (reason === null) return { ok: true, backend: backends[name] };
		reasons.push(reason);
	}
	return { ok: false, message: reasons.join("; or: ") };
}
