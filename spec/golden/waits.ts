/**
 * Lower bounds: a wait that the configuration asks for is a wait. Nothing here is an upper bound except that a
 * request must arrive in the same pause of the scenario as the original's did.
 */
import { produceRequests, type RecordedProduce, sets } from '../support/scripted/recording.js'
import { type Expectation, pausesOver } from './expectation.js'
import { seenText } from './on-the-wire.js'
import type { Replayed } from './replay.js'
import type { Scenario } from './scenario.js'

/** Timers of Node fire up to a millisecond early, and broker and client read the clock at different moments. */
const TOLERANCE_MS = 3

const DEFAULT_BACKOFF_MS = 100
const DEFAULT_LINGER_MS = 5000
const DEFAULT_BATCH_MESSAGES = 200

export function waitFaults(scenario: Scenario, expected: Expectation, replayed: Replayed): string[] {
  return [
    ...shortOperations(scenario, expected, replayed),
    ...shortBackoffs(scenario, replayed),
    ...shortLingers(scenario, replayed),
    ...(scenario.compare?.content ? [] : wrongPauses(scenario, expected, replayed)),
  ]
}

function shortOperations(scenario: Scenario, expected: Expectation, { outcomes }: Replayed): string[] {
  return expected.outcomes.flatMap(({ i, atLeastMs }) => {
    const ms = outcomes.find((outcome) => outcome.i === i)?.ms ?? atLeastMs
    if (ms >= atLeastMs) return []
    return [
      `operation ${i} (${scenario.ops[i]?.op}) took ${ms.toFixed(0)} ms, expected ${atLeastMs.toFixed(0)} at least`,
    ]
  })
}

/** From the answer that failed a partition to the request that sends the same messages again. */
function shortBackoffs(scenario: Scenario, { recording }: Replayed): string[] {
  const backoffMs = Number(scenario.properties['retry.backoff.ms'] ?? DEFAULT_BACKOFF_MS)
  const requests = produceRequests(recording)
  return requests.flatMap((failed, at) =>
    failedSets(failed).flatMap((name) => {
      const retry = requests.slice(at + 1).find((request) => setTexts(request).has(name))
      if (retry === undefined) return []
      const gapMs = retry.atMs - (failed.answeredAtMs ?? failed.atMs)
      if (gapMs >= backoffMs - TOLERANCE_MS) return []
      return [
        `a retry came after ${gapMs.toFixed(1)} ms, retry.backoff.ms is ${backoffMs}: ${name.slice(0, 80)}`,
      ]
    }),
  )
}

function failedSets(request: RecordedProduce): string[] {
  return [...setTexts(request)].flatMap(([text, { topic, partition }]) => {
    const entry = request.answer?.topics
      .find((candidate) => candidate.topic === topic)
      ?.partitions.find((candidate) => candidate.partition === partition)
    return request.action !== undefined || (entry !== undefined && entry.error !== 0) ? [text] : []
  })
}

/** Partition and messages as one text → where they went. */
function setTexts(request: RecordedProduce): Map<string, { topic: string; partition: number }> {
  return new Map(
    seenText(request).sets.map(({ topic, partition, messages }) => [
      `${topic}-${partition}: ${messages.join()}`,
      { topic, partition },
    ]),
  )
}

/** A batch that is not full waits from the previous flush; a closing producer does not wait. */
function shortLingers(scenario: Scenario, { recording, outcomes }: Replayed): string[] {
  const { properties, cluster } = scenario
  if (properties['producer.type'] !== 'async' || leadersOf(cluster.topics).size !== 1) return []
  const lingerMs = Number(properties['queue.buffering.max.ms'] ?? DEFAULT_LINGER_MS)
  const batchMessages = Number(properties['batch.num.messages'] ?? DEFAULT_BATCH_MESSAGES)
  const closeMs =
    outcomes.find(({ i }) => scenario.ops[i]?.op === 'close')?.startMs ?? Number.POSITIVE_INFINITY
  let previousMs = outcomes.find(({ i }) => i === -1)!.startMs
  return produceRequests(recording).flatMap((request) => {
    const gapMs = request.atMs - previousMs
    previousMs = request.atMs
    const count = sets(request.body).reduce((sum, { messages }) => sum + messages.length, 0)
    if (count >= batchMessages || request.atMs >= closeMs || gapMs >= lingerMs - TOLERANCE_MS) return []
    return [`${count} messages left after ${gapMs.toFixed(1)} ms, queue.buffering.max.ms is ${lingerMs}`]
  })
}

function leadersOf(topics: Scenario['cluster']['topics'] = {}): Set<number> {
  return new Set(Object.values(topics).flatMap(({ partitions }) => partitions.map(({ leader }) => leader)))
}

/** Broker by broker, each request in the same pause as the original's. */
function wrongPauses(scenario: Scenario, expected: Expectation, { recording, outcomes }: Replayed): string[] {
  const seen = produceRequests(recording)
  if (seen.length !== expected.requests.length || scenario.compare?.nullTopics !== undefined) return []
  const brokers = [...new Set(seen.map(({ broker }) => broker))]
  return brokers.flatMap((broker) => {
    const wanted = expected.requests.filter((request) => request.broker === broker)
    return seen
      .filter((request) => request.broker === broker)
      .flatMap((request, at) => {
        const pauses = pausesOver(scenario.ops, outcomes, request.atMs)
        const { atLeast, atMost } = wanted[at]?.pausesBefore ?? { atLeast: 0, atMost: pauses }
        if (pauses >= atLeast && pauses <= atMost) return []
        const range = atLeast === atMost ? atLeast : `${atLeast} to ${atMost}`
        return [
          `broker ${broker}, produce request ${at + 1} came after pause ${pauses}, expected after ${range}`,
        ]
      })
  })
}
