// One thread of a simulation: plays its share of the seeds and says what came of it.
import { parentPort, workerData } from "node:worker_threads";
import { type Plan, playSeeds } from "./seeds.js";

parentPort?.postMessage(playSeeds(workerData as Plan));
