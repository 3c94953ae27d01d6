/** What the brokers kept: records, markers, committed offsets. */
import { listDifferences, setDifferences } from './lists.js'
import type { Scenario } from './scenario.js'
import type { Trace, TracedEntry } from './trace.js'

export function logDifferences(scenario: Scenario, expected: Trace, got: Trace): string[] {
  const { log = 'exact', ids } = scenario.compare
  if (log === 'none') return []
  const names = [...new Set([...Object.keys(expected.log), ...Object.keys(got.log)])].sort()
  const text = (entry: TracedEntry) =>
    log === 'set' ? entry.text : `${entry.offset}: ${entry.text}${ids === false ? '' : ` by ${entry.ids}`}`
  const compare = log === 'set' ? setDifferences : listDifferences
  return [
    ...names.flatMap((name) =>
      compare(`the log of ${name}`, (expected.log[name] ?? []).map(text), (got.log[name] ?? []).map(text)),
    ),
    ...setDifferences('committed offsets', offsetTexts(expected), offsetTexts(got)),
  ]
}

function offsetTexts({ offsets }: Trace): string[] {
  return Object.entries(offsets).map(([name, offset]) => `${name} ${offset}`)
}
