/** Builds what stands behind a KafkaProducer from its configuration, and connects the parts. Opens no connection. */
import type { BrokerAddress } from '../broker-address.js'
import { BrokerSessions } from '../cluster/broker-sessions.js'
import { ClusterMetadata } from '../cluster/cluster-metadata.js'
import { MetadataSource } from '../cluster/metadata-source.js'
import { AuthenticationError, ConfigError, KafkaError, printable, UnsupportedCodecError } from '../errors.js'
import type { Logger } from '../logger.js'
import { ApiVersionsCache } from '../network/api-versions-cache.js'
import { BrokerSession } from '../network/broker-session.js'
import { CanonicalNames } from '../network/canonical-names.js'
import { Connector } from '../network/connector.js'
import { protectionOf } from '../network/protection.js'
import { OutageLog } from '../outage-log.js'
import { type Compression, compressionNamed } from '../protocol/records/compression.js'
import type { SecuritySettings } from '../security/security-settings.js'
import { BatchCompletion } from './batch-completion.js'
import { BrokerIds } from './broker-ids.js'
import { BrokerNodes } from './broker-nodes.js'
import type { ProducerInterceptors } from './interceptors.js'
import type { KafkaProducerConfig } from './kafka-producer-config.js'
import { NodeAnswers } from './node-answers.js'
import { ProduceExchange } from './produce-exchange.js'
import { ProducerMetadata } from './producer-metadata.js'
import { KafkaProducerMetrics } from './producer-metrics.js'
import { RecordAccumulator } from './record-accumulator.js'
import { RecordOutcomes } from './record-outcomes.js'
import { retryBackoffMs } from './retry-backoff.js'
import { type Idempotence, Sender, type SenderListener } from './sender.js'
import { TransactionChannel } from './transaction-channel.js'
import { TransactionManager } from './transaction-manager.js'

export interface ProducerParts {
  readonly cluster: ClusterMetadata
  readonly metadata: ProducerMetadata
  readonly source: MetadataSource
  readonly nodes: BrokerNodes
  readonly accumulator: RecordAccumulator
  readonly outcomes: RecordOutcomes
  readonly metrics: KafkaProducerMetrics
  /** Ends with the producer. */
  readonly log: OutageLog
  readonly sender: Sender
  /** null where idempotence is off from the beginning. */
  readonly idempotence: Idempotence | null
}

export interface PartsListener
  extends Pick<SenderListener, 'onWaits' | 'hasWaits' | 'onAbort' | 'onRecordsFailed' | 'onRun'> {
  /** Metadata has changed, or nobody answered. */
  onMetadata(error: KafkaError | null): void
}

