/** The judge judged: a replay that is what was recorded has no differences, and every kind of difference is named. */
import { expect } from 'chai'
import type { Recording, RecordedProduce as SeenProduce } from '../support/scripted/recording.js'
import {
  codecs,
  gzipMessageSet,
  type MessageToWrite,
  messageSet,
  readMessageSet,
} from '../support/wire-message-set.js'
import { differences } from './compare.js'
import { expectationOf } from './expectation.js'
import type { Outcome, Replayed } from './replay.js'
import { type RecordedMessage, type RecordedProduce, readScenarios, type Scenario } from './scenario.js'

const scenarios = new Map(readScenarios().map((scenario) => [scenario.name, scenario]))

function scenarioNamed(name: string): Scenario {
  const scenario = scenarios.get(name)
  if (scenario === undefined) throw new Error(`no scenario ${name}`)
  return structuredClone(scenario)
}

/** A replay that is exactly what the original did, errors translated, with the original's times. */
function asRecorded(scenario: Scenario): Replayed {
  const expected = expectationOf(scenario)
  const outcomes = scenario.original.ops.map(({ i, startMs, ms }): Outcome => {
    const family = expected.outcomes.find((outcome) => outcome.i === i)?.family
    return {
      i,
      startMs,
      ms,
      ...(family === undefined ? {} : { error: Object.assign(new Error(), { name: family }) }),
    }
  })
  const requests = scenario.original.produce.map(seen)
  const recording: Recording = { requests, connections: [], changes: [] }
  if (scenario.original.connections > 0) {
    recording.connections.push({ connection: 1, broker: 0, openedAtMs: 0, closedAtMs: 1 })
  }
  return { outcomes, recording, isLeftAlone: true, log: [] }
}

function seen({ broker, atMs, version, clientId, acks, timeoutMs, topics }: RecordedProduce): SeenProduce {
  const body = {
    acks,
    timeoutMs,
    topics: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, messages }) => {
        const set = bytesOf(messages)
        return { partition, setBytes: set.length, messages: readMessageSet(set) }
      }),
    })),
  }
  const header = { apiKey: 0, apiVersion: version, correlationId: 0, clientId }
  return { ...header, api: 'produce', body, atMs, answeredAtMs: atMs, broker, connection: 1, hex: '' }
}

function bytesOf(messages: RecordedMessage[]): Buffer {
  const [first] = messages
  if (first?.codec === 'gzip') return gzipMessageSet(first.inner!.map(toWrite))
  // Enough of an LZ4 frame for the reader: one block, stored.
  if (first?.codec === 'lz4') {
    const inner = messageSet(first.inner!.map(toWrite))
    const size = Buffer.alloc(4)
    size.writeUInt32LE((inner.length | 0x80000000) >>> 0)
    const value = Buffer.concat([Buffer.from('04224d1860401a', 'hex'), size, inner, Buffer.alloc(4)])
    return messageSet([{ value, attributes: codecs.lz4, offset: first.inner!.length - 1 }])
  }
  return messageSet(messages.map(toWrite))
}

function toWrite({ key, value = null }: RecordedMessage): MessageToWrite {
  return { key: toBytes(key), value: toBytes(value) }
}

function toBytes(value: RecordedMessage['key']): Buffer | string | null {
  return value !== null && typeof value === 'object' ? Buffer.from(value.b64, 'base64') : value
}

