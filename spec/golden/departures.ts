/**
 * Where a decision of ours departs from the original: which scenario, which decision, and what we do instead.
 *
 * Nothing is skipped: the replay is compared in full with the changed expectation, and `claims` say what must hold
 * besides. Scenarios that look the same on the wire are here too when the decision shows elsewhere: in the error,
 * on the connections, in the log.
 *
 * @see docs/decisions/0000-classic-producer.md for D1 to D15; docs/WHERE-WE-DIFFER.md for the others
 */
import type { FailedToSendMessageError, MessageFailure } from '../../lib/index.js'
import { metadataRequests, produceRequests } from '../support/scripted/recording.js'
import type { Rule } from '../support/scripted/script.js'
import { valuesSent } from './compare.js'
import type { Expectation, ExpectedRequest } from './expectation.js'
import type { Outcome, Replayed } from './replay.js'
import type { RecordedMessage } from './scenario.js'

/** A sentence and whether it holds. */
export type Claim = [sentence: string, holds: boolean]

export interface Departure {
  decision: string
  because: string
  expectation?: (original: Expectation) => Expectation
  claims?: (replayed: Replayed) => Claim[]
  /** The same scenario with other rules, for what the departure keeps the original's rules from showing. */
  variants?: { title: string; rules: Rule[]; expectation: (original: Expectation) => Expectation }[]
}

/** Names of {@link Claim}s that do not hold. */
export function brokenClaims(departure: Departure | undefined, replayed: Replayed): string[] {
  const claims = departure?.claims?.(replayed) ?? []
  return claims.filter(([, holds]) => !holds).map(([sentence]) => `does not hold: ${sentence}`)
}

