/** The look of the page. */
export const style = `
:root { color: #0f172a; background: #f8fafc; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 1120px; margin: 0 auto; padding: 24px 20px 48px; }
h1 { font-size: 24px; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 0 0 8px; }
h2 small, header p { color: #64748b; font-weight: 400; font-size: 14px; margin: 0; }
section { background: #fff; border: 1px solid #e2e8f0; border-radius: 8px; padding: 16px; margin-top: 16px; }
section.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; padding: 0;
  background: none; border: 0; }
.tile { background: #fff; border: 1px solid #e2e8f0; border-radius: 8px; padding: 12px 16px; display: grid; }
.tile span, .tile small { color: #64748b; font-size: 13px; }
.tile b { font-size: 22px; font-weight: 600; line-height: 1.3; }
.tile.bad b, p.bad { color: #b91c1c; }
figure { margin: 0; }
figure svg { width: 100%; height: auto; display: block; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(380px, 1fr)); gap: 0 16px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: 4px 12px 4px 0; border-top: 1px solid #f1f5f9;
  overflow-wrap: anywhere; }
tr:first-child > * { border-top: 0; }
th { font-weight: 400; color: #475569; width: 45%; }
td { font-family: ui-monospace, monospace; font-size: 13px; }
pre { margin: 0; font: 12.5px/1.6 ui-monospace, monospace; white-space: pre-wrap; }
@media print { :root { background: #fff; } section, .tile { break-inside: avoid; } }
`
