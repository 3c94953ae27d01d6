/**
 * The requests that a producer sends and their answers, as the brokers of spec/support/scripted-kafka read and write them.
 *
 * Field names are those of Kafka's message definitions, in which the recordings of the Java client are written too.
 *
 * @see https://kafka.apache.org/protocol#protocol_api_keys
 */
import { parseSchema, type Schema } from './schema.js'

export type ApiName = keyof typeof texts

export interface Message {
  key: number
  /** First version with compact lengths and tagged fields. */
  flexibleFrom: number
  request: Schema
  response: Schema
}

const texts = {
  Produce: {
    key: 0,
    flexibleFrom: 9,
    request: `
      transactionalId string 3+
      acks int16 0+
      timeoutMs int32 0+
      topicData [] 0+
        name string 0-12
        topicId uuid 13+
        partitionData [] 0+
          index int32 0+
          records bytes 0+`,
    response: `
      responses [] 0+
        name string 0-12
        topicId uuid 13+
        partitionResponses [] 0+
          index int32 0+
          errorCode int16 0+
          baseOffset int64 0+
          logAppendTimeMs int64 2+
          logStartOffset int64 5+
          recordErrors [] 8+
            batchIndex int32 8+
            batchIndexErrorMessage string 8+
          errorMessage string 8+
          currentLeader struct 10+ tag 0
            leaderId int32 10+
            leaderEpoch int32 10+
      throttleTimeMs int32 1+
      nodeEndpoints [] 10+ tag 0
        nodeId int32 10+
        host string 10+
        port int32 10+
        rack string 10+`,
  },
  Metadata: {
    key: 3,
    flexibleFrom: 9,
    request: `
      topics [] 0+
        topicId uuid 10+
        name string 0+
      allowAutoTopicCreation bool 4+
      includeClusterAuthorizedOperations bool 8-10
      includeTopicAuthorizedOperations bool 8+`,
    response: `
      throttleTimeMs int32 3+
      brokers [] 0+
        nodeId int32 0+
        host string 0+
        port int32 0+
        rack string 1+
      clusterId string 2+
      controllerId int32 1+
      topics [] 0+
        errorCode int16 0+
        name string 0+
        topicId uuid 10+
        isInternal bool 1+
        partitions [] 0+
          errorCode int16 0+
          partitionIndex int32 0+
          leaderId int32 0+
          leaderEpoch int32 7+
          replicaNodes []int32 0+
          isrNodes []int32 0+
          offlineReplicas []int32 5+
        topicAuthorizedOperations int32 8+
      clusterAuthorizedOperations int32 8-10
      errorCode int16 13+`,
  },
  FindCoordinator: {
    key: 10,
    flexibleFrom: 3,
    request: `
      key string 0-3
      keyType int8 1+
      coordinatorKeys []string 4+`,
    response: `
      throttleTimeMs int32 1+
      errorCode int16 0-3
      errorMessage string 1-3
      nodeId int32 0-3
      host string 0-3
      port int32 0-3
      coordinators [] 4+
        key string 4+
        nodeId int32 4+
        host string 4+
        port int32 4+
        errorCode int16 4+
        errorMessage string 4+`,
  },
  ApiVersions: {
    key: 18,
    flexibleFrom: 3,
    request: `
      clientSoftwareName string 3+
      clientSoftwareVersion string 3+`,
    response: `
      errorCode int16 0+
      apiKeys [] 0+
        apiKey int16 0+
        minVersion int16 0+
        maxVersion int16 0+
      throttleTimeMs int32 1+
      supportedFeatures [] 3+ tag 0
        name string 3+
        minVersion int16 3+
        maxVersion int16 3+
      finalizedFeaturesEpoch int64 3+ tag 1
      finalizedFeatures [] 3+ tag 2
        name string 3+
        maxVersionLevel int16 3+
        minVersionLevel int16 3+`,
  },
  InitProducerId: {
    key: 22,
    flexibleFrom: 2,
    request: `
      transactionalId string 0+
      transactionTimeoutMs int32 0+
      producerId int64 3+
      producerEpoch int16 3+`,
    response: `
      throttleTimeMs int32 0+
      errorCode int16 0+
      producerId int64 0+
      producerEpoch int16 0+`,
  },
  AddPartitionsToTxn: {
    key: 24,
    flexibleFrom: 3,
    request: `
      transactions [] 4+
        transactionalId string 4+
        producerId int64 4+
        producerEpoch int16 4+
        verifyOnly bool 4+
        topics [] 4+
          name string 4+
          partitions []int32 4+
      v3AndBelowTransactionalId string 0-3
      v3AndBelowProducerId int64 0-3
      v3AndBelowProducerEpoch int16 0-3
      v3AndBelowTopics [] 0-3
        name string 0-3
        partitions []int32 0-3`,
    response: `
      throttleTimeMs int32 0+
      errorCode int16 4+
      resultsByTransaction [] 4+
        transactionalId string 4+
        topicResults [] 4+
          name string 4+
          resultsByPartition [] 4+
            partitionIndex int32 4+
            partitionErrorCode int16 4+
      resultsByTopicV3AndBelow [] 0-3
        name string 0-3
        resultsByPartition [] 0-3
          partitionIndex int32 0-3
          partitionErrorCode int16 0-3`,
  },
  AddOffsetsToTxn: {
    key: 25,
    flexibleFrom: 3,
    request: `
      transactionalId string 0+
      producerId int64 0+
      producerEpoch int16 0+
      groupId string 0+`,
    response: `
      throttleTimeMs int32 0+
      errorCode int16 0+`,
  },
  EndTxn: {
    key: 26,
    flexibleFrom: 3,
    request: `
      transactionalId string 0+
      producerId int64 0+
      producerEpoch int16 0+
      committed bool 0+`,
    response: `
      throttleTimeMs int32 0+
      errorCode int16 0+
      producerId int64 5+
      producerEpoch int16 5+`,
  },
  TxnOffsetCommit: {
    key: 28,
    flexibleFrom: 3,
    request: `
      transactionalId string 0+
      groupId string 0+
      producerId int64 0+
      producerEpoch int16 0+
      generationId int32 3+
      memberId string 3+
      groupInstanceId string 3+
      topics [] 0+
        name string 0+
        partitions [] 0+
          partitionIndex int32 0+
          committedOffset int64 0+
          committedLeaderEpoch int32 2+
          committedMetadata string 0+`,
    response: `
      throttleTimeMs int32 0+
      topics [] 0+
        name string 0+
        partitions [] 0+
          partitionIndex int32 0+
          errorCode int16 0+`,
  },
}

export const messages = Object.fromEntries(
  Object.entries(texts).map(([name, { key, flexibleFrom, request, response }]) => [
    name,
    { key, flexibleFrom, request: parseSchema(request), response: parseSchema(response) },
  ]),
) as Readonly<Record<ApiName, Message>>

/** The API of a key, undefined for one that no producer uses. */
export function apiOfKey(key: number): ApiName | undefined {
  return (Object.keys(messages) as ApiName[]).find((name) => messages[name].key === key)
}
