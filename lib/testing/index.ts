/** `kafka-classic-producer/testing`: a Kafka cluster inside your test process. */
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
  type FaultFilter,
  type FaultOf,
  Faults,
  type Hold,
  hold,
  holdUntil,
  noAnswer,
  omitPartition,
  rawBytes,
  reset,
  throttle,
  wrongCorrelationId,
} from './faults.js'
export type { VersionCaps } from './offered-apis.js'
export type { CodecName, StoredMessage } from './partition-log.js'
export type { ReceivedRequest } from './request-handler.js'
export type { TestBroker } from './test-broker.js'
export { TestCluster, type TestClusterEvents, type TestClusterOptions } from './test-cluster.js'
export type { TopicOptions } from './topics.js'