/** @throws {ConfigError} for a codec that is not available. */
export function compose(
  config: KafkaProducerConfig,
  interceptors: ProducerInterceptors | null,
  given: Logger,
  security: SecuritySettings,
  listener: PartsListener,
): ProducerParts {
  const { requestTimeoutMs, transactionalId, acks } = config
  const logger = new OutageLog(given, 'record')
  const random = Math.random
  const retryBackoff = { baseMs: config.retryBackoffMs, maxMs: config.retryBackoffMaxMs, random }
  const reconnectBackoff = {
    baseMs: config.reconnectBackoffMs,
    maxMs: config.reconnectBackoffMaxMs,
    random,
  }
  const metrics = new KafkaProducerMetrics({
    clientId: config.clientId,
    startTimeMs: Date.now(),
    windowMs: config.metricsSampleWindowMs,
    samples: config.metricsNumSamples,
  })
  const cluster = new ClusterMetadata()
  const brokerIds = new BrokerIds(cluster)
  const sessions = sessionsOf(config, logger, metrics, brokerIds, security, (address) => renew(address))
  const canonical =
    config.clientDnsLookup === 'resolve_canonical_bootstrap_servers_only'
      ? new CanonicalNames({ bootstrap: config.bootstrapServers, logger })
      : null
  const source = new MetadataSource({
    bootstrap: config.bootstrapServers,
    ...(canonical && { canonicalBootstrap: () => canonical.brokers() }),
    sessions,
    logger,
    listKey: 'bootstrap.servers',
    isComplete: true,
  })
  const metadata = new ProducerMetadata({
    cluster,
    source,
    retryBackoff,
    maxAgeMs: config.metadataMaxAgeMs,
    maxIdleMs: config.metadataMaxIdleMs,
    onUpdate: (error) => {
      if (error) logger.failed()
      brokerIds.forget()
      nodes.update()
      channel?.update(knownBrokers(cluster) ?? [])
      accumulator.updateCluster(performance.now())
      listener.onMetadata(error)
      sender.wake()
    },
  })
  const topics = (): readonly string[] | null => {
    for (const name of metadata.names) return [name]
    return null
  }
  const transactions = config.enableIdempotence
    ? new TransactionManager({
        transactionalId,
        transactionTimeoutMs: config.transactionTimeoutMs,
        retryBackoffMs: config.retryBackoffMs,
      })
    : null
  const compression = compressionOf(config)
  const accumulator = new RecordAccumulator({
    batchBytes: config.batchSize,
    lingerMs: config.lingerMs,
    deliveryTimeoutMs: config.deliveryTimeoutMs,
    bufferBytes: config.bufferMemory,
    maxRequestBytes: config.maxRequestSize,
    isCompressed: compression !== null,
    retryBackoff,
    isMutedInFlight: !config.enableIdempotence || config.maxInFlightRequestsPerConnection === 1,
    isAdaptive: config.partitionerAdaptivePartitioningEnable && config.partitionerClass === null,
    availabilityTimeoutMs: config.partitionerAvailabilityTimeoutMs,
    cluster,
    random,
    ...(transactions?.isTransactional && {
      onBatch: (topic: string, partition: number) => transactions.addPartition(topic, partition),
    }),
    onMemoryWait: (waitedMs) => metrics.timeSpent('bufferWaitMs', waitedMs),
  })
  const nodes = new BrokerNodes({
    sessions,
    maxInFlight: config.maxInFlightRequestsPerConnection,
    reconnectBackoff,
    addressOf: (id) => cluster.addressOf(id),
    topics,
    onConnected: (broker, made, brokerId) => {
      if (made instanceof KafkaError) {
        logger.failed()
        logger.warn(`connecting to ${broker} failed: ${made.message}`)
        metadata.requestUpdate()
        // Waiting does not help: who reads the error has to act.
        if (made instanceof AuthenticationError) sender.failNode(brokerId, made, performance.now())
      } else channel?.learnFrom(made)
      sender.wake()
    },
  })
  const outcomes = new RecordOutcomes(interceptors, logger)
  const isIdempotent = (): boolean => idempotence !== null && !hasGivenUp
  const completion = new BatchCompletion({
    accumulator,
    outcomes,
    retries: config.retries,
    deliveryTimeoutMs: config.deliveryTimeoutMs,
    acks,
    codec: compression?.name ?? null,
    // What is numbered and in flight ends by its numbers, though idempotence was given up meanwhile.
    sequences: () => transactions?.sequences ?? null,
    listener: {
      onSent: ({ count }) => logger.delivered(count),
      onRetry: ({ topic, count }) => {
        logger.failed()
        metrics.batchRetried(topic, count)
      },
      onFailed: (topic, records) => {
        logger.lost(records)
        metrics.recordsFailed(topic, records)
      },
      onSplit: ({ topic, partition }) => {
        metrics.batchSplit()
        logger.warn(`a batch for ${topic}/${partition} is too large for its broker, and is divided`)
      },
      onOutdated: () => metadata.requestUpdate(),
      onNoNumbers: ({ topic }) =>
        giveUpIdempotence(
          `topic ${printable(topic)} is stored in a format before Kafka 0.11 (message.format.version), which has no place for sequence numbers`,
        ),
      onRecordFailed: (error) => {
        if (isIdempotent()) transactions!.recordFailed(error)
      },
    },
  })
  const answers = new NodeAnswers({ accumulator, cluster, metadata, nodes, completion, metrics, logger })
  const exchange = new ProduceExchange({
    acks,
    requestTimeoutMs,
    transactionalId,
    compression,
    topicIdOf: (topic) => cluster.topicIdOf(topic),
    newestVersion: () => (isIdempotent() ? transactions!.newestProduceVersion : Number.POSITIVE_INFINITY),
    listener: {
      onWriting: (batches) => {
        if (compression) for (const batch of batches) accumulator.observeCompression(batch)
        metrics.batchesSent(batches)
      },
      onRecordsRefused: (futures, error) => listener.onRecordsFailed(futures, error),
      onRefused: (batch, error) => completion.failed(batch, error, -1, false),
      onAnswer: (batches, response, sent) => answers.answered(batches, response, sent),
      onNoAnswer: (batches, error, sent) => answers.unanswered(batches, error, sent),
      onEnd: (batches, node) => {
        answers.ended(batches, node)
        sender.wake()
      },
    },
  })
  let hasGivenUp = false
  /** @returns whether it was not asked for, and is off now. */
  const giveUpIdempotence = (why: string): boolean => {
    if (config.isIdempotenceExplicit || transactionalId !== null) return false
    if (hasGivenUp) return true
    hasGivenUp = true
    logger.warn(
      `enable.idempotence is off: ${why}. A retry may store a record twice; set it to true to make this an error`,
    )
    sender.giveUpIdempotence()
    return true
  }
  const channel =
    transactions &&
    new TransactionChannel({
      transactions,
      sessions,
      requestTimeoutMs,
      reconnectBackoff,
      candidates: () => knownBrokers(cluster) ?? canonical?.brokers() ?? config.bootstrapServers,
      topics,
      onNoProducerIds: (error) => giveUpIdempotence(error.message),
      onRefused: (error) => sender.abortUndrained(error),
      onChange: () => sender.wake(),
    })
  const renew = (address: BrokerAddress): void => {
    sessions.renew(address)
    source.renew(address)
    nodes.renew(address)
    channel?.renew(address)
  }
  const idempotence = transactions && channel ? { transactions, channel } : null
  const sender = new Sender(
    {
      accumulator,
      metadata,
      nodes,
      exchange,
      completion,
      outcomes,
      maxRequestBytes: config.maxRequestSize,
      listener: {
        ...listener,
        onNoNumbers: (broker) =>
          void giveUpIdempotence(`${broker} is older than Kafka 0.11 and has no place for sequence numbers`),
      },
    },
    idempotence,
  )
  return {
    cluster,
    metadata,
    source,
    nodes,
    accumulator,
    outcomes,
    metrics,
    log: logger,
    sender,
    idempotence,
  }
}

