// The style of the page: one column on a phone, light and dark, no asset.

export const PAGE_STYLE = `
:root{--back:#f6f7f8;--card:#fff;--ink:#1c2227;--soft:#5b6770;--line:#dde2e6;--good:#18794e;--bad:#c62a2f;--bar:#3e7bfa}
@media (prefers-color-scheme:dark){:root{--back:#111517;--card:#1a2024;--ink:#e8ecef;--soft:#9ba7b0;--line:#2c353b;--good:#4cc38a;--bad:#ff8589;--bar:#6f9dff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:1rem;background:var(--back);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}
h1{margin:0;font-size:1.4rem}
h1 span{font-weight:400;overflow-wrap:anywhere}
h2{margin:0 0 .5rem;font-size:1rem}
p{margin:.2rem 0}
#facts,#window,dt,th,footer{color:var(--soft);font-size:.875rem}
section{margin:1rem 0;padding:1rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
#verdict{border-left:.4rem solid var(--soft)}
#verdict.good{border-left-color:var(--good)}
#verdict.bad{border-left-color:var(--bad)}
#verdict ul{margin:.3rem 0 0;padding-left:1.2rem;overflow-wrap:anywhere}
#verdict ul:empty{display:none}
#way{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.5rem;margin:0 0 .5rem;padding:0;list-style:none}
#way li{padding:.6rem .75rem;border:1px solid var(--line);border-radius:.4rem}
#way b{display:block;font-size:1.35rem;line-height:1.3}
#way span,#way small{color:var(--soft);font-size:.875rem}
#way small{display:block}
#way progress{width:100%;height:.5rem;accent-color:var(--bar)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.5rem 1rem;margin:0}
dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
table{width:100%;border-collapse:collapse}
th,td{padding:.3rem .75rem .3rem 0;border-top:1px solid var(--line);text-align:left;vertical-align:top}
thead th{border-top:0;font-weight:400}
td{overflow-wrap:anywhere}
.good{color:var(--good)}
.bad{color:var(--bad)}
#verdict{color:var(--ink)}
footer a{margin-right:1rem}
a{color:inherit}
`;
