// The agent's page: its markup and its style beside the shared ones. The script is in agent-page-script.ts.
import { AGENT_SCRIPT } from "./agent-page-script.js";
import type { PageParts } from "./page.js";

export const AGENT_PAGE: PageParts = {
	header: `<p class="brand">Tallywire</p><h1 id="device">&nbsp;</h1><p id="facts">&nbsp;</p>`,
	main: `
<section aria-labelledby="h-way"><h2 id="h-way">The way of a reading</h2>
<ol id="way">
<li><div class="box"><h3>Sources</h3><p class="figure" id="way-sources">&nbsp;</p><p class="soft">at work</p><p class="soft" id="way-stamped"></p></div>
<p class="exit" id="way-rejected"></p></li>
<li><p class="flow" id="flow-in"><span>&nbsp;</span></p>
<div class="box"><h3>Buffer</h3><p class="figure" id="way-buffered">&nbsp;</p>
<div class="meter" id="buffer-fill" role="meter" aria-label="buffer fill" aria-valuemin="0" aria-valuemax="100" aria-valuenow="0"><i></i></div>
<p class="soft" id="way-capacity"></p><p class="soft" id="way-oldest"></p></div><p class="exit" id="way-dropped"></p></li>
<li><p class="flow" id="flow-out"><span>&nbsp;</span></p>
<div class="box"><h3>Window</h3><p class="figure" id="way-inflight">&nbsp;</p>
<div class="meter" id="window-fill" role="meter" aria-label="window fill" aria-valuemin="0" aria-valuemax="100" aria-valuenow="0"><i></i></div>
<p class="soft" id="way-window"></p><p class="soft">at risk in a cut</p></div><p class="exit" id="way-uncertain"></p></li>
<li><p class="flow" id="flow-done"><span>&nbsp;</span></p>
<div class="box"><h3>Broker</h3><p class="figure" id="way-confirmed">&nbsp;</p><p class="soft">confirmed</p><p class="soft" id="way-broker"></p></div></li>
</ol></section>
<section aria-labelledby="h-streams"><h2 id="h-streams">Streams <small id="streams-note"></small></h2>
<p class="empty" id="no-streams">No reading yet.</p>
<div class="scroll tall" id="streams-scroll" tabindex="0" role="region" aria-labelledby="h-streams" hidden><table><thead><tr><th scope="col">stream</th><th scope="col" class="number">last value</th>
<th scope="col">while you look</th><th scope="col" class="number">age</th></tr></thead><tbody id="streams"></tbody></table></div></section>
<section aria-labelledby="h-sources"><h2 id="h-sources">Sources</h2>
<p class="empty" id="no-sources" hidden>None is configured.</p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="h-sources"><table><thead><tr><th scope="col">source</th><th scope="col">type</th><th scope="col">state</th>
<th scope="col" class="number">readings</th><th scope="col" class="number">rate</th><th scope="col">rejected</th><th scope="col" class="number">filtered</th>
<th scope="col" class="number">restarts</th></tr></thead><tbody id="sources"></tbody></table></div></section>
<section aria-labelledby="h-lost"><h2 id="h-lost">Lost, by reason</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="h-lost"><table><thead><tr><th scope="col">reason</th><th scope="col" class="number">last hour</th>
<th scope="col">by minute</th><th scope="col" class="number">this run</th><th scope="col">what it means</th></tr></thead><tbody id="lost"></tbody></table></div>
<p class="soft" id="previous" hidden></p></section>
<div class="columns">
<section aria-labelledby="h-link"><h2 id="h-link">Link</h2><dl id="link"></dl>
<h3 id="h-events">What happened on it</h3><p class="empty" id="no-events">Nothing yet.</p>
<div class="scroll tall" id="events-scroll" tabindex="0" role="region" aria-labelledby="h-events" hidden><table><thead><tr><th scope="col">when</th><th scope="col">what</th></tr></thead><tbody id="link-events"></tbody></table></div></section>
<section aria-labelledby="h-clock"><h2 id="h-clock">Clock</h2><dl id="clock"></dl></section>
</div>
<section aria-labelledby="h-losses"><h2 id="h-losses">Newest losses <small>by sequence number, at most 64 ranges</small></h2>
<p class="empty" id="no-losses">None.</p>
<div class="scroll tall" id="losses-scroll" tabindex="0" role="region" aria-labelledby="h-losses" hidden><table><thead><tr><th scope="col" class="number">from</th><th scope="col" class="number">to</th>
<th scope="col" class="number">readings</th><th scope="col">reason</th></tr></thead><tbody id="losses"></tbody></table></div></section>`,
	footer: `<a href="/status">Status</a><a href="/healthz">Health</a><a href="/metrics">Metrics</a>`,
	style: `
#way .box{padding:.7rem .9rem;border:1px solid var(--line);border-radius:.6rem;background:var(--back)}
#way .flow{display:flex;align-items:center;gap:.6rem;padding-left:1.2rem;color:var(--soft);font-size:.875rem}
#way .flow::before{content:"";width:2px;height:2.2rem;background:repeating-linear-gradient(180deg,var(--tone,var(--line)) 0 6px,transparent 6px 12px)}
#way .flow.runs{--tone:var(--accent);color:var(--ink)}
#way .flow.cut{--tone:var(--bad);color:var(--bad)}
.exit{padding:.35rem .2rem 0;font-size:.875rem;color:var(--soft);overflow-wrap:anywhere}
.exit.lost{color:var(--bad)}
#h-events{margin:1rem 0 .4rem}
#link-events td:first-child{white-space:nowrap;color:var(--soft)}
#previous{margin-top:.75rem}
#streams-scroll{max-height:34rem}
#link div:first-child{grid-column:1/-1}
#losses td:last-child{width:55%}
@media (prefers-reduced-motion:no-preference){
.meter i{transition:width .6s linear}
#way .flow.runs::before{animation:down 1s linear infinite}
@keyframes down{to{background-position:0 12px}}
@keyframes right{to{background-position:12px 0}}
}
@media (max-width:51.99rem){.exit:not(.lost){display:none}}
@media (min-width:52rem){
#streams .chart{width:38%}
#streams th{min-width:15rem}
#way{display:flex}
#way li{flex:1 1 5.5rem;min-width:0;display:grid;grid-template:auto auto/5.5rem minmax(0,1fr)}
#way li:first-child{flex-basis:0;grid-template-columns:minmax(0,1fr)}
#way .box,#way .exit{grid-column:-2}
#way .flow{flex-direction:column;justify-content:center;gap:.3rem;padding:0 .5rem;text-align:center}
#way .flow::before{order:1;width:100%;height:2px;background:repeating-linear-gradient(90deg,var(--tone,var(--line)) 0 6px,transparent 6px 12px)}
#way li{grid-template-rows:9.2rem auto}
}
@media (min-width:52rem) and (prefers-reduced-motion:no-preference){#way .flow.runs::before{animation-name:right}}
`,
	script: AGENT_SCRIPT,
};
