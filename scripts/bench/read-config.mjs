// A bench's settings as the agent's own loader reads them, on a machine that adds nothing of its own.

/** The configuration; `loadConfig` is of the build that is measured. */
export function readConfig(loadConfig, settings) {
	const loaded = loadConfig(JSON.stringify(settings), "bench", {
		env: {},
		identity: {},
		detectBoard: () => "generic-linux",
		boardIds: () => [],
		boardDefaults: () => null,
	});
	if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
	return loaded.config;
}
