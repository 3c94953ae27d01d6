// The ES modules of dist/lib as CommonJS in dist/cjs, for what cannot load an ES module with require(), such as Jest. Node itself never
// loads these files: the condition "module-sync" of package.json gives the ES modules to import and require() alike, so
// that no class exists twice in a process.
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buildSync } from 'esbuild'

const FROM = 'dist/lib'
const TO = 'dist/cjs'
/** What runs as a command is run by Node. */
const TOOLS = /^cli(-perf)?[/\\]/
const files = readdirSync(FROM, { recursive: true, encoding: 'utf8' }).filter((file) => !TOOLS.test(file))

buildSync({
  entryPoints: files.filter((file) => file.endsWith('.js')).map((file) => join(FROM, file)),
  outbase: FROM,
  outdir: TO,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  // lib/optional-package.ts looks at __filename first.
  logOverride: { 'empty-import-meta': 'silent' },
})
for (const file of files.filter((name) => name.endsWith('.d.ts'))) {
  mkdirSync(dirname(join(TO, file)), { recursive: true })
  copyFileSync(join(FROM, file), join(TO, file))
}
writeFileSync(join(TO, 'package.json'), '{ "type": "commonjs", "sideEffects": false }\n')
