/**
 * Writes the tables of docs/UPSTREAM-TESTS.md from `upstream-tests.ts`, and checks that each spec that it names has that title.
 *
 *     tsx scripts/upstream-docs.ts            writes what is out of date
 *     tsx scripts/upstream-docs.ts --check    changes nothing; exits 1 and names what is out of date
 */
import { existsSync, readFileSync } from 'node:fs'
import { updateParts } from './generated-part.js'
import { upstreamRows } from './upstream-tests.js'

function tables(): string {
  return Object.entries(upstreamRows)
    .map(([group, rows]) => {
      const lines = rows.map(([scenario, spec, title]) => `| ${scenario} | \`${spec}\` | ${title} |`)
      return [`**${group}**`, ['| scenario | spec | title |', '|---|---|---|', ...lines].join('\n')].join(
        '\n\n',
      )
    })
    .join('\n\n')
}

/** Titles that no spec has. */
function missing(): string[] {
  return Object.values(upstreamRows)
    .flat()
    .filter(([, spec, title]) => !hasTitle(`spec/${spec}`, title))
    .map(([, spec, title]) => `spec/${spec} has no spec "${title}"`)
}

function hasTitle(path: string, title: string): boolean {
  if (!existsSync(path)) return false
  const titles = readFileSync(path, 'utf8').matchAll(/\bit\(\s*(['"`])(.*?)\1,/gs)
  return [...titles].some(([, , found]) => found!.includes(title))
}

const lost = missing()
for (const text of lost) process.stderr.write(`${text}: correct scripts/upstream-tests.ts\n`)
const part = {
  document: 'docs/UPSTREAM-TESTS.md',
  name: 'upstream-tests',
  content: tables(),
  source: 'scripts/upstream-tests.ts',
}
process.exitCode = Math.max(updateParts([part], process.argv.includes('--check')), lost.length > 0 ? 1 : 0)
