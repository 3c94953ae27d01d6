/**
 * Metadata v0. Behaviour: brokers that are up; the topics asked for, or all when none is named. A partition whose
 * leader is gone answers 5 with leader −1. An unknown topic answers 3, or, with automatic creation, is created and
 * answers 5 this once. A name that is not legal answers 17.
 */
import type { MetadataRequest, MetadataResponse } from '../../protocol/messages/index.js'
import type { ActingFault } from '../faults.js'
import type { Topic, Topics } from '../topics.js'

const NONE = 0
const UNKNOWN_TOPIC_OR_PARTITION = 3
const LEADER_NOT_AVAILABLE = 5
const INVALID_TOPIC_EXCEPTION = 17
const LEGAL_TOPIC = /^[a-zA-Z0-9._-]{1,255}$/

export interface MetadataContext {
  readonly topics: Topics
  /** Brokers that are up. */
  readonly brokers: readonly { readonly id: number; readonly host: string; readonly port: number }[]
  readonly autoCreateTopics: boolean
  readonly faults: readonly ActingFault[]
}

export function handleMetadata(request: MetadataRequest, context: MetadataContext): MetadataResponse {
  const names = request.topics.length > 0 ? request.topics : context.topics.names
  return {
    brokers: context.brokers.map(({ id, host, port }) => ({ nodeId: id, host, port })),
    topics: names.map((name) => topicAnswer(name, context)),
  }
}

type TopicAnswer = MetadataResponse['topics'][number]

function topicAnswer(name: string, context: MetadataContext): TopicAnswer {
  const failed = (errorCode: number): TopicAnswer => ({ errorCode, name, partitions: [] })
  for (const { fault, fits } of context.faults) {
    if (fault.kind === 'errorCode' && fits(name)) return failed(fault.code)
  }
  const topic = context.topics.find(name)
  if (topic) return { errorCode: NONE, name, partitions: partitionAnswers(topic, context) }
  if (!LEGAL_TOPIC.test(name)) return failed(INVALID_TOPIC_EXCEPTION)
  if (!context.autoCreateTopics) return failed(UNKNOWN_TOPIC_OR_PARTITION)
  context.topics.create(name)
  return failed(LEADER_NOT_AVAILABLE)
}

function partitionAnswers({ partitions }: Topic, { brokers }: MetadataContext): TopicAnswer['partitions'] {
  return partitions.map(({ id, leader }) => {
    const isUp = leader !== null && brokers.some((broker) => broker.id === leader)
    const replicas = isUp ? [leader] : []
    return {
      errorCode: isUp ? NONE : LEADER_NOT_AVAILABLE,
      index: id,
      leaderId: isUp ? leader : -1,
      replicas,
      isr: replicas,
    }
  })
}
