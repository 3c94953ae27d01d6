/** The produce requests that each broker got: acks, time-out, ids, partitions, batches with their contents. */
import { groupBy, groupDifferences, listDifferences } from './lists.js'
import type { Scenario } from './scenario.js'
import { isSticky } from './sticky.js'
import type { Trace, TracedBatch, TracedPart, TracedRequest } from './trace.js'

export function requestDifferences(scenario: Scenario, expected: Trace, got: Trace): string[] {
  const [wanted, seen] = [produceRequests(expected), produceRequests(got)]
  switch (scenario.compare.requests ?? 'exact') {
    case 'none':
      return []
    case 'exact':
      return groupDifferences(
        groupBy(wanted, (request) => placeOf(scenario, request)),
        groupBy(seen, (request) => placeOf(scenario, request)),
        (place, one, other) => requestListDifferences(scenario, place, one, other),
      )
    case 'partition':
      return byPartition(wanted, seen, ({ request, part }) =>
        part.batches.map((batch) => `${headerOf(request)}: ${batchText(scenario, batch, false)}`),
      )
    case 'records':
      return byPartition(wanted, seen, ({ part }) => recordsOf(part))
  }
}

export function produceRequests({ requests }: Trace): TracedRequest[] {
  return requests.filter(({ api }) => api === 'Produce')
}

/** By broker; where chance decides the partition, and with it the broker, all together. */
function placeOf(scenario: Scenario, { broker, parts }: TracedRequest): string {
  return parts.some(({ topic }) => isSticky(scenario, topic)) ? 'some broker' : `broker ${broker}`
}

function requestListDifferences(
  scenario: Scenario,
  place: string,
  expected: TracedRequest[],
  got: TracedRequest[],
): string[] {
  const what = `produce requests to ${place}`
  const summaries = listDifferences(
    what,
    expected.map((request) => summaryOf(scenario, request)),
    got.map((request) => summaryOf(scenario, request)),
  )
  if (summaries.length > 0) return summaries
  return expected.flatMap((request, at) => {
    // Bytes can only be compared where the recording has them, so one side decides for both.
    const bytes = (one: TracedRequest) =>
      sorted(one).map(({ topic, partition, batches }, index) => {
        const recorded = sorted(request)[index]!.batches
        const texts = batches.map((batch, b) => batchText(scenario, batch, recorded[b]?.hex !== undefined))
        return `${isSticky(scenario, topic) ? topic : `${topic}/${partition}`}: ${texts.join('; ')}`
      })
    return listDifferences(
      `partitions of produce request ${at + 1} to ${place}`,
      bytes(request),
      bytes(got[at]!),
    )
  })
}

/** What is in a request, without the bytes. */
function summaryOf(scenario: Scenario, request: TracedRequest): string {
  const parts = sorted(request).map((part) => {
    const name = isSticky(scenario, part.topic) ? part.topic : `${part.topic}/${part.partition}`
    const batches = part.batches.map(({ records }) => `(${records.map(({ value }) => value).join(' ')})`)
    return `${name} ${batches.join(' ')}`
  })
  return `${headerOf(request)}: ${parts.join(', ')}`
}

/** The order of partitions in a request is that of a hash table in the original. */
function sorted({ parts }: TracedRequest): TracedPart[] {
  const name = ({ topic, partition }: TracedPart) => `${topic}/${String(partition).padStart(6, '0')}`
  return [...parts].sort((a, b) => (name(a) < name(b) ? -1 : 1))
}

function headerOf({ body, clientId }: TracedRequest): string {
  return `client ${clientId}, acks ${body.acks}, ${body.timeoutMs} ms, transactional id ${body.transactionalId ?? null}`
}

function batchText(scenario: Scenario, batch: TracedBatch, hasBytes: boolean): string {
  const { ids: withIds = true, bytes = true } = scenario.compare
  const { magic, codec, crcOk, header, ids, records, hex } = batch
  return [
    `magic ${magic}, ${codec}, ${header}`,
    crcOk ? '' : 'WRONG CRC',
    // A random partition has random numbers, too.
    withIds && ids && !isRandom(scenario) ? `${ids.producerId}/${ids.producerEpoch}/${ids.baseSequence}` : '',
    ...records.map(({ text }) => text),
    hasBytes && bytes && withIds && codec === 'none' ? (hex ?? 'bytes with a time of the clock') : '',
  ]
    .filter((text) => text !== '')
    .join(' | ')
}

const isRandom = ({ compare }: Scenario) => compare.sticky !== undefined

function recordsOf({ batches }: TracedPart): string[] {
  return batches.flatMap(({ records }) => records.map(({ value }) => value))
}

function byPartition(
  expected: TracedRequest[],
  got: TracedRequest[],
  textsOf: (one: { request: TracedRequest; part: TracedPart }) => string[],
): string[] {
  const split = (requests: TracedRequest[]) =>
    groupBy(
      requests.flatMap((request) => request.parts.map((part) => ({ request, part }))),
      ({ part }) => `${part.topic}/${part.partition}`,
    )
  return groupDifferences(split(expected), split(got), (name, one, other) =>
    listDifferences(`batches of ${name}`, one.flatMap(textsOf), other.flatMap(textsOf)),
  )
}
