// One thread of a simulation: plays its share of the seeds and says what came of it.
import { parentPort, workerData } from "node:worker_threads";
import { type Plan, playSeeds, type Word } from "./seeds.js";

const say = (word: Word): void => parentPort?.postMessage(word);
say({ batch: playSeeds(workerData as Plan, (world) => say({ world })) });
