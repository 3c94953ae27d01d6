/** Answers in the short form of the transcripts: what matters of each API, errors by name. */
import { errorCodes, nameOfCode } from '../support/scripted-kafka/error-codes.js'
import type { Struct } from '../support/scripted-kafka/schema.js'
import type { RecordedRequest } from './scenario.js'

/** @param ports - of the brokers, by id. */
export function answerText(request: RecordedRequest, body: Struct, ports: readonly number[]): string {
  return JSON.stringify(shortForm(request, body, ports))
}

function shortForm(
  request: RecordedRequest,
  body: Struct,
  ports: readonly number[],
): Record<string, unknown> {
  const error = typeof body.errorCode === 'number' ? nameOfCode(body.errorCode) : undefined
  switch (request.api) {
    case 'ApiVersions':
    case 'AddOffsetsToTxn':
      return error === 'NONE' ? {} : { error }
    case 'Metadata':
      return Object.fromEntries((body.topics as Struct[]).map(topicForm))
    case 'Produce':
      return { ...throttleForm(body), ...producedForm(request.topics!, body) }
    case 'FindCoordinator':
      return Object.fromEntries(
        (body.coordinators as Struct[]).map(({ key, port }) => [
          key,
          `broker ${ports.indexOf(port as number)}`,
        ]),
      )
    case 'InitProducerId':
      return { error, ...identityForm(body) }
    case 'EndTxn':
      return { error, ...((body.producerId ?? -1) === -1 ? {} : identityForm(body)) }
    case 'AddPartitionsToTxn':
      return errorsForm(body.resultsByTopicV3AndBelow as Struct[], 'resultsByPartition')
    case 'TxnOffsetCommit':
      return errorsForm(body.topics as Struct[], 'partitions')
  }
}

function topicForm({ errorCode, name, partitions }: Struct): [string, unknown] {
  const error = nameOfCode(errorCode as number)
  if (error !== 'NONE') return [name as string, error]
  const leaders = (partitions as Struct[]).map(
    ({ leaderId, leaderEpoch = 0 }) => `${leaderId}@${leaderEpoch}`,
  )
  return [name as string, leaders]
}

const throttleForm = ({ throttleTimeMs }: Struct) => (throttleTimeMs ? { throttleMs: throttleTimeMs } : {})

function producedForm(names: readonly string[], { responses }: Struct): Record<string, unknown> {
  const partitions = (responses as Struct[]).flatMap(
    ({ partitionResponses }) => partitionResponses as Struct[],
  )
  return Object.fromEntries(
    partitions.map(({ errorCode, baseOffset, logAppendTimeMs = -1, currentLeader }, at) => {
      if (errorCode === errorCodes.NONE) {
        const time = logAppendTimeMs === -1 ? {} : { logAppendTime: logAppendTimeMs }
        return [names[at], { offset: baseOffset, ...time }]
      }
      return [names[at], { error: nameOfCode(errorCode as number), ...(currentLeader && { currentLeader }) }]
    }),
  )
}

function identityForm({ producerId, producerEpoch }: Struct): object {
  return { producerId, producerEpoch }
}

function errorsForm(topics: readonly Struct[], partitionsIn: string): Record<string, string> {
  return Object.fromEntries(
    topics.flatMap(({ name, [partitionsIn]: partitions }) =>
      (partitions as Struct[]).map(({ partitionIndex, partitionErrorCode, errorCode }) => [
        `${name}/${partitionIndex}`,
        nameOfCode((partitionErrorCode ?? errorCode) as number),
      ]),
    ),
  )
}
