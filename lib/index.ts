/** The public names of the package, nothing else. */
export type { BrokerAddress } from './broker-address.js'
export type { PartitionAndLeader } from './cluster/topic-partitions.js'
export type { KafkaProducerProperties } from './config/kafka-producer-keys.js'
export {
  type CompressionCodec,
  ProducerConfig,
  type ProducerConfigOptions,
} from './config/producer-config.js'
export type { ProducerProperties } from './config/producer-keys.js'
export { parseProperties } from './config/properties.js'
export {
  AuthenticationError,
  BrokerError,
  ConfigError,
  ConnectionError,
  DecodeError,
  DeliveryTimeoutError,
  EncodeError,
  KafkaError,
  MetadataError,
  PartitionerError,
  type Persistence,
  ProducerClosedError,
  RequestTimeoutError,
  SslAuthenticationError,
  UnconfirmedError,
  UnknownPartitionError,
  UnsupportedCodecError,
  UnsupportedVersionError,
} from './errors.js'
export {
  DeliveryError,
  type FailedAttempt,
  FailedToSendMessageError,
  type MessageFailure,
  type PartlyAccepted,
  QueueFullError,
  SendAbortedError,
} from './failure.js'
export { BrokerPartitionInfo, type BrokerPartitionInfoOptions } from './handler/broker-partition-info.js'
export type { RetryEvent } from './handler/cycle-listener.js'
export {
  DefaultEventHandler,
  type DefaultEventHandlerOptions,
} from './handler/default-event-handler.js'
export { DefaultEncoder } from './handler/encoders/default-encoder.js'
export type { Encoder } from './handler/encoders/encoder.js'
export { NullEncoder } from './handler/encoders/null-encoder.js'
export { IntegerEncoder, LongEncoder } from './handler/encoders/number-encoders.js'
export { StringEncoder } from './handler/encoders/string-encoder.js'
export type { EventHandler } from './handler/event-handler.js'
export { ByteArrayPartitioner } from './handler/partitioners/byte-array-partitioner.js'
export { DefaultPartitioner } from './handler/partitioners/default-partitioner.js'
export type { Partitioner, PartitionerCompatibility } from './handler/partitioners/partitioner.js'
export type { Delivery } from './handler/pending-message.js'
export {
  BufferExhaustedError,
  type Callback,
  ClusterAuthorizationError,
  CommitFailedError,
  type ConsumerGroup,
  FencedInstanceIdError,
  GroupAuthorizationError,
  IllegalArgumentError,
  IllegalStateError,
  InvalidProducerEpochError,
  InvalidProducerIdMappingError,
  InvalidTxnStateError,
  type KafkaMetric,
  KafkaProducer,
  type KafkaProducerCloseOptions,
  KafkaProducerConfig,
  type KafkaProducerConfigOptions,
  type KafkaProducerOptions,
  metricValue,
  OutOfOrderSequenceError,
  type PartitionInfo,
  ProducerFencedError,
  type ProducerInterceptor,
  ProducerRecord,
  RecordFilteredError,
  type RecordFuture,
  RecordHeaders,
  type RecordLike,
  RecordMetadata,
  RecordTooLargeError,
  RejectedBatchError,
  SerializationError,
  type Serializer,
  TimeoutError,
  TopicAuthorizationError,
  TransactionAbortableError,
  TransactionAbortedError,
  TransactionalIdAuthorizationError,
  TransactionFailedError,
  type TransactionOffset,
  UnknownProducerIdError,
  UnsupportedForMessageFormatError,
} from './kafka-producer/index.js'
export { type HeadersLike, type HeaderValue, KeyedMessage, type MessageLike } from './keyed-message.js'
export type { Logger } from './logger.js'
export type {
  CounterSeries,
  GaugeSeries,
  HistogramSeries,
  LatencySeries,
  MeterSeries,
  MetricsSnapshot,
  Tags,
  TimerSeries,
} from './metrics/snapshot.js'
export type { VersionSeen } from './network/api-versions-cache.js'
export {
  BrokerSession,
  type BrokerSessionListener,
  type BrokerSessionOptions,
} from './network/broker-session.js'
export { Connector, type ConnectorOptions } from './network/connector.js'
export { ProducerPool, type ProducerPoolOptions } from './pool/producer-pool.js'
export {
  type ProduceOptions,
  SyncProducer,
  type SyncProducerListener,
  type SyncProducerOptions,
} from './pool/sync-producer.js'
export type { Classes } from './producer/classes.js'
export type {
  ConnectionEvent,
  DeliveredEvent,
  DroppedEvent,
  FailedEvent,
  ProducerEvents,
  RefreshEvent,
  ThrottleEvent,
  UnconfirmedEvent,
} from './producer/events.js'
export {
  type CloseOptions,
  Producer,
  type ProducerOptions,
  type Sendable,
  type SendOptions,
} from './producer/producer.js'
export type { Serialized } from './protocol/writer.js'
export type { Credentials, CredentialsProvider } from './security/credentials.js'
export type { OAuthToken, OAuthTokenProvider } from './security/oauth-token.js'
export type { TlsOptions } from './security/security-values.js'
