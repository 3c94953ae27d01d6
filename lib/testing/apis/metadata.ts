/**
 * Metadata v0 to v13. Behaviour: brokers that are up; the topics asked for, each once, or all: where none is named in
 * v0, where the list is null later. A partition without a leader answers 5 with leader −1. An unknown topic answers
 * 3, or, with automatic creation, is created and answers the era's "not yet" this once. From v12 topics may be asked for
 * by id; an unknown id answers 100. Illegal names are the era's affair.
 */

import {
  hasTopicId,
  type MetadataRequest,
  type MetadataResponse,
  metadata,
  NO_TOPIC_ID,
} from '../../protocol/messages/index.js'
import { type WithoutDefaults, withDefaults } from '../../protocol/with-defaults.js'
import { isLegalTopicName, type Partition, type Topic, type Topics } from '../topics.js'
import type { ApiHandler, Call, LiveBroker } from './api-handler.js'

const NONE = 0
const UNKNOWN_TOPIC_OR_PARTITION = 3
const LEADER_NOT_AVAILABLE = 5
const INVALID_TOPIC_EXCEPTION = 17
const UNKNOWN_TOPIC_ID = 100

const INTERNAL_TOPIC = '__consumer_offsets'

export const metadataHandler: ApiHandler<'Metadata', MetadataRequest> = {
  name: 'Metadata',
  api: metadata,
  about: ({ topics }, _, known) => ({
    topics: (topics ?? []).map(({ name, topicId }) => ({
      name: name ?? known.withId(topicId)?.name ?? '',
      partitions: [],
    })),
  }),
  answer: (request, call) => handleMetadata(request, { ...call, brokers: call.liveBrokers() }),
}

type MetadataContext = Pick<
  Call,
  'topics' | 'clusterId' | 'autoCreateTopics' | 'era' | 'faults' | 'version'
> & { readonly brokers: readonly LiveBroker[] }

function handleMetadata(request: MetadataRequest, context: MetadataContext): MetadataResponse {
  const asking = { ...context, autoCreateTopics: context.autoCreateTopics && request.allowAutoTopicCreation }
  const asked = askedFor(request, context.version, context.topics)
  const names = ordered([...new Set(asked.flatMap(({ name }) => name ?? []))], context)
  if (mustFailAll(names, asking)) {
    return answer(
      [],
      names.map((name) => failed(name, INVALID_TOPIC_EXCEPTION)),
      asking,
    )
  }
  // Before the topics: one that is created by this request is known to the next.
  const brokers = brokerAnswers(context)
  const byId = asked.filter(({ name }) => name === null).map(({ topicId }) => answerById(topicId, asking))
  return answer(brokers, [...names.map((name) => topicAnswer(name, asking)), ...byId], asking)
}

type Asked = NonNullable<MetadataRequest['topics']>

function askedFor({ topics }: MetadataRequest, version: number, known: Topics): Asked {
  const isForAll = version === 0 ? topics?.length === 0 : topics === null
  return isForAll ? known.names.map((name) => ({ name, topicId: NO_TOPIC_ID })) : (topics ?? [])
}

function ordered(names: readonly string[], { era, topics }: MetadataContext): readonly string[] {
  if (era.answersExistingTopics === 'inOrder') return names
  const exists = (name: string): boolean => topics.find(name) !== undefined
  return [...names.filter(exists), ...names.filter((name) => !exists(name))]
}

function answer(
  brokers: BrokerAnswer[],
  topics: TopicAnswer[],
  { clusterId, brokers: [first] }: MetadataContext,
): MetadataResponse {
  return withDefaults(metadata.tables.response, { clusterId, controllerId: first?.id ?? -1, brokers, topics })
}

type BrokerAnswer = WithoutDefaults<MetadataResponse['brokers'][number]>
type TopicAnswer = WithoutDefaults<MetadataResponse['topics'][number]>
type PartitionAnswer = WithoutDefaults<MetadataResponse['topics'][number]['partitions'][number]>

function mustFailAll(names: readonly string[], { autoCreateTopics, era, topics }: MetadataContext): boolean {
  if (!autoCreateTopics || era.onIllegalTopic !== 'failAllTopics') return false
  return names.some((name) => !topics.find(name) && !isLegalTopicName(name))
}

function brokerAnswers({ topics, era, brokers }: MetadataContext): BrokerAnswer[] {
  if (era.listsBrokersOf === 'clustersWithTopics' && !topics.hadAny) return []
  return brokers.map(({ id, host, port, rack }) => ({ nodeId: id, host, port, rack }))
}

function failed(name: string | null, errorCode: number): TopicAnswer {
  return { errorCode, name, partitions: [] }
}

function topicAnswer(name: string, context: MetadataContext): TopicAnswer {
  for (const { fault, filter, fits } of context.faults) {
    if (fault.kind === 'errorCode' && filter.partition === undefined && fits(name))
      return failed(name, fault.code)
  }
  const topic = context.topics.find(name)
  return topic ? described(topic, context) : unknown(name, context)
}

function answerById(topicId: Uint8Array, context: MetadataContext): TopicAnswer {
  const topic = hasTopicId(topicId) ? context.topics.withId(topicId) : undefined
  return topic ? topicAnswer(topic.name, context) : { ...failed(null, UNKNOWN_TOPIC_ID), topicId }
}

function described(topic: Topic, context: MetadataContext): TopicAnswer {
  const { name, id } = topic
  return {
    errorCode: NONE,
    name,
    topicId: id,
    isInternal: name === INTERNAL_TOPIC,
    partitions: topic.partitions.map((partition) => partitionAnswer(name, partition, context)),
  }
}

function unknown(name: string, { autoCreateTopics, era, topics }: MetadataContext): TopicAnswer {
  const isLegal = isLegalTopicName(name)
  if (!isLegal && (autoCreateTopics || era.isIllegalTopicNamed)) return failed(name, INVALID_TOPIC_EXCEPTION)
  if (!autoCreateTopics) return failed(name, UNKNOWN_TOPIC_OR_PARTITION)
  topics.create(name)
  const isNamed = era.onCreated === 'LEADER_NOT_AVAILABLE'
  return failed(name, isNamed ? LEADER_NOT_AVAILABLE : UNKNOWN_TOPIC_OR_PARTITION)
}

function partitionAnswer(
  topic: string,
  { id, leader, leaderEpoch }: Partition,
  context: MetadataContext,
): PartitionAnswer {
  const isUp = leader !== null && context.brokers.some((broker) => broker.id === leader)
  const errorCode = forcedError(topic, id, context) ?? (isUp ? NONE : LEADER_NOT_AVAILABLE)
  const replicas = isUp ? [leader] : []
  return {
    errorCode,
    index: id,
    leaderId: isUp && errorCode !== LEADER_NOT_AVAILABLE ? leader : -1,
    leaderEpoch,
    replicas,
    isr: replicas,
  }
}

function forcedError(topic: string, id: number, { faults }: MetadataContext): number | undefined {
  for (const { fault, fits } of faults) if (fault.kind === 'errorCode' && fits(topic, id)) return fault.code
  return undefined
}
