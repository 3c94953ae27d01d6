/**
 * What the answer of one broker, or its absence, means for the batches of a request, one after the other: new leaders first,
 * then each batch. {@link BatchCompletion} decides about the batches.
 */
import type { ClusterMetadata } from '../cluster/cluster-metadata.js'
import { DecodeError, type KafkaError, printable } from '../errors.js'
import type { Logger } from '../logger.js'
import { matchResponse } from '../produce/match-response.js'
import { type ProduceResponse, produce } from '../protocol/messages/index.js'
import type { BatchCompletion } from './batch-completion.js'
import type { BrokerNode, BrokerNodes } from './broker-nodes.js'
import type { SentRequest } from './produce-exchange.js'
import type { ProducerBatch } from './producer-batch.js'
import type { ProducerMetadata } from './producer-metadata.js'
import type { KafkaProducerMetrics } from './producer-metrics.js'
import type { RecordAccumulator } from './record-accumulator.js'

export interface NodeAnswersOptions {
  readonly accumulator: RecordAccumulator
  readonly cluster: ClusterMetadata
  readonly metadata: ProducerMetadata
  readonly nodes: BrokerNodes
  readonly completion: BatchCompletion
  readonly metrics: KafkaProducerMetrics
  readonly logger: Logger
}

const NO_LEADER = -1

export class NodeAnswers {
  readonly #options: NodeAnswersOptions

  constructor(options: NodeAnswersOptions) {
    this.#options = options
  }

  /** @param response - null with acks 0. */
  answered(batches: readonly ProducerBatch[], response: ProduceResponse | null, sent: SentRequest): void {
    const { completion, metrics, accumulator } = this.#options
    const nowMs = performance.now()
    metrics.requestCompleted(sent.node.id, nowMs - sent.startMs)
    if (response === null) {
      for (const batch of batches) completion.answered(batch, null, sent.broker, nowMs)
      return
    }
    metrics.throttled(response.throttleTimeMs)
    if (response.throttleTimeMs > 0 && sent.version >= produce.throttledByClientFrom) {
      const untilMs = nowMs + response.throttleTimeMs
      sent.node.throttledUntilMs = Math.max(sent.node.throttledUntilMs, untilMs)
    }
    const { answers } = matchResponse(batches, response)
    if (this.#takeLeaders(response)) accumulator.updateCluster(nowMs)
    for (const batch of batches) {
      const answer = answers.get(batch.topic, batch.partition)
      if (answer) completion.answered(batch, answer, sent.broker, nowMs)
      else completion.unanswered(batch, leftOut(batch, sent.broker), nowMs)
    }
  }

  unanswered(batches: readonly ProducerBatch[], error: KafkaError, { node, broker }: SentRequest): void {
    const { completion, nodes, logger } = this.#options
    const nowMs = performance.now()
    logger.warn(`a produce request to ${broker} failed: ${error.message}`)
    // What contradicts itself cannot be trusted any more.
    if (error instanceof DecodeError) node.session.disconnect(error)
    if (!node.session.isConnected) nodes.disconnected(node, nowMs)
    for (const batch of batches) completion.unanswered(batch, error, nowMs)
  }

  /** The request has ended: its partitions may have another batch in flight. */
  ended(batches: readonly ProducerBatch[], node: BrokerNode): void {
    const { accumulator, nodes } = this.#options
    const nowMs = performance.now()
    for (const { topic, partition } of batches) accumulator.unmute(topic, partition, nowMs)
    nodes.ended(node)
  }

  /** @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-951 */
  #takeLeaders({ topics, nodeEndpoints }: ProduceResponse): boolean {
    const { cluster, metadata } = this.#options
    let isChanged = false
    for (const { name, partitions } of topics) {
      for (const { index, currentLeader } of partitions) {
        const { leaderId, leaderEpoch } = currentLeader
        if (leaderId === NO_LEADER) continue
        const address = nodeEndpoints.find(({ nodeId }) => nodeId === leaderId) ?? null
        if (cluster.takeLeader(name, index, leaderId, leaderEpoch, address)) isChanged = true
      }
    }
    if (isChanged) metadata.refreshViews()
    return isChanged
  }
}

function leftOut({ topic, partition }: ProducerBatch, broker: string): DecodeError {
  const text = `${broker} left ${printable(topic)}/${partition} out of its produce answer`
  return new DecodeError(text, { broker, topic, partition, persistence: 'possibly-persisted' })
}
