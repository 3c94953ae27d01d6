/** Plays, without KafkaProducer: a toy that does what the Java client does in simple scenarios, and toys with a fault. */
import { expect } from 'chai'
import { differences } from './compare.js'
import { playAll } from './describe-scenarios.js'
import type { ProducerUnderTest } from './driven-producer.js'
import { play } from './play.js'
import { type Golden, readGolden, type Scenario } from './scenario.js'
import { type Fault, toyUnderTest } from './toy-producer.js'
import { traceOfTranscript } from './trace.js'

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the play that fills it in.
const BOOTSTRAP = '${bootstrap}'

const SIMPLE = [
  'a01-acks-0',
  'a02-acks-1',
  'b02-awaited-one-by-one',
  'f02-flush-nothing',
  'f12-callback-throws',
  'r01-plain-bytes',
  'r02-nulls',
  'r04-timestamp-deltas',
  'x01-commit',
  'x02-abort',
  'x03-empty',
  'x22-commit-sends-lingering',
]

const golden = readGolden().filter(({ scenario }) => SIMPLE.includes(scenario.name))

async function differencesOf(
  { scenario, transcript }: Golden,
  underTest: ProducerUnderTest,
): Promise<string[]> {
  const trace = await play(scenario, underTest)
  return differences(scenario, traceOfTranscript(transcript), trace)
}

function differencesWith(name: string, fault: Fault): Promise<string[]> {
  return differencesOf(golden.find(({ scenario }) => scenario.name === name)!, toyUnderTest(fault))
}

/** The events of a scenario of our own, without times. */
async function eventsOf(
  scenario: Pick<Scenario, 'ops'> & Partial<Scenario>,
  underTest: ProducerUnderTest,
  lastFinMs?: number,
): Promise<Record<string, unknown>[]> {
  const cluster = { brokers: 1, topics: { t: { partitions: 1 } } }
  const properties = { 'bootstrap.servers': BOOTSTRAP }
  const base = { name: 'own', desc: '', cluster, properties, compare: {}, ...scenario }
  const { events } = await play(base, underTest, { lastFinMs })
  return events.map(({ t: _, ...event }) => ('ms' in event ? { ...event, ms: 0 } : event))
}

describe('playing a scenario', () => {
  for (const one of golden) {
    it(`has no differences where a producer does as the Java client did in ${one.scenario.name}`, async () => {
      expect(await differencesOf(one, toyUnderTest())).to.deep.equal([])
    })
  }

  it('of several at once gives a trace for each', async () => {
    const played = await playAll(golden, toyUnderTest())
    expect([...played.keys()].sort()).to.deep.equal(SIMPLE)
    for (const { scenario, transcript } of golden)
      expect(
        differences(scenario, traceOfTranscript(transcript), played.get(scenario.name) as never),
      ).to.deep.equal([])
  })

  it('shows callbacks that come in the wrong order', async () => {
    const found = await differencesWith('a01-acks-0', { reversesCallbacks: true })
    expect(found.join('\n')).to.match(/callbacks of t\/0, number 1: 0:2; expected 0:0/)
  })

  it('shows a wrong sequence number', async () => {
    const found = await differencesWith('b02-awaited-one-by-one', { skipsNumber: true })
    expect(found.join('\n')).to.match(/1000\/0\/1/)
  })

  it('shows a transaction that was not ended', async () => {
    const found = await differencesWith('x01-commit', { forgetsEnd: true })
    expect(found.join('\n')).to.match(/the log of t\/0: 2, expected 3/)
  })

  it('shows batches that were not collected', async () => {
    const found = await differencesWith('x22-commit-sends-lingering', { sendsOneByOne: true })
    expect(found.join('\n')).to.match(/produce requests to broker 0: 3, expected 1/)
  })

  it('reports a send that throws as its result, and goes on', async () => {
    const toy = toyUnderTest()
    const underTest: ProducerUnderTest = {
      ...toy,
      record: (fields) => {
        if (fields.topic === null) throw new TypeError('no topic')
        return toy.record(fields)
      },
    }
    const ops: Scenario['ops'] = [{ op: 'send', topic: null, value: 'v', await: true }, { op: 'check' }]
    const [, result, op, check] = await eventsOf({ ops }, underTest)
    expect(result).to.deep.include({ kind: 'result', i: '0', r: '0', ok: false, via: 'throw' })
    expect(op).to.deep.include({ kind: 'op', i: 0, ok: true })
    expect(check).to.deep.include({ op: 'check', done: [], open: [] })
  })

  it('reports a construction that fails, and the call of a producer that is not there', async () => {
    const underTest: ProducerUnderTest = {
      ...toyUnderTest(),
      construct: () => {
        throw new RangeError('no')
      },
    }
    const events = await eventsOf({ ops: [{ op: 'flush' }] }, underTest)
    expect(events).to.have.length(2)
    expect(events[0]).to.deep.include({ i: -1, op: 'construct', ok: false })
    expect(events[0]).to.have.nested.property('error.class', 'RangeError')
    expect(events[1]).to.deep.include({ i: 0, op: 'flush', ok: false })
  })

  it('runs an operation in the background beside the following ones', async () => {
    const ops: Scenario['ops'] = [
      { op: 'sendAll', records: [{ topic: 't', partition: 0, value: 'v' }] },
      { op: 'flush', bg: true },
      { op: 'broker', cmd: { wait: { api: 'Produce', count: 1 } } },
      { op: 'check' },
      { op: 'broker', cmd: { release: 'g' } },
      { op: 'join' },
    ]
    const properties = { 'bootstrap.servers': BOOTSTRAP, 'linger.ms': '1000' }
    const rules: Scenario['rules'] = [{ on: 'Produce', hold: 'g' }]
    const events = await eventsOf({ ops, rules, properties }, toyUnderTest())
    const names = events.map((event) => (event.kind === 'op' ? event.op : event.kind))
    expect(names.slice(0, 4)).to.deep.equal(['construct', 'sendAll', 'broker', 'check'])
    expect(events[3]).to.deep.include({ done: [], open: ['0:0'] })
    expect(names.slice(4).sort()).to.deep.equal(['broker', 'callback', 'flush', 'join', 'result'])
  })

  it('sends a record again that an earlier operation made', async () => {
    const ops: Scenario['ops'] = [
      { op: 'record', topic: 't', partition: 0, key: 'k', value: 'v', timestamp: 1_700_000_000_000 },
      { op: 'send', ref: 0, await: true },
      { op: 'send', ref: 0, await: true },
    ]
    const events = await eventsOf({ ops }, toyUnderTest())
    const offsets = events.flatMap((event) =>
      event.kind === 'result' ? [(event as { md: { offset: number } }).md.offset] : [],
    )
    expect(offsets).to.deep.equal([0, 1])
  })

  it('fails where the producer leaves a connection open', async () => {
    const toy = toyUnderTest()
    const underTest: ProducerUnderTest = {
      ...toy,
      construct: (...given) => Object.assign(toy.construct(...given), { close: async () => {} }),
    }
    const ops: Scenario['ops'] = [{ op: 'send', topic: 't', partition: 0, value: 'v', await: true }]
    const failure = await eventsOf({ ops }, underTest, 50).catch((error: Error) => error.message)
    expect(failure).to.equal('1 connections are open after close()')
  })
})
