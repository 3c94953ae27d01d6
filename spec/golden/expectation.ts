/**
 * What a replay has to look like: the original's transcript in our terms. Departures (departures.ts) change it.
 */
import type { Operation, Original, RecordedOutcome, RecordedProduce, Scenario } from './scenario.js'

export interface ExpectedOutcome {
  i: number
  /** Name of our error class; absent for success. */
  family?: string
  /** A wait that the configuration or the cluster's delay imposes; 0 where the original did not wait. */
  atLeastMs: number
}

export interface ExpectedRequest extends Omit<RecordedProduce, 'atMs'> {
  /** How many of the scenario's pauses have ended when it arrives; a range where a pause ends close by. */
  pausesBefore: { atLeast: number; atMost: number }
}

export interface Expectation {
  connections: number
  outcomes: ExpectedOutcome[]
  requests: ExpectedRequest[]
}

/** A pause that ended closer to a request than this says nothing: a busy machine may be so late. */
const CLOSE_BY_MS = 150
/** Operations that took the original less did not wait, they worked. */
const SHORTEST_WAIT_MS = 150
/** The original's figure includes work, and one that is due can end early by the length of a back-off. */
const SHARE_OF_WAIT = 0.75

/** Java class → name of our class, for exceptions out of `send`. */
const familyOfSend: Record<string, string> = {
  'kafka.common.FailedToSendMessageException': 'FailedToSendMessageError',
  'kafka.common.QueueFullException': 'QueueFullError',
  'kafka.producer.ProducerClosedException': 'ProducerClosedError',
  // Out of an encoder: a value of the wrong type, a charset that is not there.
  'java.lang.ClassCastException': 'EncodeError',
  'java.io.UnsupportedEncodingException': 'EncodeError',
}

/** What the original threw from a constructor; ours is always a ConfigError. */
const constructionExceptions = new Set([
  'java.lang.IllegalArgumentException',
  'java.lang.NumberFormatException',
  'java.lang.ClassNotFoundException',
  'java.lang.ClassCastException',
  'java.lang.NoSuchMethodException',
  'java.lang.NullPointerException',
  'kafka.common.InvalidConfigException',
  'kafka.common.UnknownCodecException',
])

export function expectationOf({ name, ops, original }: Scenario): Expectation {
  const operationAt = (i: number): Operation => ops[i] ?? { op: 'construct' }
  return {
    connections: original.connections,
    outcomes: original.ops.map((outcome) => expectedOutcome(name, operationAt(outcome.i), outcome)),
    requests: original.produce.map(({ atMs, ...request }) => ({
      ...request,
      pausesBefore: {
        atLeast: pausesOver(ops, original.ops, atMs - CLOSE_BY_MS),
        atMost: pausesOver(ops, original.ops, atMs + CLOSE_BY_MS),
      },
    })),
  }
}

/** How many pauses of the scenario had ended at this time; `outcomes` tell when each ended. */
export function pausesOver(
  ops: readonly Operation[],
  outcomes: readonly Pick<Original['ops'][number], 'i' | 'startMs' | 'ms'>[],
  atMs: number,
): number {
  return outcomes.filter(({ i, startMs, ms }) => ops[i]?.op === 'sleep' && startMs + ms <= atMs).length
}

function expectedOutcome(name: string, operation: Operation, recorded: RecordedOutcome): ExpectedOutcome {
  const family = recorded.exception === undefined ? undefined : familyOf(name, operation, recorded.exception)
  // A failing send of the original also waited after its last attempt, for nothing: docs/reference/classic-producer.md#the-cycle.
  const waits = recorded.ms >= SHORTEST_WAIT_MS && family !== 'FailedToSendMessageError'
  return {
    i: recorded.i,
    ...(family === undefined ? {} : { family }),
    atLeastMs: waits && operation.op !== 'sleep' ? recorded.ms * SHARE_OF_WAIT : 0,
  }
}

function familyOf(name: string, operation: Operation, exception: string): string {
  if (operation.op === 'construct' && constructionExceptions.has(exception)) return 'ConfigError'
  return familyOfSend[exception] ?? `(no counterpart of ${exception}, see ${name})`
}
