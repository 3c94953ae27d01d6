/** How operations and sends ended, and when which callback was called. */
import { described, isOfFamily } from './families.js'
import { groupBy, groupDifferences, listDifferences } from './lists.js'
import type { RecordedEvent, RecordedMetadata, Scenario, SendResult } from './scenario.js'
import { isSticky } from './sticky.js'
import { type Trace, timeOf } from './trace.js'

type Of<K extends RecordedEvent['kind']> = Extract<RecordedEvent, { kind: K }>

/** What an operation reports besides its outcome. */
const DETAILS = ['partitions', 'done', 'open', 'metrics'] as const
/** These end when the callbacks of what was sent before them were called. */
const PROMISING: ReadonlySet<string> = new Set(['flush', 'close', 'commit', 'abort'])

function all<K extends RecordedEvent['kind']>({ events }: Trace, kind: K): Of<K>[] {
  return events.filter((event): event is Of<K> => event.kind === kind)
}

const keyOf = ({ i, r }: SendResult) => `${i}:${r}`

export function operationDifferences(expected: Trace, got: Trace): string[] {
  const gotByIndex = new Map(all(got, 'op').map((event) => [event.i, event]))
  return all(expected, 'op').flatMap((wanted) => {
    const event = gotByIndex.get(wanted.i)
    const what = `operation ${wanted.i} (${wanted.op})`
    if (event === undefined) return [`${what} is not over`]
    return [...outcomeDifferences(what, wanted, event), ...detailDifferences(what, wanted, event)]
  })
}

function outcomeDifferences(
  what: string,
  { error: wanted }: Pick<Of<'op'>, 'error'>,
  { error }: Pick<Of<'op'>, 'error'>,
): string[] {
  const isSame = wanted && error ? isOfFamily(wanted, error) : wanted === error
  return isSame ? [] : [`${what}: ${described(error)}, expected ${described(wanted)}`]
}

function detailDifferences(what: string, wanted: Of<'op'>, event: Of<'op'>): string[] {
  return DETAILS.flatMap((detail) => {
    const [a, b] = [wanted[detail], event[detail]].map((value) => JSON.stringify(value))
    return a === b ? [] : [`${what}, ${detail}: ${b}, expected ${a}`]
  })
}

export function resultDifferences(scenario: Scenario, expected: Trace, got: Trace): string[] {
  if (scenario.compare.results === 'none') return []
  return groupDifferences(
    groupBy(all(expected, 'result'), keyOf),
    groupBy(all(got, 'result'), keyOf),
    (name, wanted, seen) => sendDifferences(scenario, `the result of send ${name}`, wanted, seen),
  )
}

export function callbackDifferences(scenario: Scenario, expected: Trace, got: Trace): string[] {
  if (scenario.compare.callbacks === 'none') return []
  const isCompared = comparedCallbacks(expected)
  const [wanted, seen] = [expected, got].map((trace) => all(trace, 'callback').filter(isCompared)) as [
    Of<'callback'>[],
    Of<'callback'>[],
  ]
  return [
    ...groupDifferences(groupBy(wanted, keyOf), groupBy(seen, keyOf), (name, one, other) =>
      sendDifferences(scenario, `the callback of send ${name}`, one.slice(0, 1), other),
    ),
    ...orderDifferences(scenario, wanted, seen),
    ...promiseDifferences(expected, got, isCompared),
  ]
}

/** Callbacks of sends that the original throws are not compared: it calls some of them never and some twice. */
function comparedCallbacks(expected: Trace): (callback: SendResult) => boolean {
  const thrown = new Set(
    all(expected, 'result')
      .filter(({ via }) => via === 'throw')
      .map(keyOf),
  )
  return (callback) => !thrown.has(keyOf(callback))
}

function sendDifferences(
  scenario: Scenario,
  what: string,
  expected: readonly SendResult[],
  got: readonly SendResult[],
): string[] {
  const [wanted, seen] = [expected[0], got[0]]
  if (wanted === undefined) return [`${what} was not expected: ${described(seen?.error)}`]
  if (seen === undefined) return [`${what} is missing`]
  const count = got.length === 1 ? [] : [`${what} came ${got.length} times`]
  const [a, b] = [textOf(scenario, wanted.md), textOf(scenario, seen.md)]
  const metadata = a === b ? [] : [`${what}: ${b}, expected ${a}`]
  return [...count, ...outcomeDifferences(what, wanted, seen), ...metadata]
}

function textOf(scenario: Scenario, metadata: RecordedMetadata | undefined): string {
  if (metadata === undefined) return 'no metadata'
  const { topic, partition, offset, timestamp, keySize, valueSize } = metadata
  const place = isSticky(scenario, topic) ? `${topic}/random` : `${topic}/${partition}@${offset}`
  return `${place} at ${timeOf(timestamp)}, key ${keySize}, value ${valueSize}`
}

/** What `close(0)` fails has no order in the original. */
const isClosedForcefully = ({ error }: SendResult) => error?.class === 'KafkaException' && !error.causes

/** Callbacks of the I/O thread come in the order of the partition. */
function orderDifferences(
  scenario: Scenario,
  expected: readonly Of<'callback'>[],
  got: readonly Of<'callback'>[],
): string[] {
  const ordered = expected.filter(
    (event) => event.thread === 'io' && !isSticky(scenario, event.md?.topic) && !isClosedForcefully(event),
  )
  const partitionByKey = new Map(
    ordered.map((event) => [keyOf(event), `${event.md?.topic}/${event.md?.partition}`]),
  )
  const place = (event: SendResult) => partitionByKey.get(keyOf(event)) ?? ''
  const known = got.filter((event) => partitionByKey.has(keyOf(event)))
  return groupDifferences(groupBy(ordered, place), groupBy(known, place), (name, wanted, seen) =>
    listDifferences(`callbacks of ${name}`, wanted.map(keyOf), seen.map(keyOf)),
  )
}

/** What was called before a flush, close, commit or abort had completed is called before it here, too. */
function promiseDifferences(
  expected: Trace,
  got: Trace,
  isCompared: (callback: SendResult) => boolean,
): string[] {
  return all(expected, 'op')
    .filter(({ op, ok }) => PROMISING.has(op) && ok)
    .flatMap(({ i, op }) => {
      const [wanted, seen] = [keysBefore(expected, i, isCompared), new Set(keysBefore(got, i, () => true))]
      const late = wanted.filter((key) => !seen.has(key))
      return late.map(
        (key) => `the callback of send ${key} comes after operation ${i} (${op}), which promises it`,
      )
    })
}

function keysBefore({ events }: Trace, i: number, isCompared: (callback: SendResult) => boolean): string[] {
  const end = events.findIndex((event) => event.kind === 'op' && event.i === i)
  return events
    .slice(0, end === -1 ? 0 : end)
    .flatMap((event) => (event.kind === 'callback' && isCompared(event) ? [keyOf(event)] : []))
}