export const departures: Readonly<Record<string, Departure>> = {
  'b12-null-key-all-leaderless': {
    decision: 'D6',
    because: 'the error says of each message why it failed and that it is not stored',
    claims: (replayed) => failsAlone(replayed, { topic: 't', cause: 'MetadataError' }),
  },
  'b20-throwing-partitioner': {
    decision: 'D1',
    because: 'the message whose partitioner throws fails alone',
    expectation: (original) => withFirstRequest(original, { messages: [{ key: 'a', value: 'v1' }] }),
    claims: (replayed) => failsAlone(replayed, { topic: 't', cause: 'PartitionerError' }),
  },
  'e05-retries-minus-one': {
    decision: 'D6',
    because: 'a message that was never tried says so',
    claims: (replayed) => [
      ...failsAlone(replayed, { topic: 't' }),
      ['no attempt is reported', failuresOf(replayed)[0]?.attempts.length === 0],
    ],
  },
  'e09-unknown-topic-fails-batch': {
    decision: 'D1',
    because: 'the message to the unknown topic fails alone',
    expectation: (original) => withFirstRequest(original, { messages: [{ key: 'a', value: 'known' }] }),
    claims: (replayed) => failsAlone(replayed, { topic: 'nope', cause: 'MetadataError' }),
  },
  'e13-odd-error-codes': {
    decision: 'D2',
    because: 'INVALID_TOPIC_EXCEPTION can never succeed and ends the attempts',
    expectation: (original) => failsAfter(original, 5),
    claims: (replayed) => failsAlone(replayed, { topic: 't', cause: 'BrokerError', isStored: 'perhaps' }),
    variants: [
      {
        title: 'all but 17 and 29 are retried',
        rules: answerInTurn(-1, 2, 3, 5, 19, 20, 99),
        expectation: (original) => ({
          ...original,
          outcomes: original.outcomes.map((outcome) => ({ ...outcome, atLeastMs: 0 })),
          requests: original.requests.slice(0, 8),
        }),
      },
      {
        title: 'TOPIC_AUTHORIZATION_FAILED can never succeed and ends the attempts',
        rules: answerInTurn(29),
        expectation: (original) => failsAfter(original, 1),
      },
    ],
  },
  'e21-negative-size-response': {
    decision: 'D8',
    because: 'an answer that breaks the protocol closes the connection',
    claims: (replayed) => [closedAfterRequest(replayed, 0)],
  },
  'e25-foreign-topic-in-response': {
    decision: 'D8',
    because: 'an answer about another topic is no answer, so the message is sent again',
    expectation: (original) => ({ ...original, requests: original.requests.flatMap((one) => [one, one]) }),
  },
  'e29-acks0-broker-closes': noticesTheEndOfAConnection(),
  'e33-negative-backoff': {
    decision: 'D13',
    because: 'a negative back-off is refused at construction',
    expectation: refusedAtConstruction,
  },
  'e41-duplicate-error-partition': {
    decision: 'D8',
    because: 'two different answers for one partition break the protocol, which closes the connection',
    claims: (replayed) => [closedAfterRequest(replayed, 0)],
  },
  'e45-acks0-idle-closed-with-retries': noticesTheEndOfAConnection(),
  'f10-pool-rebuild': {
    decision: 'D4',
    because: 'a refresh that brings nothing new leaves every connection alone',
    claims: ({ recording }) =>
      [0, 1, 2].map((broker) => {
        const requests = produceRequests(recording).filter((request) => request.broker === broker)
        const connections = new Set(requests.map(({ connection }) => connection))
        return [`broker ${broker} gets all its produce requests on one connection`, connections.size === 1]
      }),
  },
  'f18-unknown-isr': {
    decision: 'tolerant metadata',
    because: 'a replica id that is not among the brokers does no harm',
    expectation: (original) => ({
      ...original,
      outcomes: original.outcomes.map(({ i }) => ({ i, atLeastMs: 0 })),
      requests: [requestTo('t', 0, [{ key: 'b', value: '0' }])],
    }),
  },
  'f26-learned-brokers-not-asked': {
    decision: 'D5',
    because: 'with the bootstrap broker gone, a broker learned earlier is asked',
    claims: ({ recording }) => [
      [
        'broker 1, which is not in the list, is asked',
        metadataRequests(recording).some(({ broker }) => broker === 1),
      ],
    ],
  },
  'f34-desync-when-refresh-fails': {
    decision: 'D8',
    because: 'an empty frame closes the connection, so no later request reads a left-over answer',
    claims: (replayed) => [closedAfterRequest(replayed, 1)],
  },
  'h02-concurrent-sync-sends': {
    decision: 'group commit',
    because: 'sends that arrive while one is in flight go out together',
    expectation: (original) => ({
      ...original,
      // Of the three the second waits for the first request and for its own, less its 30 ms head start.
      outcomes: original.outcomes.map((outcome) => ({
        ...outcome,
        atLeastMs: Math.min(outcome.atLeastMs, 300),
      })),
    }),
    claims: ({ recording }) => [
      [
        'the second and third message share the second request',
        valuesSent(produceRequests(recording)).join(' | ') === 't-0=1 | t-0=2,3',
      ],
    ],
  },
  'i01-config-errors': {
    decision: 'D13',
    because: 'values are trimmed, and a negative back-off is refused at once',
    expectation: (original) => ({
      ...original,
      outcomes: original.outcomes.map((outcome) => {
        if (trimmed.includes(outcome.i)) return { i: outcome.i, atLeastMs: 0 }
        return outcome.i === negativeBackoff ? { ...outcome, family: 'ConfigError' } : outcome
      }),
    }),
  },
  'i03-verify-log': {
    decision: 'D13',
    because: 'known keys are not warned about, misplaced ones with what they should be',
    claims: ({ log }) => {
      const warnings = log.filter(({ level }) => level === 'warn').map(({ message }) => message)
      const isWarnedAbout = (text: string) => warnings.some((message) => message.includes(text))
      return [
        ['an unknown key is warned about by name', isWarnedAbout('foo.bar')],
        [
          'an old spelling is warned about',
          warnings.some((message) => /(^|[^.])\bbroker\.list/.test(message)),
        ],
        ['with the key that is meant', isWarnedAbout('metadata.broker.list')],
        ['keys that start with external are passed over in silence', !isWarnedAbout('external')],
        ['serializer.encoding is known', !isWarnedAbout('serializer.encoding')],
      ]
    },
  },
}

/** In i01: blanks around acks, producer.type and serializer.class; and retry.backoff.ms=-5. */
const trimmed = [5, 6, 19, 26]
const negativeBackoff = 30

/** The constructor throws, and nothing else happens. */
function refusedAtConstruction(): Expectation {
  return { connections: 0, outcomes: [{ i: -1, family: 'ConfigError', atLeastMs: 0 }], requests: [] }
}

