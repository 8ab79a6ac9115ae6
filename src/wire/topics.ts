// The topics of one device (CONTRACT, Topics).

export interface Topics {
	readonly data: string;
	readonly status: string;
	readonly state: string;
}

/** `prefix` has no wildcards and `device` is `[A-Za-z0-9_-]{1,64}`: the configuration has seen to both. */
export function topicsOf(prefix: string, device: string): Topics {
	const root = `${prefix}/${device}`;
	return { data: `${root}/data`, status: `${root}/status`, state: `${root}/state` };
}
