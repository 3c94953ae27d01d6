/**
 * Where a decision of ours departs from the Java client: which scenario, which decision, and what we do instead.
 *
 * Nothing is skipped: the play is compared in full with the changed transcript.
 */
import type { Golden, RecordedError, RecordedEvent, RecordedRequest, Transcript } from './scenario.js'

export interface Departure {
  decision: string
  because: string
  /** What we are compared with; changes its own copy. */
  change: (golden: Golden) => void
}

/** The scenario and its transcript as they apply to us. */
export function asOurs({ scenario, transcript }: Golden): Golden {
  const golden = structuredClone({ scenario, transcript })
  departures[scenario.name]?.change(golden)
  return golden
}

const DETECTION: Departure = {
  decision: 'K10',
  because:
    'a broker that is not known yet is asked for its versions and for metadata in v0 together, which 0.8 and 0.9 answer',
  change: detectsVersions,
}

export const departures: Readonly<Record<string, Departure>> = {
  'c09-defaults-on-the-wire': DETECTION,
  'm01-unknown-topic': {
    ...DETECTION,
    change: (golden) => {
      detectsVersions(golden)
      const { compare } = golden.scenario
      compare.versions = ['Metadata']
      for (const count of compare.counts ?? []) if (count.max !== undefined) count.max++
    },
  },
  'o01-0.10.2-magic-1': {
    ...DETECTION,
    change: ({ transcript }) => {
      firstMetadata(transcript).version = 0
    },
  },
  'o12-2.1': DETECTION,
  'o14-4.3-topic-ids': DETECTION,
  'e08-retry-reorders': {
    decision: 'K7',
    because: 'order is never broken: without idempotence a partition has one request in flight',
    change: inOrder,
  },
  'n06-told-of-failures': {
    decision: 'K4',
    because:
      'whatever a serializer throws fails its record with a SerializationError, and the callback is called',
    change: ({ transcript }) => failsToSerialize(transcript, '3'),
  },
  'n12-serializer-errors': {
    decision: 'K4',
    because:
      'whatever a serializer throws fails its record with a SerializationError, and the callback is called',
    change: ({ transcript }) => failsToSerialize(transcript, '0'),
  },
}

/** The first request for metadata is one of v0. */
function detectsVersions({ transcript }: Golden): void {
  transcript.wire.unshift({ ...structuredClone(firstMetadata(transcript)), version: 0 })
}

function firstMetadata({ wire }: Transcript): RecordedRequest {
  return wire.find((event): event is RecordedRequest => event.kind === 'request' && event.api === 'Metadata')!
}

/** "two" waits for the retry of "one", in the requests, the log and the callbacks. */
function inOrder({ scenario, transcript }: Golden): void {
  // The second request would be waited for in vain.
  scenario.ops[3] = { op: 'sleep', ms: 0 }
  const { wire, events, log } = transcript
  const [, two, again] = wire.filter(
    (event): event is RecordedRequest => event.kind === 'request' && event.api === 'Produce',
  )
  ;[two!.body, again!.body] = [again!.body!, two!.body!]
  const [first, second] = log['t/0']!
  ;[first!.v, second!.v] = [second!.v!, first!.v!]
  const callbacks = events.filter(({ kind }) => kind === 'callback')
  const [early, late] = callbacks.map((callback) => events.indexOf(callback)) as [number, number]
  ;[events[early], events[late]] = [events[late]!, events[early]!]
  for (const event of events) {
    const offset = 'i' in event && event.i === '0' ? 0 : 1
    if ((event.kind === 'callback' || event.kind === 'result') && event.md) event.md.offset = offset
  }
}

function failsToSerialize({ events }: Transcript, i: string): void {
  const error: RecordedError = { class: 'SerializationException' }
  for (const event of events) {
    if (event.kind === 'result' && event.i === i) event.error = error
    if (isAcknowledgement(event) && event.error === 'IllegalStateException') event.error = error.class
  }
}

function isAcknowledgement(event: RecordedEvent): event is RecordedEvent & { error?: unknown } {
  return event.kind === 'interceptor' && event.call === 'onAcknowledgement'
}
