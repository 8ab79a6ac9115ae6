// Readings per second through one core, confirmed by the broker: from the first offer to the last barrier's return.
import { PER_TURN, runAgent, runNaive, runPub, startBench } from "./throughput.mjs";

const READINGS = { full: 2_000_000, quick: 600_000, tiny: 2_048 };
/** Before the clock runs: V8 has compiled what is hot after about half as many. */
const WARM_UP = { full: 1_000_000, quick: 400_000, tiny: 512 };
const PEER_READINGS = { full: 200_000, quick: 30_000, tiny: 500 };
const PER_S_MIN = 1_000_000;
/** `publish.at_risk`: as shipped, and 16 times as much. */
const AT_RISK = [1_024, 16_384];

export const rate = {
	name: "rate",
	what: "readings/s on one core, confirmed",
	reach: ">= 1,000,000",
	async measure(context) {
		const readings = READINGS[context.scale];
		const warmUp = WARM_UP[context.scale];
		const peerReadings = PEER_READINGS[context.scale];
		const samples = { [AT_RISK[0]]: [], [AT_RISK[1]]: [], tick: [], pub: [] };
		const bench = await startBench(context);
		for (let run = 0; run < context.runs; run++) {
			for (const atRisk of AT_RISK) {
				const options = { publish: { at_risk: atRisk }, warmUp, readings };
				const { wallMs } = await runAgent(bench, context, options);
				samples[atRisk].push((readings / wallMs) * 1_000);
			}
			const peer = { perTurn: PER_TURN, warmUp: 0, readings: peerReadings };
			samples.tick.push((await runNaive(bench, context, peer)).perS);
			samples.pub.push((await runPub(bench, context, { readings: peerReadings })).perS);
		}
		await bench.end();
		return [
			...AT_RISK.map((atRisk, i) => ({
				what: `readings/s confirmed, one core, at_risk ${atRisk}${i === 0 ? " (default)" : ""}`,
				unit: "/s",
				samples: samples[atRisk],
				reach: { min: PER_S_MIN },
			})),
			{ what: `MQTT.js JSON, ${PER_TURN} publishes a turn`, unit: "/s", samples: samples.tick, isPeer: true },
			{ what: "mosquitto_pub -l JSON", unit: "/s", samples: samples.pub, isPeer: true },
		];
	},
};
