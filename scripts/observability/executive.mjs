// Is all well? Few numbers, over days: readings that arrived against the objective, and what the rest was lost to.
import { ALLOWED, LOST, RECEIVED } from "./loss.mjs";
import { bars, dashboard, GREEN_THEN_RED, lines, query, RANGE, stat, WINDOW } from "./panels.mjs";
import { OBJECTIVE } from "./settings.mjs";

export function executive() {
	const lost = `sum(increase(${LOST}${RANGE}))`;
	const decided = `(sum(increase(${RECEIVED}${RANGE})) + ${lost} > 0)`;
	return dashboard({
		uid: "tallywire-executive",
		title: "Tallywire: executive",
		description: "Is all well? Readings that arrived, against the objective, over the range that is shown.",
		from: "now-7d",
		variables: [],
		rows: [
			{
				height: 5,
				panels: [
					stat(
						"Delivered",
						"percentunit",
						`1 - ${lost} / ${decided}`,
						[
							[null, "red"],
							[OBJECTIVE, "green"],
						],
						{
							description: `Of the readings whose fate is decided; the objective is ${OBJECTIVE * 100} %.`,
						},
					),
					stat(
						"Error budget left",
						"percentunit",
						`1 - ${lost} / ${decided} / ${ALLOWED}`,
						[
							[null, "red"],
							[0, "orange"],
							[0.25, "green"],
						],
						{ description: "Of the loss that the objective allows in this range; below 0 when overspent." },
					),
					stat("Readings lost", "short", lost),
					stat("Devices", "short", 'sum(tallywire_reconcile_devices{is="established"})'),
					stat("Devices silent", "short", 'sum(tallywire_reconcile_devices{is="silent"})', GREEN_THEN_RED),
					stat(
						"Pages now",
						"short",
						'count(ALERTS{alertname=~"Tallywire.*", alertstate="firing", severity="page"}) or vector(0)',
						GREEN_THEN_RED,
					),
				],
			},
			{
				height: 9,
				panels: [
					lines(
						"Delivered, by the hour, against the objective",
						"percentunit",
						[
							query("1 - fleet:tallywire_lost:increase1h / (fleet:tallywire_decided:increase1h > 0)", "delivered"),
							query(`vector(${OBJECTIVE})`, "objective"),
						],
						{ max: 1, width: 16 },
					),
					bars("Lost, by cause", "short", `sum by (cause) (increase(${LOST}${RANGE})) > 0`, "{{cause}}"),
				],
			},
			{
				height: 8,
				panels: [
					lines("Readings received", "cps", [query(`sum(rate(${RECEIVED}${WINDOW}))`, "received")], { min: 0 }),
					lines("Devices", "short", [query("sum by (is) (tallywire_reconcile_devices)", "{{is}}")], { min: 0 }),
				],
			},
		],
	});
}