/** null before the first metadata. */
function knownBrokers(cluster: ClusterMetadata): readonly BrokerAddress[] | null {
  const known = cluster.brokerIds.map((id) => cluster.addressOf(id)!)
  return known.length > 0 ? known : null
}

function sessionsOf(
  config: KafkaProducerConfig,
  logger: Logger,
  metrics: KafkaProducerMetrics,
  brokerIds: BrokerIds,
  security: SecuritySettings,
  onOutdated: (address: BrokerAddress) => void,
): BrokerSessions {
  const connector = new Connector({
    ...protectionOf(security, config.requestTimeoutMs),
    clientId: config.clientId,
    logger,
    connectTimeoutMs: (failures) =>
      retryBackoffMs(failures, {
        baseMs: config.socketConnectionSetupTimeoutMs,
        maxMs: config.socketConnectionSetupTimeoutMaxMs,
        random: Math.random,
      }),
    sendBufferBytes: config.sendBufferBytes,
    maxFrameBytes: MAX_RESPONSE_BYTES,
    maxIdleMs: config.connectionsMaxIdleMs,
    onWritten: (broker, bytes) => metrics.requestWritten(brokerIds.of(broker), bytes),
    onRead: (broker, bytes) => metrics.responseRead(brokerIds.of(broker), bytes),
  })
  const apiVersionsCache = new ApiVersionsCache(null)
  const sessions: BrokerSessions = new BrokerSessions({
    create: (address, onClosed) =>
      new BrokerSession(address, {
        connector,
        requestTimeoutMs: config.requestTimeoutMs,
        apiVersionsCache,
        onOutdated,
        onClosed,
        listener: { onConnect: () => metrics.connected(), onDisconnect: () => metrics.disconnected() },
      }),
  })
  return sessions
}

/** Answers with many partitions and metadata of large clusters are far below this. */
const MAX_RESPONSE_BYTES = 100 * 1024 * 1024

function compressionOf(config: KafkaProducerConfig): Compression | null {
  try {
    return compressionNamed(config.compressionType, config.compressionLevel)
  } catch (error) {
    if (!(error instanceof UnsupportedCodecError)) throw error
    throw new ConfigError(error.message, 'compression.type', { cause: error })
  }
}
