// The style that all pages share: one column on a phone, light and dark, no asset. Colours keep a contrast of 4.5 to 1
// on their ground (WCAG 2.2, 1.4.3), and no state is told by colour alone.

export const PAGE_STYLE = `
:root{color-scheme:light dark;--back:#f4f6f6;--card:#fff;--ink:#182226;--soft:#57646b;--line:#dbe2e4;--rail:#e6ebec;--accent:#1d6fa5;--good:#18794e;--warn:#8a5a00;--bad:#b42318;--good-back:#eaf6ef;--warn-back:#fdf4e0;--bad-back:#fdecea}
@media (prefers-color-scheme:dark){:root{--back:#0f1416;--card:#171e21;--ink:#e6ecee;--soft:#9aa8af;--line:#2a3439;--rail:#263036;--accent:#5eb1e6;--good:#4cc38a;--warn:#e6b450;--bad:#ff8a80;--good-back:#12261c;--warn-back:#2a2212;--bad-back:#2e1614}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:72rem;padding:1.25rem clamp(.9rem,3vw,2rem) 2rem;background:var(--back);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;font-variant-numeric:tabular-nums}
h1,h2,h3,p,ul,ol,dl,dd{margin:0;padding:0}
ul,ol{list-style:none}
a{color:inherit;text-underline-offset:.2em}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:.25rem}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 .75rem;margin-bottom:1rem}
h1{font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere}
.brand,#facts,.soft,dt,th,footer,.empty{color:var(--soft);font-size:.875rem}
.brand{letter-spacing:.02em}
#facts{flex-basis:100%}
section{margin-bottom:1rem;padding:1.1rem clamp(.9rem,2.5vw,1.4rem) 1.25rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
section>h2,section>div>h2{margin-bottom:.75rem;font-size:1rem;line-height:1.3}
section>h2 small,section>div>h2 small{margin-left:.4rem;color:var(--soft);font-size:.875rem;font-weight:400}
h3{font-size:.875rem;line-height:1.3}
#verdict{padding-left:3.6rem;position:relative;border-color:var(--tone,var(--line));background:var(--ground,var(--card))}
#verdict.good{--tone:var(--good);--ground:var(--good-back)}
#verdict.warn{--tone:var(--warn);--ground:var(--warn-back)}
#verdict.bad{--tone:var(--bad);--ground:var(--bad-back)}
#verdict h2{margin-bottom:.15rem;font-size:1.3rem;overflow-wrap:anywhere}
#verdict::before{content:"\\2026";position:absolute;left:1.25rem;top:1.2rem;width:1.6rem;height:1.6rem;border-radius:50%;background:var(--tone,var(--soft));color:var(--card);font-weight:700;line-height:1.6rem;text-align:center}
#verdict.good::before{content:"\\2713"}
#verdict.warn::before,#verdict.bad::before{content:"!"}
#verdict p{max-width:46rem;overflow-wrap:anywhere}
#verdict-advice{margin-top:.5rem}
#verdict-others{margin-top:.75rem;padding-top:.6rem;border-top:1px solid var(--line)}
#verdict-others li{margin-top:.35rem;max-width:46rem;overflow-wrap:anywhere}
.scroll{overflow-x:auto;position:relative}
.tall{max-height:22rem;overflow-y:auto}
table{width:100%;border-collapse:collapse}
th,td{padding:.4rem 1.5rem .4rem 0;border-top:1px solid var(--line);text-align:left;vertical-align:baseline;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
thead th{border-top:0;padding-top:0;font-weight:400}
.tall thead th{position:sticky;top:0;background:var(--card)}
tbody th{color:var(--ink);font-size:1rem;font-weight:500}
tbody th,.text{min-width:11rem;white-space:normal;overflow-wrap:anywhere}
.number{text-align:right}
.value{font-weight:600}
.value small{color:var(--soft);font-weight:400}
.value small:not(:empty){margin-left:.25rem}
.zero{color:var(--soft)}
.good-text{color:var(--good)}
.warn-text{color:var(--warn)}
.bad-text{color:var(--bad)}
td.chart{width:12rem;min-width:8rem;vertical-align:top;padding-top:.3rem;padding-bottom:.2rem}
svg{display:block;width:100%;height:1.6rem;overflow:visible}
path{fill:none;stroke:var(--accent);stroke-width:1.5;stroke-linejoin:round;vector-effect:non-scaling-stroke}
path.bars{stroke:var(--bad);stroke-width:2}
path.none{stroke:var(--line)}
.figure{font-size:1.5rem;font-weight:600;line-height:1.25;overflow-wrap:anywhere}
.meter{height:.45rem;margin:.3rem 0;border-radius:.25rem;background:var(--rail);overflow:hidden}
.meter i{display:block;width:0;height:100%;border-radius:inherit;background:var(--accent)}
.meter.full i{background:var(--bad)}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.75rem 1.25rem}
dd{overflow-wrap:anywhere}
@media (max-width:40rem){th,td{padding-right:.8rem}thead th{white-space:normal;vertical-align:bottom}tbody th{min-width:6.5rem;font-size:.9375rem}td{font-size:.9375rem}.value.text{min-width:5rem}.soft.text{min-width:16rem}td.chart{min-width:4rem;width:4rem}section{border-radius:.6rem}#verdict{padding-left:3.2rem}#verdict::before{left:.9rem}#verdict h2{font-size:1.2rem}}
.columns{display:grid;gap:0 1rem;grid-template-columns:repeat(auto-fit,minmax(min(22rem,100%),1fr));align-items:start}
.empty{padding:.25rem 0}
footer a{display:inline-block;margin-right:1.25rem;padding:.4rem 0}
.stale main section:not(#verdict){opacity:.55}
[hidden]{display:none}
@media (forced-colors:active){section{border-color:CanvasText}path{stroke:CanvasText}}
`;
