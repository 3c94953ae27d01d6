/** What interceptors, serializers and partitioners are given, and in which order. */
import { isNamed } from './families.js'
import { groupBy, groupDifferences, listDifferences } from './lists.js'
import type { RecordedError, RecordedEvent, Scenario } from './scenario.js'
import type { Trace } from './trace.js'

type PluginCall = Extract<RecordedEvent, { kind: 'interceptor' | 'serializer' | 'partitioner' }>

const KINDS: ReadonlySet<string> = new Set(['interceptor', 'serializer', 'partitioner'])
/** The way of a record before it is queued: these come in one order. */
const ON_THE_WAY: ReadonlySet<string> = new Set(['onSend', 'serialize', 'partition'])

/**
 * Each call is compared with the same call of the original: all `onSend`, all `serialize` and so on, by chain. How
 * `onAcknowledgement` of one record and `onSend` of the next lie in time is chance, and is left out.
 */
export function pluginDifferences(scenario: Scenario, expected: Trace, got: Trace): string[] {
  if (scenario.compare.plugins === 'none') return []
  const [wanted, seen] = [callsOf(expected), callsOf(got)]
  const byCall = groupDifferences(
    groupBy(wanted, ({ kind, call }) => `${kind}.${call}`),
    groupBy(seen, ({ kind, call }) => `${kind}.${call}`),
    (name, one, other) => listDifferences(`calls of ${name}`, one.map(textOf), alike(one, other).map(textOf)),
  )
  const way = (calls: PluginCall[]) => calls.filter(({ call }) => ON_THE_WAY.has(call)).map(textOf)
  return [...byCall, ...listDifferences('calls before a record is queued', way(wanted), way(seen))]
}

function callsOf({ events }: Trace): PluginCall[] {
  return events.filter((event): event is PluginCall => KINDS.has(event.kind))
}

/** Our error under the name of the original's where both are of one family. */
function alike(expected: readonly PluginCall[], got: readonly PluginCall[]): PluginCall[] {
  return got.map((call, at) => {
    const [name, error] = [expected[at]?.error, call.error]
    const isSame = typeof name === 'string' && typeof error === 'object' && error !== null
    return isSame && isNamed(name, error as RecordedError) ? { ...call, error: name } : call
  })
}

function textOf({ t: _, thread: __, ...call }: PluginCall): string {
  return JSON.stringify(Object.fromEntries(Object.entries(call).sort(([a], [b]) => (a < b ? -1 : 1))))
}
