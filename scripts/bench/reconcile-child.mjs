// The reconciler's account under the loads of test/reconcile, alone in a process.
import { pathToFileURL } from "node:url";

const { build, runs, rounds, histories, invented } = JSON.parse(process.argv[2]);
const load = (path) => import(pathToFileURL(`${build}/test/${path}`).href);
const { floodWithNames, framesPerSecond, quietDeviceBytes } = await load("reconcile/fleet-load.js");
const { equalVerdicts } = await load("reconcile/judged-history.js");
const { createRandom, seed } = await load("support/seed.js");

const times = (measure) => Array.from({ length: runs }, measure);
const quietBytes = times(() => quietDeviceBytes());
const rates = times(() => framesPerSecond(rounds));
const equal = equalVerdicts(seed, histories);
const { grownBytes, before, after } = floodWithNames(createRandom(seed), invented);
const isUnchanged = JSON.stringify(before) === JSON.stringify(after);
process.send({ answer: { rates, quietBytes, equal, grownBytes, isUnchanged } }, () => process.exit());
