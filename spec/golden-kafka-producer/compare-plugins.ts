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
  return [
    ...byCall,
    ...listDifferences('calls before a record is queued', way(wanted), way(seen)),
    ...acknowledgementDifferences(expected, got),
  ]
}

/** The interceptors of a record that was stored come before its callback. Of others the original calls some the other way. */
function acknowledgementDifferences(expected: Trace, got: Trace): string[] {
  const [wanted, seen] = [acknowledgements(expected), acknowledgements(got)]
  if (wanted.every(({ isCallback }) => isCallback)) return []
  const place = ({ partition }: Acknowledgement) => partition
  return groupDifferences(groupBy(wanted, place), groupBy(seen, place), (name, one, other) => {
    const texts = (all: Acknowledgement[]) => all.map(({ text }) => text)
    return listDifferences(`interceptors and callbacks of ${name}`, texts(one), texts(other))
  })
}

interface Acknowledgement {
  text: string
  partition: string
  isCallback: boolean
}

function acknowledgements({ events }: Trace): Acknowledgement[] {
  return events.flatMap((event): Acknowledgement[] => {
    if (event.kind === 'callback' && event.md && event.md.offset >= 0) {
      const { topic, partition } = event.md
      const text = `callback of send ${event.i}:${event.r}`
      return [{ text, partition: `${topic}/${partition}`, isCallback: true }]
    }
    if (event.kind !== 'interceptor' || event.call !== 'onAcknowledgement') return []
    if ((event.offset as number) < 0) return []
    const text = `${event.name} at ${event.offset}`
    return [{ text, partition: `${event.topic}/${event.partition}`, isCallback: false }]
  })
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