describe('comparison with a recording', () => {
  it('finds no difference in what the original did, in any scenario', () => {
    const found = [...scenarios.values()].map((scenario) => {
      const replayed = asRecorded(structuredClone(scenario))
      return [scenario.name, differences(scenario, expectationOf(scenario), replayed)]
    })
    expect(found.filter(([, list]) => list!.length > 0)).to.deep.equal([])
  })

  type Spoiler = (replayed: Replayed) => unknown
  const request = ({ recording }: Replayed, at: number) => recording.requests[at] as SeenProduce
  const firstSet = (replayed: Replayed, at = 0) => request(replayed, at).body.topics[0]!.partitions[0]!

  const rows: [string, string, Spoiler, string][] = [
    [
      'an operation that fails',
      'a02-sync-acks1',
      (r) => Object.assign(r.outcomes[1]!, { error: new TypeError('boom') }),
      'operation 0 (send) failed with TypeError: boom, expected success',
    ],
    [
      'an operation that succeeds',
      'e03-retries-exhausted',
      (r) => delete r.outcomes[1]!.error,
      'operation 0 (send) succeeded, expected FailedToSendMessageError',
    ],
    [
      'an operation that is missing',
      'a02-sync-acks1',
      (r) => r.outcomes.pop(),
      'operation 4 (close) was not performed',
    ],
    [
      'an unexpected connection',
      'a14-close-without-send',
      (r) => r.recording.connections.push({ connection: 1, broker: 0, openedAtMs: 0 }),
      '1 connections were opened, expected none',
    ],
    [
      'a connection left open',
      'a02-sync-acks1',
      (r) => Object.assign(r, { isLeftAlone: false }),
      'a connection is open after close()',
    ],
    [
      'a request too many',
      'a07-defaults',
      (r) => r.recording.requests.push(request(r, 0)),
      'broker 0 got 2 produce requests, expected 1',
    ],
    [
      'a request too few',
      'a02-sync-acks1',
      (r) => r.recording.requests.splice(1, 1),
      'broker 1 did not get t-1: "a"="v2" (v0, client "c1", acks 1, timeout 1000 ms)',
    ],
    [
      'a request to another broker',
      'a02-sync-acks1',
      (r) => Object.assign(request(r, 1), { broker: 0 }),
      'broker 1 got 0 produce requests, expected 1',
    ],
    [
      'requests of a broker in another order',
      'a18-two-sends-same-key-order',
      (r) => r.recording.requests.reverse(),
      'broker 0, produce request 1 of 5, t-0, message 1: "b"="v8"; expected "b"="v0"',
    ],
    [
      'other acks',
      'a02-sync-acks1',
      (r) => Object.assign(request(r, 0).body, { acks: -1 }),
      'broker 0, produce request 1 of 2: v0, client "c1", acks -1, timeout 1000 ms; expected v0, client "c1", acks 1, timeout 1000 ms',
    ],
    [
      'another client id',
      'a02-sync-acks1',
      (r) => Object.assign(request(r, 2), { clientId: null }),
      'broker 2, produce request 1 of 1: v0, client null, acks 1, timeout 1000 ms; expected v0, client "c1", acks 1, timeout 1000 ms',
    ],
    [
      'a partition in the wrong request',
      'a04-sync-list',
      (r) => Object.assign(firstSet(r), { partition: 9 }),
      'broker 2, produce request 1 of 1: t-2 is missing: "b"="b1"',
    ],
    [
      'messages in another order',
      'a04-sync-list',
      (r) => firstSet(r, 1).messages.reverse(),
      'broker 1, produce request 1 of 1, t-1, message 1: "a"="a2" (offset 1, not 0); expected "a"="a1"',
    ],
    [
      'a message too many',
      'a07-defaults',
      (r) => firstSet(r).messages.push({ ...firstSet(r).messages[0]!, offset: 1n }),
      'broker 0, produce request 1 of 1, t-0: 2 messages, expected 1',
    ],
    [
      'a message too few',
      'a04-sync-list',
      (r) => firstSet(r, 1).messages.pop(),
      'broker 1, produce request 1 of 1, t-1, message 2: none; expected "a"="a2"',
    ],
    [
      'a key where there is none',
      'b16-tombstone-default-encoder',
      (r) => Object.assign(firstSet(r, 1).messages[0]!, { key: null }),
      'broker 0, produce request 2 of 2, t-0, message 1: null=""; expected ""=""',
    ],
    [
      'a wrong CRC',
      'a07-defaults',
      (r) => Object.assign(firstSet(r).messages[0]!, { crcIsValid: false }),
      'broker 0, produce request 1 of 1, t-0, message 1: "k"="v" (CRC is wrong); expected "k"="v"',
    ],
    [
      'another magic',
      'a07-defaults',
      (r) => Object.assign(firstSet(r).messages[0]!, { magic: 1 }),
      'broker 0, produce request 1 of 1, t-0, message 1: "k"="v" (magic 1); expected "k"="v"',
    ],
    [
      'a message that is not compressed',
      'd13-gzip-acks0',
      (r) => Object.assign(firstSet(r), { messages: readMessageSet(messageSet([{ key: 'a', value: '1' }])) }),
      'broker 0, produce request 1 of 1, t-0, message 1: "a"="1"; expected null=gzip["a"="1", "b"="2"]',
    ],
    [
      'a retry that does not wait',
      'e01-partial-failure',
      (r) => {
        request(r, 0).answer = {
          topics: [{ topic: 't', partitions: [{ partition: 1, error: 6, offset: -1 }] }],
        }
        request(r, 1).atMs = request(r, 0).atMs + 20
      },
      'a retry came after 20.0 ms, retry.backoff.ms is 100: t-1: "a"="p1-1","c"="p1-2"',
    ],
    [
      'a batch that does not linger',
      'g24-async-acks0',
      (r) => Object.assign(request(r, 1), { atMs: 200 }),
      '2 messages left after 180.0 ms, queue.buffering.max.ms is 300',
    ],
    [
      'a batch that lingers too long',
      'g03-linger-from-previous-flush',
      (r) => Object.assign(request(r, 0), { atMs: 1000 }),
      'broker 0, produce request 1 came after pause 2, expected after 1',
    ],
    [
      'a full queue that does not block',
      'g06-queue-full-timeout',
      (r) => (r.outcomes.find(({ i }) => i === 4)!.ms = 5),
      'operation 4 (send) took 5 ms, expected 151 at least',
    ],
    [
      'a message without a key that moves',
      'b08-null-key-sticky',
      (r) => Object.assign(firstSet(r, 3), { partition: 6 }),
      'messages without a key moved from t-5 to t-6 for no reason',
    ],
    [
      'a random partition that does not exist',
      'c11-unknown-charset',
      (r) => Object.assign(firstSet(r), { partition: 3 }),
      't-3 was sent to and does not exist',
    ],
    [
      'a lost message where only the content counts',
      'g28-trickle',
      (r) => firstSet(r).messages.pop(),
      'not sent: v0, client "c1", acks 1, timeout 1000 ms, t-0: "k"="v4"',
    ],
    [
      'a message sent twice where only the content counts',
      'h02-concurrent-sync-sends',
      (r) => r.recording.requests.push(request(r, 0)),
      'sent though not expected: v0, client "c1", acks 1, timeout 3000 ms, t-0: "k"="1"',
    ],
  ]
  for (const [what, name, spoil, sentence] of rows) {
    it(`names ${what}`, () => {
      const scenario = scenarioNamed(name)
      const expected = expectationOf(scenario)
      const replayed = asRecorded(scenario)
      spoil(replayed)
      expect(differences(scenario, expected, replayed)).to.include(sentence)
    })
  }
})
