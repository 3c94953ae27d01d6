/**
 * Policy, pure: what the answer to a produce request means for each of its batches, as a value. Nothing is sent or settled
 * here: whoever asks settles all of it first, and sends `resend` then.
 *
 * A refused set is split where that may help, its rejected messages fail where the broker names them, and the others are
 * sent again at once; what may get better is left to be retried.
 *
 * @see docs/reference/faults.md#error-codes-in-a-produce-answer, docs/decisions/0000-classic-producer.md#d2, #d8
 */
import { counted } from '../counted.js'
import { type BrokerError, DecodeError, type KafkaError, printable } from '../errors.js'
import { errorCode } from '../protocol/error-code.js'
import type { ProduceResponse } from '../protocol/messages/index.js'
import type { RecordBody } from '../protocol/records/record-body.js'
import { matchResponse, type PartitionAnswer } from './match-response.js'
import { type PartitionBatch, type PartitionMap, partitionName } from './partition-batch.js'
import { brokerError } from './produce-errors.js'
import { halve } from './split-batches.js'

/** A record that may have its outcome before the answer is there, when its time limit has passed. */
export interface SentRecord extends RecordBody {
  readonly isSettled: boolean
}

export interface SentBatch<M extends SentRecord> {
  readonly batch: PartitionBatch<M>
  /** What counts against `max.message.bytes`, about: 0 where each message counts by itself. */
  readonly limitedBytes: number
}

/** Where and when a batch was stored. */
export interface Stored {
  /** Of the first message; −1n with acks 0. */
  readonly baseOffset: bigint
  /** Milliseconds since the epoch where the broker stamps messages itself, else null. */
  readonly timestampMs: number | null
}

/** Messages of one batch that will never be stored. */
export interface FailedMessages<M extends SentRecord> {
  readonly messages: readonly M[]
  /** Of the batch. */
  readonly error: BrokerError
  /** Where the broker says something else of a message. */
  readonly errorByMessage: ReadonlyMap<M, BrokerError>
}

/**
 * Every message of the request that is not settled is in exactly one of the first four lists; no batch there has no such
 * message. `delivered` and `resend` have whole batches, with messages that are settled: offsets count those as well.
 */
export interface ReadAnswer<M extends SentRecord> {
  readonly delivered: { readonly batch: PartitionBatch<M>; readonly stored: Stored }[]
  readonly failed: FailedMessages<M>[]
  /** To be tried again after a while; whether they may be stored is in the error. */
  readonly retry: { readonly batch: PartitionBatch<M>; readonly error: KafkaError }[]
  /** To be sent at once, one after the other. */
  readonly resend: PartitionBatch<M>[]
  /** Sizes that a topic does not take. */
  readonly refusedSizes: { readonly topic: string; readonly bytes: number }[]
  /** For the log. */
  readonly warnings: string[]
}

export interface AnswerContext {
  /** `host:port`. */
  readonly broker: string
  /** What the messages were sent with; 0 also where this request was answered. */
  readonly acks: number
  /** Name of the codec that is set, or null. */
  readonly codec: string | null
  /** With idempotence: a batch that the broker has already is delivered. Default false. */
  readonly isNumbered?: boolean
}

const UNKNOWN_SERVER_ERROR = -1
const DUPLICATE_SEQUENCE_NUMBER = 46

/** With acks 0 nobody says where. */
const unanswered: Stored = { baseOffset: -1n, timestampMs: null }

/**
 * @param response - null where the request has none, with acks 0.
 * @throws {DecodeError} when it contradicts itself; all messages may be stored then, and the connection has to end.
 */
export function readAnswer<M extends SentRecord>(
  sent: readonly SentBatch<M>[],
  response: ProduceResponse | null,
  context: AnswerContext,
): ReadAnswer<M> {
  const read: ReadAnswer<M> = {
    delivered: [],
    failed: [],
    retry: [],
    resend: [],
    refusedSizes: [],
    warnings: [],
  }
  const answers = response && match(sent, response, context.broker, read)
  for (const one of sent) {
    const { batch } = one
    if (batch.messages.every(({ isSettled }) => isSettled)) continue
    const answer = answers?.get(batch.topic, batch.partition)
    if (!answers) read.delivered.push({ batch, stored: unanswered })
    else if (!answer) read.retry.push({ batch: withoutSettled(batch), error: missing(context.broker, batch) })
    else readOne(one, answer, context, read)
  }
  return read
}

