/**
 * Says in which ways a replay is not what was expected; an empty list means that it matches.
 *
 * Compared: how each operation ended; for each broker the sequence of produce requests, header and messages. Not
 * compared: the order of topics and partitions within a request and of brokers, correlation ids, metadata
 * requests, how often was connected (but "never" is "never", and after `close()` no connection may be open). Random
 * partitions are compared by structure.
 */
import { produceRequests, type RecordedProduce, sets } from '../support/scripted/recording.js'
import type { Expectation } from './expectation.js'
import { type RequestText, recordedText, seenText } from './on-the-wire.js'
import type { Replayed } from './replay.js'
import type { Scenario } from './scenario.js'
import { randomPartitionFaults } from './sticky.js'
import { waitFaults } from './waits.js'

const LONGEST_SHOWN = 120

export function differences(scenario: Scenario, expected: Expectation, replayed: Replayed): string[] {
  const compareRequests = scenario.compare?.content ? contentDifferences : requestDifferences
  return [
    ...outcomeDifferences(scenario, expected, replayed),
    ...connectionDifferences(expected, replayed),
    ...compareRequests(scenario, expected, replayed),
    ...randomPartitionFaults(scenario, replayed),
    ...waitFaults(scenario, expected, replayed),
  ]
}

function outcomeDifferences(scenario: Scenario, expected: Expectation, { outcomes }: Replayed): string[] {
  return expected.outcomes.flatMap(({ i, family }) => {
    const outcome = outcomes.find((candidate) => candidate.i === i)
    const what = `operation ${i} (${scenario.ops[i]?.op ?? 'construct'}${tagOf(scenario, i)})`
    if (outcome === undefined) return [`${what} was not performed`]
    const { error } = outcome
    if (error?.name === family) return []
    const found = error === undefined ? 'succeeded' : `failed with ${error.name}: ${error.message}`
    return [`${what} ${found}, expected ${family ?? 'success'}`]
  })
}

function tagOf(scenario: Scenario, i: number): string {
  const operation = scenario.ops[i]
  return operation !== undefined && 'tag' in operation ? `, ${operation.tag}` : ''
}

function connectionDifferences(expected: Expectation, { recording, isLeftAlone }: Replayed): string[] {
  const found = isLeftAlone ? [] : ['a connection is open after close()']
  if (expected.connections > 0 || recording.connections.length === 0) return found
  return [...found, `${recording.connections.length} connections were opened, expected none`]
}

function requestDifferences(scenario: Scenario, expected: Expectation, { recording }: Replayed): string[] {
  const expectedByPlace = groupByPlace(scenario, expected.requests.map(recordedText))
  const seenByPlace = groupByPlace(scenario, produceRequests(recording).map(seenText))
  const places = [...new Set([...expectedByPlace.keys(), ...seenByPlace.keys()])].sort()
  return places.flatMap((place) =>
    sequenceDifferences(place, expectedByPlace.get(place) ?? [], seenByPlace.get(place) ?? []),
  )
}

/** Requests by broker; those with a random partition together, because chance decides their broker. */
function groupByPlace(scenario: Scenario, requests: RequestText[]): Map<string, RequestText[]> {
  const random = new Set([
    ...(scenario.compare?.nullTopics ?? []),
    ...(scenario.compare?.anyPartitionTopics ?? []),
  ])
  const byPlace = new Map<string, RequestText[]>()
  for (const request of requests) {
    const isRandom = request.sets.some(({ topic }) => random.has(topic))
    const place = isRandom ? 'some broker' : `broker ${request.broker}`
    const masked = request.sets.map((set) => (random.has(set.topic) ? { ...set, partition: -1 } : set))
    byPlace.set(place, [...(byPlace.get(place) ?? []), { ...request, sets: masked }])
  }
  return byPlace
}

