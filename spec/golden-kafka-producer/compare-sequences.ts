/**
 * The order of transactional requests, and where a scenario asks for it that of produce requests among them.
 *
 * Requests that follow each other and add partitions count as one, with the set of them: how many are added at a time is
 * chance. What an old version of a request lacks is not compared.
 */
import type { ApiName } from '../support/scripted-kafka/messages.js'
import type { Struct } from '../support/scripted-kafka/schema.js'
import { listDifferences } from './lists.js'
import type { Scenario } from './scenario.js'
import type { Trace, TracedRequest } from './trace.js'

interface Step {
  api: ApiName
  /** Everything but the partitions. */
  text: string
  /** Of a request that names some. */
  partitions: string[]
}

const TRANSACTIONAL: ReadonlySet<ApiName> = new Set<ApiName>([
  'FindCoordinator',
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
])

export function transactionDifferences(scenario: Scenario, expected: Trace, got: Trace): string[] {
  const { txn, txnDedupe = false } = scenario.compare
  if (txn === 'none') return []
  const texts = (trace: Trace) => {
    const steps = trace.requests.filter(({ api }) => TRANSACTIONAL.has(api)).map((request) => stepOf(request))
    return textsOf(txn === 'exact' ? steps : merged(steps), txnDedupe)
  }
  return listDifferences('transactional requests', texts(expected), texts(got))
}

/** The order over both kinds. */
export function sequenceDifferences(scenario: Scenario, expected: Trace, got: Trace): string[] {
  if (scenario.compare.sequence !== true) return []
  const texts = (trace: Trace) => {
    const requests = trace.requests.filter(({ api }) => TRANSACTIONAL.has(api) || api === 'Produce')
    return textsOf(merged(requests.map((request) => stepOf(request))), scenario.compare.txnDedupe === true)
  }
  return listDifferences('produce and transactional requests', texts(expected), texts(got))
}

function merged(steps: readonly Step[]): Step[] {
  const found: Step[] = []
  for (const step of steps) {
    const last = found.at(-1)
    const belongsToLast = step.api === 'AddPartitionsToTxn' && last?.text === step.text
    if (belongsToLast) last.partitions = [...new Set([...last.partitions, ...step.partitions])]
    else found.push({ ...step })
  }
  return found
}

function textsOf(steps: readonly Step[], isOnce: boolean): string[] {
  const texts = steps.map(({ text, partitions }) => [text, ...[...partitions].sort()].join(' '))
  return isOnce ? texts.filter((text, at) => text !== texts[at - 1]) : texts
}

function stepOf({ api, body, broker, parts }: TracedRequest): Step {
  const named = namedPartitions(api, body, parts)
  return { api, text: `${api} ${fieldsOf(api, body, broker).join(' ')}`, partitions: named }
}

function fieldsOf(api: ApiName, body: Struct, broker: number): unknown[] {
  const { producerId, producerEpoch, transactionalId } = body
  const identity = [transactionalId ?? null, `${producerId}/${producerEpoch}`]
  switch (api) {
    case 'FindCoordinator':
      return [body.keyType ?? 0, body.coordinatorKeys ?? [body.key]]
    case 'InitProducerId':
      return [
        transactionalId,
        `${body.transactionTimeoutMs} ms`,
        `${producerId ?? -1}/${producerEpoch ?? -1}`,
      ]
    case 'AddPartitionsToTxn':
      return addedBy(body)
    case 'AddOffsetsToTxn':
      return [...identity, body.groupId]
    case 'TxnOffsetCommit': {
      const { groupId, generationId = -1, memberId = '', groupInstanceId = null } = body
      return [...identity, groupId, generationId, JSON.stringify(memberId), groupInstanceId]
    }
    case 'EndTxn':
      return [...identity, body.committed ? 'commit' : 'abort']
    default:
      return [`to broker ${broker}`]
  }
}

function addedBy(body: Struct): unknown[] {
  const [transaction] = (body.transactions ?? []) as Struct[]
  const id = transaction?.transactionalId ?? body.v3AndBelowTransactionalId
  const producerId = transaction?.producerId ?? body.v3AndBelowProducerId
  return [id, `${producerId}/${transaction?.producerEpoch ?? body.v3AndBelowProducerEpoch}`]
}

function namedPartitions(api: ApiName, body: Struct, parts: TracedRequest['parts']): string[] {
  if (api === 'Produce') {
    return parts.map(({ topic, partition, batches }) => {
      const numbers = batches.map(({ ids, records }) => {
        const values = records.map(({ value }) => value).join(' ')
        return `${ids?.producerId}/${ids?.producerEpoch}/${ids?.baseSequence}: ${values}`
      })
      return `${topic}/${partition} (${numbers.join('; ')})`
    })
  }
  if (api === 'TxnOffsetCommit') return (body.topics as Struct[]).flatMap(offsetTexts)
  if (api !== 'AddPartitionsToTxn') return []
  const [transaction] = (body.transactions ?? []) as Struct[]
  const topics = (transaction?.topics ?? body.v3AndBelowTopics) as Struct[]
  return topics.flatMap(({ name, partitions }) => (partitions as number[]).map((index) => `${name}/${index}`))
}

function offsetTexts({ name, partitions }: Struct): string[] {
  return (partitions as Struct[]).map(
    ({ partitionIndex, committedOffset, committedLeaderEpoch = -1, committedMetadata }) =>
      `${name}/${partitionIndex} at ${committedOffset}, epoch ${committedLeaderEpoch}, ${JSON.stringify(committedMetadata ?? '')}`,
  )
}