function match<M extends SentRecord>(
  sent: readonly SentBatch<M>[],
  response: ProduceResponse,
  broker: string,
  { warnings }: ReadAnswer<M>,
): PartitionMap<PartitionAnswer | null> {
  try {
    const asked = sent.map(({ batch }) => batch)
    const { answers, unexpected } = matchResponse(asked, response)
    if (unexpected.length > 0) {
      warnings.push(`${broker} answered for ${printable(unexpected.join(', '))}, which it was not asked for`)
    }
    return answers
  } catch (cause) {
    const text = `${broker}: ${(cause as Error).message}`
    throw new DecodeError(text, { broker, persistence: 'possibly-persisted', cause })
  }
}

function readOne<M extends SentRecord>(
  { batch, limitedBytes }: SentBatch<M>,
  answer: PartitionAnswer,
  context: AnswerContext,
  read: ReadAnswer<M>,
): void {
  const { topic, messages } = batch
  const isKnown = context.isNumbered && answer.errorCode === DUPLICATE_SEQUENCE_NUMBER
  const action = isKnown ? 'delivered' : errorCode(answer.errorCode).action
  if (action === 'delivered') {
    // Every message has the same kind of outcome with acks 0, whether its request happened to be answered or not.
    read.delivered.push({ batch, stored: context.acks === 0 ? unanswered : storedAt(answer) })
    return
  }
  const error = refusal(
    batch,
    answer,
    context,
    answer.errorMessage ?? guessAt(answer.errorCode, context.codec),
  )
  if (action === 'retry') {
    read.retry.push({ batch: withoutSettled(batch), error })
  } else if (action === 'split' && messages.length > 1 && !batch.mayBeStored) {
    read.warnings.push(
      `${error.message}; its batch of ${counted(messages.length, 'message')} is split in two`,
    )
    read.refusedSizes.push({ topic, bytes: limitedBytes })
    read.resend.push(...halve(batch).filter(({ messages: half }) => half.some(({ isSettled }) => !isSettled)))
  } else {
    failRejected(batch, answer, error, context, read)
  }
}

/** One bad message makes a broker refuse all of its batch; where it says which, the others are sent again (KIP-467). */
function failRejected<M extends SentRecord>(
  batch: PartitionBatch<M>,
  answer: PartitionAnswer,
  error: BrokerError,
  context: AnswerContext,
  { failed, resend }: ReadAnswer<M>,
): void {
  const { messages, mayBeStored } = batch
  const saidOf = new Map<M, string | null>()
  // Under other numbers the others could be stored twice.
  for (const { batchIndex, message: says } of mayBeStored ? [] : answer.recordErrors) {
    const named = messages[batchIndex]
    if (named) saidOf.set(named, says)
  }
  const open = messages.filter(({ isSettled }) => !isSettled)
  const rejected = saidOf.size > 0 ? open.filter((message) => saidOf.has(message)) : open
  const others = saidOf.size > 0 ? open.filter((message) => !saidOf.has(message)) : []
  const errorByMessage = new Map<M, BrokerError>()
  for (const message of rejected) {
    const says = saidOf.get(message)
    if (says) errorByMessage.set(message, refusal(batch, answer, context, says))
  }
  if (rejected.length > 0) failed.push({ messages: rejected, error, errorByMessage })
  if (others.length > 0) resend.push({ ...batch, messages: others })
}

function refusal(
  { topic, partition }: PartitionBatch,
  { errorCode: code }: PartitionAnswer,
  { broker, acks }: AnswerContext,
  says: string | null,
): BrokerError {
  return brokerError(code, { broker, topic, partition, acks, says })
}

/** Why a broker may have refused a batch where it does not say it: those before 0.8.2 fail on lz4. */
export function guessAt(code: number, codec: string | null): string | null {
  if (code !== UNKNOWN_SERVER_ERROR || codec !== 'lz4') return null
  return 'the broker failed unexpectedly; Kafka before 0.8.2 does not support lz4'
}

function missing(broker: string, { topic, partition }: PartitionBatch): DecodeError {
  const text = `${broker} left ${printable(partitionName(topic, partition))} out of its produce answer`
  return new DecodeError(text, { broker, topic, partition, persistence: 'possibly-persisted' })
}

function storedAt({ baseOffset, logAppendTimeMs }: PartitionAnswer): Stored {
  return { baseOffset, timestampMs: logAppendTimeMs < 0n ? null : Number(logAppendTimeMs) }
}

/** The same batch where none is settled. */
function withoutSettled<M extends SentRecord>(batch: PartitionBatch<M>): PartitionBatch<M> {
  if (!batch.messages.some(({ isSettled }) => isSettled)) return batch
  return { ...batch, messages: batch.messages.filter(({ isSettled }) => !isSettled) }
}
