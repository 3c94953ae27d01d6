/**
 * What ends a record before or without an answer of a broker, under the names that the Java client has for it: each
 * class is the `…Exception` of the same name in `org.apache.kafka.common.errors`. Those of transactions are in `errors.ts`.
 */
import { type ErrorContext, KafkaError } from '../errors.js'

/** An argument that no call can succeed with, such as a negative partition. Thrown at once. */
export class IllegalArgumentError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_ILLEGAL_ARGUMENT', message, context)
  }
}

/** Time ran out: for metadata or memory (`max.block.ms`), or from sending to the outcome (`delivery.timeout.ms`). */
export class TimeoutError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}, code = 'KAFKA_TIMEOUT') {
    super(code, message, { retriable: true, ...context })
  }
}

/** `buffer.memory` had no room for the record within `max.block.ms`. It is not stored. */
export class BufferExhaustedError extends TimeoutError {
  constructor(message: string, context: ErrorContext = {}) {
    super(message, context, 'KAFKA_BUFFER_EXHAUSTED')
  }
}

/** One record exceeds `max.request.size` or `buffer.memory`, or what the broker accepts. */
export class RecordTooLargeError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_RECORD_TOO_LARGE', message, context)
  }
}

/** A serializer threw, or returned something that is no bytes. `cause` is what it threw. */
export class SerializationError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_SERIALIZATION', message, context)
  }
}

/** An interceptor returned null from `onSend`: the record was not sent, on purpose. */
export class RecordFilteredError extends KafkaError {
  constructor(message: string, context: ErrorContext = {}) {
    super('KAFKA_RECORD_FILTERED', message, context)
  }
}
