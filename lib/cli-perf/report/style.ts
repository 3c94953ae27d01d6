/** The look of the page: by day and by night, on paper, and on screens from 320 pixels on. */
import { chartStyle } from './svg/chart-style.js'

export const style = `
:root { color-scheme: light dark; --ink: #0f172a; --faint: #526077; --page: #f8fafc; --card: #fff; --line: #e2e8f0;
  --bad: #b91c1c; --good: #047857; color: var(--ink); background: var(--page); font: 15px/1.5 system-ui, sans-serif; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e2e8f0; --faint: #94a3b8; --page: #0b1220; --card: #131c2e; --line: #27344d; --bad: #f87171; --good: #34d399; }
}
* { box-sizing: border-box; }
body { max-width: 1120px; margin: 0 auto; padding: 24px 20px 48px; }
h1 { font-size: 24px; line-height: 1.3; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 0 0 8px; overflow-wrap: anywhere; }
h2 small, header p { color: var(--faint); font-weight: 400; font-size: 14px; margin: 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 16px; margin-top: 16px; }
section.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; padding: 0;
  background: none; border: 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px; display: grid;
  align-content: start; min-width: 0; }
.tile > * { overflow-wrap: anywhere; }
.tile span, .tile small { color: var(--faint); font-size: 13px; }
.tile b { font-size: 19px; font-weight: 600; line-height: 1.3; }
.tile.bad b, p.bad, .worse td { color: var(--bad); }
.better td { color: var(--good); }
figure { margin: 0; }
figure svg { width: 100%; height: auto; display: block; }
figure svg.narrow { display: none; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(380px, 100%), 1fr)); gap: 0 16px; }
.columns section { min-width: 0; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: 4px 12px 4px 0; border-top: 1px solid var(--line);
  overflow-wrap: anywhere; }
tr:first-child > * { border-top: 0; }
th { font-weight: 400; color: var(--faint); width: 45%; }
td { font-family: ui-monospace, monospace; font-size: 13px; }
.compared, .differences { table-layout: fixed; }
.compared th { width: 25%; }
.differences th { width: 33%; }
.compared td { overflow-wrap: normal; }
pre { margin: 0; font: 12.5px/1.6 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
@media screen and (max-width: 600px) {
  body { padding: 16px 12px 32px; }
  section { padding: 12px; }
  figure svg.wide { display: none; }
  figure svg.narrow { display: block; }
}
@media print { :root { background: #fff; } section, .tile { break-inside: avoid; } }
${chartStyle}
`
