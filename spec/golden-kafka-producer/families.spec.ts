import { expect } from 'chai'
import { BrokerError, ConfigError, MetadataError, ProducerClosedError } from '../../lib/errors.js'
import { isOfFamily, ofThrown } from './families.js'

/** An error of a class that is named so; the classes of KafkaProducer are found by their names alone. */
function named(name: string, options: { cause?: unknown } = {}): Error {
  return Object.defineProperty(new Error('text', options), 'name', { value: name })
}

const broker = (name: string) => new BrokerError(1, name, 'text')

describe('families of errors', () => {
  const rows: [java: string, ours: Error, isSame: boolean][] = [
    ['ConfigException', new ConfigError('text'), true],
    ['TimeoutException', named('TimeoutError'), true],
    ['TimeoutException', named('BufferExhaustedError'), false],
    ['TimeoutException', broker('REQUEST_TIMED_OUT'), true],
    ['BufferExhaustedException', named('BufferExhaustedError'), true],
    ['SerializationException', named('SerializationError'), true],
    ['IllegalStateException', new ProducerClosedError('text'), true],
    ['NotEnoughReplicasException', broker('NOT_ENOUGH_REPLICAS'), true],
    ['NotEnoughReplicasException', broker('NOT_ENOUGH_REPLICAS_AFTER_APPEND'), false],
    ['TopicAuthorizationException', broker('TOPIC_AUTHORIZATION_FAILED'), true],
    ['RecordTooLargeException', broker('MESSAGE_TOO_LARGE'), true],
    ['InvalidPidMappingException', broker('INVALID_PRODUCER_ID_MAPPING'), true],
    ['InvalidTopicException', broker('INVALID_TOPIC_EXCEPTION'), true],
    ['InvalidTopicException', new MetadataError('text', { cause: broker('INVALID_TOPIC_EXCEPTION') }), true],
    ['InvalidRecordException', named('TypeError'), false],
    ['InvalidRecordException', broker('CORRUPT_MESSAGE'), false],
  ]
  for (const [java, ours, isSame] of rows) {
    const { errorName = '' } = ours as { errorName?: string }
    it(`take ${ours.name} ${errorName} ${isSame ? 'for' : 'not for'} ${java}`, () => {
      expect(isOfFamily({ class: java }, ofThrown(ours))).to.equal(isSame)
    })
  }

  it('look for the cause of a KafkaException in the error itself and below it', () => {
    const expected = { class: 'KafkaException', causes: ['InvalidRecordException'] }
    const cause = broker('INVALID_RECORD')
    expect(isOfFamily(expected, ofThrown(cause))).to.equal(true)
    expect(isOfFamily(expected, ofThrown(named('TransactionFailedError', { cause })))).to.equal(true)
    expect(isOfFamily(expected, ofThrown(named('TransactionFailedError')))).to.equal(false)
  })
})
