/** Builds what stands behind a Producer from its configuration: connections, metadata, handler. */

import type { BrokerAddress } from '../broker-address.js'
import { BrokerSessions } from '../cluster/broker-sessions.js'
import { MetadataSource } from '../cluster/metadata-source.js'
import type { ProducerConfig } from '../config/producer-config.js'
import { ConfigError, type KafkaError, UnsupportedCodecError } from '../errors.js'
import type { EventLoopYield } from '../event-loop.js'
import { BrokerPartitionInfo } from '../handler/broker-partition-info.js'
import { DefaultEventHandler, type DefaultEventHandlerOptions } from '../handler/default-event-handler.js'
import type { Logger } from '../logger.js'
import { ApiVersionsCache, type VersionSeen } from '../network/api-versions-cache.js'
import { BrokerSession, type BrokerSessionListener } from '../network/broker-session.js'
import { BrokerVersions } from '../network/broker-versions.js'
import { Connector } from '../network/connector.js'
import { protectionOf } from '../network/protection.js'
import { ProducerPool } from '../pool/producer-pool.js'
import { SyncProducer, type SyncProducerListener } from '../pool/sync-producer.js'
import { type Compression, compressionNamed } from '../protocol/records/compression.js'
import type { SecuritySettings } from '../security/security-settings.js'
import { type Classes, encodersOf, partitionerOf } from './classes.js'
import type { RefreshEvent } from './events.js'

export interface ComponentsListener {
  readonly connections: BrokerSessionListener
  readonly requests: Required<Pick<SyncProducerListener, 'onUnconfirmed' | 'onProduced'>>
  readonly outcomes: DefaultEventHandlerOptions['listener']
  onRefresh(event: RefreshEvent): void
  /** The release of a broker is first seen, or has changed. */
  onVersion(event: VersionSeen): void
  onThrottle(broker: string, throttleTimeMs: number): void
}

export interface Components {
  readonly handler: DefaultEventHandler
  readonly pool: ProducerPool
  /** Ends the asking for metadata; what waits for it fails with this reason. */
  closeMetadata(reason: KafkaError): void
}

/** @throws {ConfigError} for a class or codec that is not available. Opens no connection. */
export function compose(
  config: ProducerConfig,
  classes: Classes,
  logger: Logger,
  listener: ComponentsListener,
  eventLoop: EventLoopYield,
  security: SecuritySettings = { protocol: 'PLAINTEXT' },
): Components {
  const partitioner = partitionerOf(config, classes)
  const encoders = encodersOf(config, classes)
  const compression = compressionOf(config)
  const { brokerVersion } = config
  const pinned = brokerVersion === 'auto' ? null : BrokerVersions.pinned(brokerVersion)
  const apiVersionsCache = new ApiVersionsCache(pinned, (seen) => listener.onVersion(seen))
  const requestListener: SyncProducerListener = {
    ...listener.requests,
    onMetadata: (topics, response) => brokerPartitionInfo.learn(topics, response),
    onUnconfirmed: (broker, unconfirmed, reason) => {
      handler.unconfirmed(unconfirmed)
      listener.requests.onUnconfirmed(broker, unconfirmed, reason)
    },
  }
  const connector = connectorOf(config, logger, listener, security)
  const { requestTimeoutMs } = config
  const sessions = new BrokerSessions({
    create: (address, onClosed) =>
      new BrokerSession(address, {
        connector,
        requestTimeoutMs,
        listener: listener.connections,
        apiVersionsCache,
        onOutdated: renew,
        onClosed,
      }),
  })
  const pool = new ProducerPool({
    create: (address) =>
      new SyncProducer(sessions.hold(address), { requestTimeoutMs, listener: requestListener }),
    maxInFlight: config.maxInFlightRequestsPerConnection,
  })
  const source = new MetadataSource({
    bootstrap: config.metadataBrokerList,
    sessions,
    logger,
  })
  const renew = (address: BrokerAddress): void => {
    sessions.renew(address)
    source.renew(address)
    pool.renew(address)
  }
  const brokerPartitionInfo = new BrokerPartitionInfo({
    source,
    logger,
    onLeaders: (leaders, topicByLeader) => pool.update(leaders, topicByLeader),
    onRefresh: (topics: readonly string[], error: KafkaError | null) => listener.onRefresh({ topics, error }),
  })
  const handler = new DefaultEventHandler({
    pool,
    brokerPartitionInfo,
    partitioner,
    encoders,
    compression,
    compressedTopics: config.compressedTopics,
    headersOnOldBrokers: config.headersOnOldBrokers,
    topicIdOf: (topic) => brokerPartitionInfo.topicIdOf(topic),
    logger,
    listener: listener.outcomes,
    acks: config.requestRequiredAcks,
    requestTimeoutMs,
    maxRetries: config.messageSendMaxRetries,
    retryBackoffMs: config.retryBackoffMs,
    refreshIntervalMs: config.topicMetadataRefreshIntervalMs,
    maxInFlight: config.maxInFlightRequestsPerConnection,
    enableIdempotence: config.enableIdempotence,
    eventLoop,
  })
  const closeMetadata = (reason: KafkaError): void => {
    source.close(reason)
    brokerPartitionInfo.close()
  }
  return { handler, pool, closeMetadata }
}

function connectorOf(
  config: ProducerConfig,
  logger: Logger,
  listener: ComponentsListener,
  security: SecuritySettings,
): Connector {
  return new Connector({
    ...protectionOf(security, config.requestTimeoutMs),
    clientId: config.clientId,
    logger,
    connectTimeoutMs: () => config.requestTimeoutMs,
    sendBufferBytes: config.sendBufferBytes,
    maxFrameBytes: config.receiveMessageMaxBytes,
    maxIdleMs: config.connectionsMaxIdleMs,
    onThrottle: (broker, throttleTimeMs) => listener.onThrottle(broker, throttleTimeMs),
  })
}

function compressionOf(config: ProducerConfig): Compression | null {
  try {
    return compressionNamed(config.compressionCodec)
  } catch (error) {
    if (!(error instanceof UnsupportedCodecError)) throw error
    throw new ConfigError(error.message, 'compression.codec', { cause: error })
  }
}
