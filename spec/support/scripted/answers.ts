/**
 * What a scripted broker answers: the cluster's state, then the rules' lies, then bytes of version 0.
 * No sockets and no clocks.
 */
import { wire } from '../wire.js'
import type { ClusterState, MetadataTopic } from './cluster-state.js'
import type { ProduceRequest } from './requests.js'
import { names, namesTopic } from './rule-book.js'
import type { Rule } from './script.js'

export interface ProduceAnswer {
  topics: { topic: string; partitions: { partition: number; error: number; offset: number }[] }[]
}

export interface MetadataAnswer {
  brokers: { id: number; host: string; port: number }[]
  topics: MetadataTopic[]
}

/** Stores what has no error and returns the result of each partition. */
export function answerProduce(
  request: ProduceRequest,
  broker: number,
  state: ClusterState,
  rules: readonly Rule[],
): ProduceAnswer {
  const answer: ProduceAnswer = {
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, messages }) => {
        const error = scriptedError(rules, topic, partition) ?? state.produceError(topic, partition, broker)
        const count = messages.reduce((sum, message) => sum + (message.inner?.length ?? 1), 0)
        return { partition, error, offset: error === 0 ? state.append(topic, partition, count) : -1 }
      }),
    })),
  }
  for (const rule of rules) distort(answer, rule)
  return answer
}

function scriptedError(rules: readonly Rule[], topic: string, partition: number): number | undefined {
  for (const rule of rules) {
    if (rule.error !== undefined && names(rule, topic, partition)) return rule.error
    const byPartition = rule.partitionErrors?.[String(partition)]
    if (byPartition !== undefined && namesTopic(rule, topic)) return byPartition
  }
  return undefined
}

function distort(answer: ProduceAnswer, rule: Rule): void {
  for (const entry of answer.topics) {
    if (!namesTopic(rule, entry.topic)) continue
    if (rule.dropPartition !== undefined) {
      entry.partitions = entry.partitions.filter(({ partition }) => partition !== rule.dropPartition)
    }
    if (rule.extraPartition !== undefined) {
      const error = rule.extraError ?? 0
      entry.partitions.push({ partition: rule.extraPartition, error, offset: error === 0 ? 0 : -1 })
    }
    if (rule.renameTopic !== undefined) entry.topic = rule.renameTopic
  }
}

/** Describes the topics asked for (none asked: all of them). */
export function answerMetadata(
  topics: readonly string[],
  brokers: MetadataAnswer['brokers'],
  state: ClusterState,
  rules: readonly Rule[],
): MetadataAnswer {
  const asked = topics.length === 0 ? state.topicNames() : topics
  return {
    brokers: brokers.filter(({ id }) => state.isListed(id)),
    topics: asked.map((topic) => spoilTopic(state.describe(topic), rules)),
  }
}

function spoilTopic(described: MetadataTopic, rules: readonly Rule[]): MetadataTopic {
  const topic = structuredClone(described)
  for (const rule of rules) {
    if (!namesTopic(rule, topic.topic)) continue
    const error = rule.topicError ?? rule.error
    if (error !== undefined) return { error, topic: topic.topic, partitions: [] }
    for (const partition of topic.partitions) {
      partition.error = rule.partitionErrors?.[String(partition.partition)] ?? partition.error
    }
  }
  return topic
}

/** A produce answer as a frame. */
export function encodeProduceAnswer(correlationId: number, answer: ProduceAnswer): Buffer {
  return wire()
    .int32(correlationId)
    .array(answer.topics, (to, { topic, partitions }) =>
      to
        .string(topic)
        .array(partitions, (entry, { partition, error, offset }) =>
          entry.int32(partition).int16(error).int64(offset),
        ),
    )
    .framed()
}

/** A metadata answer as a frame. */
export function encodeMetadataAnswer(correlationId: number, answer: MetadataAnswer): Buffer {
  return wire()
    .int32(correlationId)
    .array(answer.brokers, (to, { id, host, port }) => to.int32(id).string(host).int32(port))
    .array(answer.topics, (to, { error, topic, partitions }) =>
      to
        .int16(error)
        .string(topic)
        .array(partitions, (entry, partition) =>
          entry
            .int16(partition.error)
            .int32(partition.partition)
            .int32(partition.leader)
            .array(partition.replicas, (ids, id) => ids.int32(id))
            .array(partition.isr, (ids, id) => ids.int32(id)),
        ),
    )
    .framed()
}
