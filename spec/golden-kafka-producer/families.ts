/**
 * Which of our errors a Java exception corresponds to: by rule `FooException` is `FooError`, or the `BrokerError` with
 * Kafka's name `FOO`. The table has the others.
 */
import type { RecordedError } from './scenario.js'

interface Family {
  names?: readonly string[]
  kafkaNames?: readonly string[]
}

const families: Readonly<Record<string, Family>> = {
  // Any of our own: "closed forcefully", or what a failed transaction says with its cause.
  KafkaException: {
    names: ['KafkaError', 'TransactionFailedError', 'ProducerClosedError'],
    kafkaNames: ['UNKNOWN_SERVER_ERROR'],
  },
  TimeoutException: {
    names: ['TimeoutError', 'RequestTimeoutError', 'DeliveryTimeoutError'],
    kafkaNames: ['REQUEST_TIMED_OUT'],
  },
  IllegalStateException: { names: ['IllegalStateError', 'ProducerClosedError'] },
  NullPointerException: { names: ['IllegalArgumentError', 'TypeError'] },
  ClassCastException: { names: ['TypeError'] },
  RecordTooLargeException: { names: ['RecordTooLargeError'], kafkaNames: ['MESSAGE_TOO_LARGE'] },
  RecordBatchTooLargeException: { kafkaNames: ['RECORD_LIST_TOO_LARGE'] },
  CorruptRecordException: { kafkaNames: ['CORRUPT_MESSAGE'] },
  UnknownServerException: { kafkaNames: ['UNKNOWN_SERVER_ERROR'] },
  InvalidTopicException: { names: ['InvalidTopicError'], kafkaNames: ['INVALID_TOPIC_EXCEPTION'] },
  InvalidPidMappingException: {
    names: ['InvalidPidMappingError', 'InvalidProducerIdMappingError'],
    kafkaNames: ['INVALID_PRODUCER_ID_MAPPING'],
  },
  OutOfOrderSequenceException: {
    names: ['OutOfOrderSequenceError'],
    kafkaNames: ['OUT_OF_ORDER_SEQUENCE_NUMBER'],
  },
  DuplicateSequenceException: { kafkaNames: ['DUPLICATE_SEQUENCE_NUMBER'] },
  UnsupportedCompressionTypeException: {
    names: ['UnsupportedCodecError'],
    kafkaNames: ['UNSUPPORTED_COMPRESSION_TYPE'],
  },
}

const AUTHORIZATION = /AuthorizationException$/

/** Our classes that say what failed in their cause. */
const carriers: ReadonlySet<string> = new Set(['MetadataError'])

/**
 * Whether what happened is what the Java client reported. A recorded error is of its own family. Only the causes of a bare
 * KafkaException count; whether a time-out has the last error of the topic as its cause is chance in the original.
 */
export function isOfFamily(expected: RecordedError, got: RecordedError): boolean {
  if (expected.class === got.class) {
    return expected.class !== 'KafkaException' || (got.causes ?? []).join() === (expected.causes ?? []).join()
  }
  const isWrapper = expected.class === 'KafkaException' && expected.causes !== undefined
  return isWrapper ? wraps(expected.causes![0]!, got) : isOne(expected.class, got)
}

/** For events that have nothing but the name of a class. */
export function isNamed(javaClass: string, got: RecordedError): boolean {
  return javaClass === got.class || isOne(javaClass, got)
}

/** The cause is what counts: as our error itself, or anywhere below it. */
function wraps(cause: string, got: RecordedError): boolean {
  for (let one: RecordedError | undefined = got; one !== undefined; one = one.cause) {
    if (isOne(cause, one)) return true
  }
  return false
}

function isOne(javaClass: string, got: RecordedError): boolean {
  const { names = [], kafkaNames = [] } = families[javaClass] ?? byRule(javaClass)
  if (names.includes(got.class) || kafkaNames.includes(got.kafkaName ?? '')) return true
  return carriers.has(got.class) && got.cause !== undefined && isOne(javaClass, got.cause)
}

function byRule(javaClass: string): Family {
  const stem = javaClass.replace(/Exception$/, '')
  const upper = stem.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
  return {
    names: [`${stem}Error`],
    kafkaNames: [AUTHORIZATION.test(javaClass) ? `${upper}_FAILED` : upper],
  }
}

/** An error as the comparison wants it. */
export function ofThrown(thrown: unknown): RecordedError {
  if (!(thrown instanceof Error)) return { class: typeof thrown, message: String(thrown) }
  const { errorName } = thrown as { errorName?: string }
  return {
    class: thrown.name,
    message: thrown.message,
    ...(errorName !== undefined && { kafkaName: errorName }),
    ...(thrown.cause !== undefined && { cause: ofThrown(thrown.cause) }),
  }
}

export function described(error: RecordedError | undefined): string {
  if (error === undefined) return 'success'
  const { class: name, kafkaName, message, causes = [] } = error
  return [name, kafkaName, message, ...causes.map((cause) => `caused by ${cause}`)].filter(Boolean).join(' ')
}
