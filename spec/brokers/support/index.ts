/** What specs against real brokers use; see README.md. */
export { type ClusterOptions, KafkaCluster, type TopicOptions } from './cluster.js'
export { electPreferredLeaders } from './elect-leaders.js'
export { eventually } from './eventually.js'
export { isFree } from './free-port.js'
export { isAtLeast, KAFKA_VERSIONS, type KafkaVersion, kafkaVersion } from './kafka-version.js'
export { isRunning } from './process-state.js'
export { ReplaceableCluster } from './replaceable-cluster.js'
export type { ConsumedRecord, StoredRecord, StoredRecordInFull } from './stored-record.js'
