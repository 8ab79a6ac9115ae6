// Writes what Prometheus and Grafana are given: rules, the rules' own tests, dashboards.
//   npm run build && npm run observability
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createFiles, readLists } from "./files.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));

const USAGE = `usage: node scripts/observability/generate.mjs [--build DIR] [--out DIR]
  --build DIR  what scripts/build.mjs wrote (default: build)
  --out DIR    where rules.yaml, rules-test.yaml and dashboards/ go (default: beside this script)`;

async function main() {
	const { values } = parseArgs({
		options: {
			build: { type: "string", default: "build" },
			out: { type: "string", default: here },
			help: { type: "boolean" },
		},
	});
	if (values.help) return console.log(USAGE);
	const lists = await readLists(resolve(root, values.build));
	const out = resolve(root, values.out);
	mkdirSync(join(out, "dashboards"), { recursive: true });
	for (const [file, text] of createFiles(lists)) writeFileSync(join(out, file), text);
}

await main();
