/**
 * Metadata v0. Behaviour: brokers that are up; the topics asked for, each once, or all when none is named. A partition
 * whose leader is gone answers 5 with leader −1. An unknown topic answers 3, or, with automatic creation, is created and
 * answers 5 this once. With automatic creation an illegal name fails the whole answer with 17. Nothing is known of
 * brokers before there is a topic.
 */
import { filled, type Sparse } from '../../protocol/filled.js'
import { type MetadataRequest, type MetadataResponse, metadata } from '../../protocol/messages/index.js'
import type { Era } from '../eras.js'
import type { ActingFault } from '../faults.js'
import { isLegalTopicName, type Topic, type Topics } from '../topics.js'

const NONE = 0
const UNKNOWN_TOPIC_OR_PARTITION = 3
const LEADER_NOT_AVAILABLE = 5
const INVALID_TOPIC_EXCEPTION = 17

export interface MetadataContext {
  readonly topics: Topics
  /** Brokers that are up. */
  readonly brokers: readonly { readonly id: number; readonly host: string; readonly port: number }[]
  readonly autoCreateTopics: boolean
  readonly era: Era
  readonly faults: readonly ActingFault[]
}

export function handleMetadata(request: MetadataRequest, context: MetadataContext): MetadataResponse {
  const asked = request.topics?.flatMap(({ name }) => name ?? []) ?? []
  const names = asked.length > 0 ? [...new Set(asked)] : context.topics.names
  if (mustFailAll(names, context)) {
    return answer(
      [],
      names.map((name) => failed(name, INVALID_TOPIC_EXCEPTION)),
    )
  }
  // Before the topics: one that is created by this request is known to the next.
  const brokers = brokerAnswers(context)
  return answer(
    brokers,
    names.map((name) => topicAnswer(name, context)),
  )
}

function answer(brokers: BrokerAnswer[], topics: TopicAnswer[]): MetadataResponse {
  return filled(metadata.tables.response, { brokers, topics })
}

type BrokerAnswer = Sparse<MetadataResponse['brokers'][number]>
type TopicAnswer = Sparse<MetadataResponse['topics'][number]>
type PartitionAnswer = Sparse<MetadataResponse['topics'][number]['partitions'][number]>

function mustFailAll(names: readonly string[], { autoCreateTopics, era, topics }: MetadataContext): boolean {
  if (!autoCreateTopics || era.onIllegalTopic !== 'failAllTopics') return false
  return names.some((name) => !topics.find(name) && !isLegalTopicName(name))
}

function brokerAnswers({ topics, era, brokers }: MetadataContext): BrokerAnswer[] {
  if (era.listsBrokersOf === 'clustersWithTopics' && !topics.hadAny) return []
  return brokers.map(({ id, host, port }) => ({ nodeId: id, host, port }))
}

function failed(name: string, errorCode: number): TopicAnswer {
  return { errorCode, name, partitions: [] }
}

function topicAnswer(name: string, context: MetadataContext): TopicAnswer {
  for (const { fault, filter, fits } of context.faults) {
    if (fault.kind === 'errorCode' && filter.partition === undefined && fits(name))
      return failed(name, fault.code)
  }
  const topic = context.topics.find(name)
  if (topic) return { errorCode: NONE, name, partitions: partitionAnswers(topic, context) }
  if (!context.autoCreateTopics) return failed(name, UNKNOWN_TOPIC_OR_PARTITION)
  context.topics.create(name)
  return failed(name, LEADER_NOT_AVAILABLE)
}

function partitionAnswers({ name, partitions }: Topic, context: MetadataContext): PartitionAnswer[] {
  return partitions.map(({ id, leader }) => {
    const isUp = leader !== null && context.brokers.some((broker) => broker.id === leader)
    const errorCode = forcedError(name, id, context) ?? (isUp ? NONE : LEADER_NOT_AVAILABLE)
    const replicas = isUp ? [leader] : []
    return {
      errorCode,
      index: id,
      leaderId: isUp && errorCode !== LEADER_NOT_AVAILABLE ? leader : -1,
      replicas,
      isr: replicas,
    }
  })
}

function forcedError(topic: string, id: number, { faults }: MetadataContext): number | undefined {
  for (const { fault, fits } of faults) if (fault.kind === 'errorCode' && fits(topic, id)) return fault.code
  return undefined
}
