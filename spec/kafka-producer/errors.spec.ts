import { expect } from 'chai'
import { BrokerError, KafkaError } from '../../lib/errors.js'
import {
  brokerError,
  ClusterAuthorizationError,
  CommitFailedError,
  FencedInstanceIdError,
  GroupAuthorizationError,
  IllegalStateError,
  InvalidProducerEpochError,
  InvalidProducerIdMappingError,
  InvalidTxnStateError,
  OutOfOrderSequenceError,
  ProducerFencedError,
  TopicAuthorizationError,
  TransactionAbortableError,
  TransactionAbortedError,
  TransactionalIdAuthorizationError,
  TransactionFailedError,
  UnknownProducerIdError,
  UnsupportedForMessageFormatError,
} from '../../lib/kafka-producer/errors.js'

describe('errors of KafkaProducer', () => {
  const rows: [errorClass: new (message: string) => BrokerError, code: string, kafkaCode: number][] = [
    [TopicAuthorizationError, 'KAFKA_BROKER_TOPIC_AUTHORIZATION_FAILED', 29],
    [GroupAuthorizationError, 'KAFKA_BROKER_GROUP_AUTHORIZATION_FAILED', 30],
    [ClusterAuthorizationError, 'KAFKA_BROKER_CLUSTER_AUTHORIZATION_FAILED', 31],
    [UnsupportedForMessageFormatError, 'KAFKA_BROKER_UNSUPPORTED_FOR_MESSAGE_FORMAT', 43],
    [OutOfOrderSequenceError, 'KAFKA_BROKER_OUT_OF_ORDER_SEQUENCE_NUMBER', 45],
    [InvalidProducerEpochError, 'KAFKA_BROKER_INVALID_PRODUCER_EPOCH', 47],
    [InvalidTxnStateError, 'KAFKA_BROKER_INVALID_TXN_STATE', 48],
    [InvalidProducerIdMappingError, 'KAFKA_BROKER_INVALID_PRODUCER_ID_MAPPING', 49],
    [TransactionalIdAuthorizationError, 'KAFKA_BROKER_TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 53],
    [UnknownProducerIdError, 'KAFKA_BROKER_UNKNOWN_PRODUCER_ID', 59],
    [FencedInstanceIdError, 'KAFKA_BROKER_FENCED_INSTANCE_ID', 82],
    [ProducerFencedError, 'KAFKA_BROKER_PRODUCER_FENCED', 90],
    [TransactionAbortableError, 'KAFKA_BROKER_TRANSACTION_ABORTABLE', 120],
  ]
  for (const [errorClass, code, kafkaCode] of rows) {
    const { name } = errorClass
    it(`has ${name} for the code ${kafkaCode}, which is not retriable`, () => {
      const error = brokerError(kafkaCode, 'EndTxn')
      expect(error).to.be.instanceOf(errorClass)
      expect(error).to.include({ name, code, errorCode: kafkaCode, retriable: false })
      expect(error.message).to.match(/^EndTxn: [A-Z_]+ \(\d+\), [a-z]/)
    })
  }

  it('has a plain BrokerError for other codes, retriable where Kafka calls them so', () => {
    const error = brokerError(7, 'Produce', { topic: 't' })
    expect(error.constructor).to.equal(BrokerError)
    expect(error).to.include({ errorName: 'REQUEST_TIMED_OUT', retriable: true, topic: 't' })
  })

  it('names a code newer than this client', () => {
    expect(brokerError(999, 'EndTxn').message).to.equal(
      'EndTxn: UNKNOWN_999 (999), a code newer than this client',
    )
  })

  it('keeps what a caller did, what failed earlier and what was aborted apart', () => {
    const cause = new Error('why')
    const made = [
      new IllegalStateError('no'),
      new TransactionFailedError('no', { cause }),
      new TransactionAbortedError(),
      new CommitFailedError('no'),
    ]
    expect(made.map(({ code }) => code)).to.deep.equal([
      'KAFKA_ILLEGAL_STATE',
      'KAFKA_TRANSACTION_FAILED',
      'KAFKA_TRANSACTION_ABORTED',
      'KAFKA_COMMIT_FAILED',
    ])
    expect(made.every((error) => error instanceof KafkaError && !error.retriable)).to.equal(true)
    expect(made[1]!.cause).to.equal(cause)
  })
})
