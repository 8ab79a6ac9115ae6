// CPU of one reading from `offer` to the socket, frames of 64 and 256, beside one MQTT.js publish of JSON for each.
// Runs of all variants take turns, so that a busy machine is busy for all of them.
import { PER_TURN, runAgent, runNaive, runPub, startBench } from "./throughput.mjs";

const READINGS = { full: 1_000_000, quick: 1_000_000, tiny: 2_048 };
/** Before the clock runs: V8 has compiled what is hot after about half as many. */
const WARM_UP = { full: 1_000_000, quick: 1_000_000, tiny: 512 };
const PEER_READINGS = { full: 100_000, quick: 20_000, tiny: 500 };
const CPU_US_MAX = 0.6;
const RATIO_MIN = 20;

export const cpu = {
	name: "cpu",
	what: "CPU per reading, offer to socket, frames of 64 and 256",
	reach: `<= ${CPU_US_MAX} µs, 20 times less than one MQTT.js publish`,
	async measure(context) {
		const readings = READINGS[context.scale];
		const warmUp = WARM_UP[context.scale];
		const peerReadings = PEER_READINGS[context.scale];
		const samples = { 64: [], 256: [], turn: [], tick: [], pub: [], producer: [] };
		const bench = await startBench(context);
		for (let run = 0; run < context.runs; run++) {
			const peer = { warmUp: peerReadings / 5, readings: peerReadings };
			const tick = await runNaive(bench, context, { ...peer, perTurn: PER_TURN });
			samples.tick.push(tick.cpuUs / peerReadings);
			for (const size of [64, 256]) {
				const publish = { max_readings: size };
				const result = await runAgent(bench, context, { publish, warmUp, readings });
				samples[size].push(result.cpuUs / readings);
				samples.producer.push(result.producerUs / readings);
			}
			const turn = await runNaive(bench, context, { ...peer, perTurn: 1 });
			samples.turn.push(turn.cpuUs / peerReadings);
			const pub = await runPub(bench, context, { readings: peerReadings });
			samples.pub.push(pub.cpuUs / peerReadings);
		}
		await bench.end();
		return rows(samples);
	},
};

function rows(samples) {
	const timesLess = (peer, size) => samples[peer].map((us, run) => us / samples[size][run]);
	const own = [64, 256].flatMap((size) => [
		{ what: `CPU per reading, frames of ${size}`, unit: "µs", samples: samples[size], reach: { max: CPU_US_MAX } },
		{
			what: "  times less than MQTT.js, 1 publish a turn",
			unit: "x",
			samples: timesLess("turn", size),
			reach: { min: RATIO_MIN },
		},
		{
			what: `  times less than MQTT.js, ${PER_TURN} publishes a turn`,
			unit: "x",
			samples: timesLess("tick", size),
			reach: { min: RATIO_MIN },
		},
	]);
	return [
		...own,
		{ what: "  of that the producer, measured alone (not subtracted)", unit: "µs", samples: samples.producer },
		{ what: "MQTT.js JSON, 1 publish a turn", unit: "µs", samples: samples.turn, isPeer: true },
		{ what: `MQTT.js JSON, ${PER_TURN} publishes a turn`, unit: "µs", samples: samples.tick, isPeer: true },
		{ what: "mosquitto_pub -l JSON", unit: "µs", samples: samples.pub, isPeer: true },
	];
}