/**
 * The first request is followed by a close of the broker's, seen before the next message is written; the broker may not
 * lead its partition any more, so that one is sent in a way that is answered.
 */
function noticesTheEndOfAConnection(): Departure {
  return {
    decision: 'D9',
    because:
      'a connection that the broker has closed is not written to, and the next request is sent with acks 1, so only the refused message is lost',
    expectation: (original) => {
      const [first, ...later] = original.requests
      const second = requestTo('t', 0, [{ key: 'a', value: '2' }], { acks: 1, pauses: 1 })
      return { ...original, requests: [first!, second, ...later] }
    },
    claims: ({ log }) => [
      [
        'the log warns that a message may not have arrived',
        log.some(({ level, message }) => level === 'warn' && message.includes('acks 0')),
      ],
    ],
  }
}

/** The send of the first operation fails after this number of produce requests. */
function failsAfter(original: Expectation, requests: number): Expectation {
  return {
    ...original,
    outcomes: original.outcomes.map((outcome) =>
      outcome.i === 0 ? { i: 0, family: 'FailedToSendMessageError', atLeastMs: 0 } : outcome,
    ),
    requests: original.requests.slice(0, requests),
  }
}

/** Error codes for topic t, partition 0, one produce request after the other. */
function answerInTurn(...codes: number[]): Rule[] {
  return codes.map((error, at) => ({ on: 'produce', topic: 't', partition: 0, nth: at + 1, error }))
}

/** The original's first request, with other messages, before all others. */
function withFirstRequest(original: Expectation, { messages }: { messages: RecordedMessage[] }): Expectation {
  const [like] = original.requests
  const [{ topic, partitions }] = like!.topics as [ExpectedRequest['topics'][number]]
  const first = {
    ...like!,
    topics: [{ topic, partitions: [{ partition: partitions[0]!.partition, messages }] }],
  }
  return { ...original, requests: [first, ...original.requests] }
}

/** A produce request to broker 0 as all scenarios configure it. */
function requestTo(
  topic: string,
  partition: number,
  messages: RecordedMessage[],
  { acks = 1, pauses = 0 } = {},
): ExpectedRequest {
  const header = { broker: 0, version: 0, clientId: 'c1', acks, timeoutMs: 1000 }
  return {
    ...header,
    topics: [{ topic, partitions: [{ partition, messages }] }],
    pausesBefore: { atLeast: pauses, atMost: Number.POSITIVE_INFINITY },
  }
}

function failuresOf({ outcomes }: Replayed): readonly MessageFailure[] {
  const failed = outcomes.find(({ error }) => error?.name === 'FailedToSendMessageError') as
    | Outcome
    | undefined
  return (failed?.error as FailedToSendMessageError | undefined)?.failures ?? []
}

/** Exactly one message failed; with `cause`, for this reason. */
function failsAlone(
  replayed: Replayed,
  { topic, cause, isStored = 'no' }: { topic: string; cause?: string; isStored?: 'no' | 'perhaps' },
): Claim[] {
  const failures = failuresOf(replayed)
  const [failure] = failures
  const persistence = isStored === 'no' ? 'not-persisted' : 'possibly-persisted'
  return [
    ['one message fails', failures.length === 1],
    [`it is the one to ${topic}, not ${failure?.topic}`, failure?.topic === topic],
    [
      `its cause is a ${cause}, not a ${failure?.cause.name}`,
      cause === undefined || failure?.cause.name === cause,
    ],
    [`it is ${persistence}, not ${failure?.persistence}`, failure?.persistence === persistence],
  ]
}

/** The client closed the connection of the produce request at this position before it sent the next one. */
function closedAfterRequest({ recording }: Replayed, at: number): Claim {
  const requests = produceRequests(recording)
  const used = recording.connections.find(({ connection }) => connection === requests[at]?.connection)
  const nextMs = requests[at + 1]?.atMs ?? Number.NEGATIVE_INFINITY
  const isClosed = used?.closedBy === 'client' && (used.closedAtMs ?? Number.POSITIVE_INFINITY) <= nextMs
  return [`the connection of request ${at + 1} is closed by us before the next request`, isClosed]
}