function sequenceDifferences(place: string, expected: RequestText[], seen: RequestText[]): string[] {
  const found: string[] = []
  if (seen.length !== expected.length) {
    found.push(`${place} got ${seen.length} produce requests, expected ${expected.length}`)
    found.push(...seen.slice(expected.length).map((request) => `${place} also got ${summary(request)}`))
    found.push(...expected.slice(seen.length).map((request) => `${place} did not get ${summary(request)}`))
  }
  for (const [at, request] of seen.slice(0, expected.length).entries()) {
    const where = `${place}, produce request ${at + 1} of ${seen.length}`
    found.push(...oneRequestDifferences(where, expected[at]!, request))
  }
  return found
}

function oneRequestDifferences(where: string, expected: RequestText, seen: RequestText): string[] {
  const found: string[] = []
  if (seen.header !== expected.header) found.push(`${where}: ${seen.header}; expected ${expected.header}`)
  const [expectedSets, seenSets] = [setsByName(expected), setsByName(seen)]
  for (const name of new Set([...expectedSets.keys(), ...seenSets.keys()])) {
    const [wanted, got] = [expectedSets.get(name), seenSets.get(name)]
    if (wanted === undefined)
      found.push(`${where}: ${name} was not expected in it: ${shown(got!.join(', '))}`)
    else if (got === undefined) found.push(`${where}: ${name} is missing: ${shown(wanted.join(', '))}`)
    else found.push(...setDifferences(`${where}, ${name}`, wanted, got))
  }
  return found
}

function setsByName({ sets: all }: RequestText): Map<string, string[]> {
  return new Map(all.map(({ topic, partition, messages }) => [nameOf(topic, partition), messages]))
}

function nameOf(topic: string, partition: number): string {
  return partition === -1 ? `${topic}-(random)` : `${topic}-${partition}`
}

function setDifferences(where: string, expected: string[], seen: string[]): string[] {
  const at = expected.findIndex((message, position) => message !== seen[position])
  if (at !== -1) {
    return [`${where}, message ${at + 1}: ${shown(seen[at] ?? 'none')}; expected ${shown(expected[at]!)}`]
  }
  if (seen.length === expected.length) return []
  return [`${where}: ${seen.length} messages, expected ${expected.length}`]
}

/** Where chance decides how messages are spread over requests: each message as often as it should be. */
function contentDifferences(_scenario: Scenario, expected: Expectation, { recording }: Replayed): string[] {
  const [wanted, got] = [
    messagesOf(expected.requests.map(recordedText)),
    messagesOf(produceRequests(recording).map(seenText)),
  ]
  return [
    ...without(wanted, got).map((message) => `not sent: ${shown(message)}`),
    ...without(got, wanted).map((message) => `sent though not expected: ${shown(message)}`),
  ]
}

function messagesOf(requests: RequestText[]): string[] {
  return requests.flatMap((request) =>
    request.sets.flatMap(({ topic, partition, messages }) =>
      messages.map((message) => `${request.header}, ${nameOf(topic, partition)}: ${message}`),
    ),
  )
}

/** `all` less one occurrence of each of `taken`. */
function without(all: readonly string[], taken: readonly string[]): string[] {
  const left = [...taken]
  return all.filter((item) => {
    const at = left.indexOf(item)
    if (at !== -1) left.splice(at, 1)
    return at === -1
  })
}

function summary({ header, sets: all }: RequestText): string {
  const texts = all.map(
    ({ topic, partition, messages }) => `${nameOf(topic, partition)}: ${messages.join(', ')}`,
  )
  return shown(`${texts.join('; ')} (${header})`)
}

function shown(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
}

/** The values of each produce request in order, as `topic-partition=value,value`; for specs that state them. */
export function valuesSent(requests: readonly RecordedProduce[]): string[] {
  return requests.map(({ body }) =>
    sets(body)
      .map(({ topic, partition, messages }) => `${topic}-${partition}=${messages.map(({ value }) => value)}`)
      .sort()
      .join(' '),
  )
}
