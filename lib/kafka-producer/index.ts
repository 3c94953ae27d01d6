/** `kafka-classic-producer/kafka-producer`: KafkaProducer and what goes with it, nothing of the classic producer. */
export type { BrokerAddress } from '../broker-address.js'
export { type ClientRelease, clientReleases } from '../config/client-defaults.js'
export type { KafkaProducerProperties } from '../config/kafka-producer-keys.js'
export { parseProperties } from '../config/properties.js'
export {
  AuthenticationError,
  BrokerError,
  ConfigError,
  ConnectionError,
  DecodeError,
  EncodeError,
  KafkaError,
  MetadataError,
  PartitionerError,
  type Persistence,
  ProducerClosedError,
  RequestTimeoutError,
  SslAuthenticationError,
  UnsupportedCodecError,
  UnsupportedVersionError,
} from '../errors.js'
export type { Logger } from '../logger.js'
export { type KafkaMetric, metricValue } from '../metrics/kafka-metric.js'
export type { Serialized } from '../protocol/serialized.js'
export type { Credentials, CredentialsProvider } from '../security/credentials.js'
export type { OAuthToken, OAuthTokenProvider } from '../security/oauth-token.js'
export type { TlsOptions } from '../security/security-values.js'
export {
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
} from './errors.js'
export type { ProducerInterceptor } from './interceptors.js'
export {
  KafkaProducer,
  type KafkaProducerCloseOptions,
  type KafkaProducerOptions,
  type PartitionInfo,
} from './kafka-producer.js'
export { KafkaProducerConfig, type KafkaProducerConfigOptions } from './kafka-producer-config.js'
export { ListSerializer } from './list-serializer.js'
export { murmur2 } from './murmur2.js'
export type { Partitioner, TopicView } from './partitioners/partitioner.js'
export { RoundRobinPartitioner } from './partitioners/round-robin-partitioner.js'
export type { PluginClasses } from './plugins.js'
export { ProducerRecord, type RecordLike } from './producer-record.js'
export {
  BufferExhaustedError,
  IllegalArgumentError,
  RecordFilteredError,
  RecordTooLargeError,
  SerializationError,
  TimeoutError,
} from './record-errors.js'
export type { Callback, RecordFuture } from './record-future.js'
export { type Header, type HeadersLike, type HeaderValue, RecordHeaders } from './record-headers.js'
export { RecordMetadata } from './record-metadata.js'
export { RejectedBatchError } from './record-rejections.js'
export type { RecordWritableOptions } from './record-writable.js'
export type { PluginConfig, Serializer } from './serializer.js'
export * from './serializers.js'
export type { ConsumerGroup, TransactionOffset } from './transaction-requests.js'
