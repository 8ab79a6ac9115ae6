// The fleet's page: its markup and its style beside the shared ones. The script is in fleet-page-script.ts.
import type { PageParts } from "../serve/page.js";
import { FLEET_SCRIPT } from "./fleet-page-script.js";

export const FLEET_PAGE: PageParts = {
	header: `<p class="brand">Tallywire reconcile</p><h1 id="broker">&nbsp;</h1><p id="facts">&nbsp;</p>`,
	main: `
<section aria-labelledby="h-objective"><h2 id="h-objective">Objective <small id="slo"></small></h2>
<ul class="tiles">
<li><h3>Arrived</h3><p class="figure" id="success">&nbsp;</p><p class="soft" id="decided"></p></li>
<li><h3>Error budget left</h3><p class="figure" id="budget">&nbsp;</p>
<div class="meter" id="budget-spent" role="meter" aria-label="error budget spent" aria-valuemin="0" aria-valuemax="100" aria-valuenow="0"><i></i></div><p class="soft" id="below"></p></li>
<li><h3>Received</h3><p class="figure" id="received">&nbsp;</p><div class="chart" id="received-chart"></div><p class="soft" id="undecided"></p></li>
<li><h3>Lost</h3><p class="figure" id="lost">&nbsp;</p><div class="chart" id="lost-chart"></div><p class="soft" id="lost-lately"></p></li>
</ul>
<h3 id="h-burn">Burn rate <small>1 spends just what the objective allows; an alert takes both</small></h3>
<div class="scroll" tabindex="0" role="region" aria-labelledby="h-burn"><table><thead><tr><th scope="col">over</th><th scope="col" class="number">burn rate</th>
<th scope="col">and lately</th><th scope="col" class="number">alert at</th><th scope="col"></th></tr></thead><tbody id="burn"></tbody></table></div></section>
<section aria-labelledby="h-lost"><h2 id="h-lost">Lost, by door and cause</h2>
<ol id="doors"></ol>
<div class="stack" id="lost-bar"></div>
<div class="scroll" tabindex="0" role="region" aria-labelledby="h-lost"><table><thead><tr><th scope="col">cause</th><th scope="col" class="number">readings</th><th scope="col" class="number">of all lost</th>
<th scope="col">door</th><th scope="col">what it means</th></tr></thead><tbody id="causes"></tbody></table></div></section>
<section aria-labelledby="h-devices"><h2 id="h-devices">Devices <small id="devices-note"></small></h2>
<p class="empty" id="no-devices">No device was heard yet.</p>
<div class="scroll tall" id="devices-scroll" tabindex="0" role="region" aria-labelledby="h-devices" hidden><table><thead><tr><th scope="col">device</th><th scope="col" class="number">arrived</th>
<th scope="col" class="number">received</th><th scope="col" class="number">rate</th><th scope="col">lost, by cause</th><th scope="col" class="number">budget left</th>
<th scope="col" class="number">newest reading</th><th scope="col">notes</th></tr></thead><tbody id="devices"></tbody></table></div></section>
<div class="columns">
<section aria-labelledby="h-latency"><h2 id="h-latency">Latency <small>from capture to arrival</small></h2>
<p class="empty" id="no-latency">Unknown: no reading came with both clocks synchronised.</p><dl id="latency"></dl></section>
<section aria-labelledby="h-noticed"><h2 id="h-noticed">Noticed</h2><p class="empty" id="no-noticed">Nothing odd so far.</p>
<div class="scroll" id="noticed-scroll" tabindex="0" role="region" aria-labelledby="h-noticed" hidden><table><thead><tr><th scope="col">what</th><th scope="col" class="number">times</th>
<th scope="col">what it means</th></tr></thead><tbody id="noticed"></tbody></table></div></section>
</div>`,
	footer: `<a href="/report">Report</a><a href="/healthz">Health</a><a href="/metrics">Metrics</a>`,
	style: `
:root{--device:#2f7fb8;--way:#c8372a;--broker-door:#b7791f}
@media (prefers-color-scheme:dark){:root{--device:#5eb1e6;--way:#ff8a80;--broker-door:#e6b450}}
.tiles,#doors{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(12rem,100%),1fr))}
.tiles li,#doors li{padding:.7rem .9rem;border:1px solid var(--line);border-radius:.6rem;background:var(--back);min-width:0}
#doors li{border-left:.3rem solid var(--tone)}
.device{--tone:var(--device)}.way{--tone:var(--way)}.broker{--tone:var(--broker-door)}
#h-burn{margin:1.2rem 0 .5rem}
h3 small{margin-left:.4rem;color:var(--soft);font-size:inherit;font-weight:400}
#doors{margin-bottom:1rem}
.tiles .chart{height:1.6rem;margin:.2rem 0}
.stack{display:flex;gap:1px;height:.7rem;margin-bottom:1.1rem;border-radius:.35rem;overflow:hidden}
.stack[hidden]{display:none}
.stack i{flex:none;min-width:3px;background:var(--tone);forced-color-adjust:none}
td .stack{height:.45rem;margin:.5rem 0 .1rem}
td.lost{min-width:13rem;white-space:normal;color:var(--soft);font-size:.875rem}
.door::before{content:"";display:inline-block;width:.6rem;height:.6rem;margin-right:.45rem;border-radius:.15rem;background:var(--tone);forced-color-adjust:none}
#devices-scroll{max-height:46rem}
#devices .text{min-width:9rem}
#causes th{white-space:nowrap}
@media (max-width:40rem){.tiles,#doors{gap:.6rem;grid-template-columns:1fr 1fr}.tiles li,#doors li{padding:.5rem .65rem}.tiles .figure,#doors .figure{font-size:1.2rem}}
`,
	script: FLEET_SCRIPT,
};
