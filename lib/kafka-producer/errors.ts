/**
 * Errors of KafkaProducer's numbers and transactions: the exceptions of the Java client as classes, and the class for each
 * error code.
 *
 * What a broker answered is a `BrokerError` with Kafka's number and name; what a caller did in a wrong state is an
 * `IllegalStateError`; a call that fails because something failed before it is a `TransactionFailedError` with the cause.
 *
 * @see org.apache.kafka.common.errors, Kafka 4.3; lib/errors.ts
 */
import { BrokerError, type ErrorContext, KafkaError } from '../errors.js'
import { errorCode } from '../protocol/error-code.js'

/** A call that is not allowed now: the text says what is the case, and what to do first. */
export class IllegalStateError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_ILLEGAL_STATE', message, context)
  }
}

/** A call on a transaction that failed earlier. `cause` says how; abort the transaction, or close the producer. */
export class TransactionFailedError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_TRANSACTION_FAILED', message, context)
  }
}

/** A record that was not sent because its transaction was aborted. */
export class TransactionAbortedError extends KafkaError {
  constructor(
    message = 'the transaction was aborted before the record was sent',
    context: ErrorContext = {},
  ) {
    super('KAFKA_TRANSACTION_ABORTED', message, context)
  }
}

/** The offsets were not committed: the consumer group has moved on without this member. Abort the transaction. */
export class CommitFailedError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_COMMIT_FAILED', message, context)
  }
}

type BrokerErrorClass = new (message: string, context?: ErrorContext) => BrokerError

/** A subclass of BrokerError for one code. */
function ofCode(code: number): BrokerErrorClass {
  const { name, retriable } = errorCode(code)
  return class extends BrokerError {
    constructor(message: string, context: ErrorContext = {}) {
      super(code, name, message, { retriable, ...context })
    }
  }
}

/** Another producer with the same transactional.id has taken over. Close this one. */
export class ProducerFencedError extends ofCode(90) {}
/** The transaction was aborted by its coordinator, or a newer producer uses the id. Abort the transaction. */
export class InvalidProducerEpochError extends ofCode(47) {}
/** The transaction is not in a state that allows the request. Close the producer. */
export class InvalidTxnStateError extends ofCode(48) {}
/** The transactional.id has another producer id by now, or has expired. Close the producer. */
export class InvalidProducerIdMappingError extends ofCode(49) {}
/** A batch cannot be stored in its order any more: one before it is missing. */
export class OutOfOrderSequenceError extends ofCode(45) {}
/** The broker has no state of this producer left, which it had not deleted with its records. */
export class UnknownProducerIdError extends ofCode(59) {}
/** The transaction has failed and may be aborted, then tried again. */
export class TransactionAbortableError extends ofCode(120) {}
/** This client may not use the transactional.id. */
export class TransactionalIdAuthorizationError extends ofCode(53) {}
/** This client may not do this on the cluster; for idempotence brokers before 2.8 ask for IdempotentWrite. */
export class ClusterAuthorizationError extends ofCode(31) {}
/** This client may not write to the topic. */
export class TopicAuthorizationError extends ofCode(29) {}
/** This client may not use the consumer group. */
export class GroupAuthorizationError extends ofCode(30) {}
/** Another consumer has the same group.instance.id. Abort the transaction. */
export class FencedInstanceIdError extends ofCode(82) {}
/** The stored message format of the topic cannot hold what was sent. */
export class UnsupportedForMessageFormatError extends ofCode(43) {}

const classByCode: ReadonlyMap<number, BrokerErrorClass> = new Map<number, BrokerErrorClass>([
  [29, TopicAuthorizationError],
  [30, GroupAuthorizationError],
  [31, ClusterAuthorizationError],
  [43, UnsupportedForMessageFormatError],
  [45, OutOfOrderSequenceError],
  [47, InvalidProducerEpochError],
  [48, InvalidTxnStateError],
  [49, InvalidProducerIdMappingError],
  [53, TransactionalIdAuthorizationError],
  [59, UnknownProducerIdError],
  [82, FencedInstanceIdError],
  [90, ProducerFencedError],
  [120, TransactionAbortableError],
])

/**
 * What a broker's code is as an error.
 *
 * @param what - the request, and whom it is about: the text begins with it.
 */
export function brokerError(code: number, what: string, context: ErrorContext = {}): BrokerError {
  const { name, description, retriable } = errorCode(code)
  const message = `${what}: ${name} (${code})${description && `, ${description}`}`
  const ErrorClass = classByCode.get(code)
  if (ErrorClass) return new ErrorClass(message, context)
  return new BrokerError(code, name, message, { retriable, ...context })
}
