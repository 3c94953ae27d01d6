/** How a broker answers ApiVersions and Metadata, and what every answer depends on. Synchronous, no I/O. */
import { type ClusterState, NO_TOPIC_ID, type TopicState } from './cluster-state.js'
import { type ErrorName, errorCodes } from './error-codes.js'
import type { DecodedRequest } from './frames.js'
import { type ApiName, messages } from './messages.js'
import { isAtLeast, type VersionRange, versionsOf } from './releases.js'
import { errorFor, errorOf } from './rule-book.js'
import type { Struct } from './schema.js'
import type { Rule } from './script.js'
import type { Transactions } from './transactions.js'

/** What an answer depends on besides the request. */
export interface Surroundings {
  broker: number
  state: ClusterState
  transactions: Transactions
  /** Those that act on this request. */
  rules: readonly Rule[]
  endpoint: (broker: number) => { host: string; port: number }
}

export const throttleOf = (rules: readonly Rule[]) => rules.find((rule) => rule.throttleMs)?.throttleMs ?? 0

export function answerApiVersions({ state, rules }: Surroundings): Struct {
  const levels = [...state.features].map(([name, level]) => ({ name, level }))
  return {
    errorCode: errorCodes[errorOf(rules) ?? 'NONE'],
    apiKeys: keysOf(versionsOf(state.release)),
    throttleTimeMs: throttleOf(rules),
    ...(levels.length > 0 && {
      supportedFeatures: levels.map(({ name, level }) => ({ name, minVersion: 0, maxVersion: level })),
      finalizedFeaturesEpoch: 1,
      finalizedFeatures: levels.map(({ name, level }) => ({
        name,
        maxVersionLevel: level,
        minVersionLevel: level,
      })),
    }),
  }
}

/** The answer, in version 0, to an ApiVersions request that is newer than the broker. */
export function refuseApiVersions({ state }: Surroundings): Struct {
  const own = versionsOf(state.release).get('ApiVersions')!
  const listed = new Map(isAtLeast(state.release, '2.4') ? [['ApiVersions', own] as const] : [])
  return { errorCode: errorCodes.UNSUPPORTED_VERSION, apiKeys: keysOf(listed) }
}

function keysOf(ranges: ReadonlyMap<ApiName, VersionRange>): Struct[] {
  return [...ranges].map(([api, { min, max }]) => ({
    apiKey: messages[api].key,
    // 4.0 and newer say that they take Produce v0, because librdkafka wants to read it (KAFKA-18659).
    minVersion: api === 'Produce' ? 0 : min,
    maxVersion: max,
  }))
}

export function answerMetadata({ version, body }: DecodedRequest, around: Surroundings): Struct {
  const { state, rules } = around
  const asked = body.topics as Struct[] | null
  const isForAll = asked === null || (version === 0 && asked.length === 0)
  const wanted = isForAll ? [...state.topics.keys()].map((name): Struct => ({ name })) : asked
  const listed = [...Array(state.brokerCount).keys()].filter((broker) => !state.unlisted.has(broker))
  return {
    throttleTimeMs: throttleOf(rules),
    brokers: listed.map((nodeId) => ({ nodeId, ...around.endpoint(nodeId), rack: null })),
    clusterId: 'scripted-kafka',
    controllerId: 0,
    topics: wanted.map((topic) => answerTopic(topic, around)),
    clusterAuthorizedOperations: -2147483648,
    errorCode: errorCodes[rules.find((rule) => rule.error === 'REBOOTSTRAP_REQUIRED')?.error ?? 'NONE'],
  }
}

function answerTopic(asked: Struct, { state, rules }: Surroundings): Struct {
  const name = asked.name ?? state.topicOfId(asked.topicId as string)?.name ?? null
  const topic = name === null ? undefined : state.lookUp(name as string)
  const error = errorFor(rules, { topic: String(name) }) ?? errorOfTopic(topic, name === null)
  const known = error === 'NONE' ? (topic as TopicState) : undefined
  return {
    errorCode: errorCodes[error],
    name,
    topicId: known?.id ?? asked.topicId ?? NO_TOPIC_ID,
    isInternal: false,
    partitions: (known?.partitions ?? []).map((partition, partitionIndex) => {
      const replicas = [...Array(state.brokerCount).keys()]
      return {
        errorCode: errorCodes[partition.error ?? (partition.leader === -1 ? 'LEADER_NOT_AVAILABLE' : 'NONE')],
        partitionIndex,
        leaderId: partition.leader,
        leaderEpoch: partition.leaderEpoch,
        replicaNodes: replicas,
        isrNodes: replicas,
        offlineReplicas: [],
      }
    }),
    topicAuthorizedOperations: -2147483648,
  }
}

function errorOfTopic(topic: ReturnType<ClusterState['lookUp']>, isById: boolean): ErrorName {
  if (topic === 'being created') return 'LEADER_NOT_AVAILABLE'
  if (topic === undefined) return isById ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
  return topic.error ?? 'NONE'
}
