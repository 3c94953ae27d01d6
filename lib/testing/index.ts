/** `kafka-classic-producer/testing`: a Kafka cluster inside your test process. */
export type { TestClusterEvents } from './cluster-events.js'
export type { TestClusterOptions } from './cluster-options.js'
export type { CoordinatorKind } from './coordinators.js'
export { type EraName, eraNames } from './eras.js'
export {
  type Alteration,
  type AnswerByApi,
  type ApiName,
  alterAnswer,
  close,
  cutAnswer,
  delayMs,
  errorCode,
  type Fault,
  type FaultOf,
  falseSignature,
  type Hold,
  hold,
  holdUntil,
  noAnswer,
  omitPartition,
  rawBytes,
  reset,
  throttle,
  type When,
  wrongCorrelationId,
} from './fault-kinds.js'
export { type FaultFilter, Faults } from './faults.js'
export type { CommittedOffset } from './group-offsets.js'
export type { VersionCaps } from './offered-apis.js'
export type { CodecName, StoredMarker, StoredMessage, StoredProducer } from './partition-log.js'
export type { ReceivedRequest } from './request-handler.js'
export type { LoggedIn, MechanismName, TokenValidator } from './sasl/server-exchange.js'
export type { TestBroker } from './test-broker.js'
export { TestCluster } from './test-cluster.js'
export type { TopicOptions } from './topics.js'
export type { EndedTransaction, TransactionEndCause } from './transactions.js'
