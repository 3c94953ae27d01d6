import { expect } from 'chai'
import type { Envelope } from '../../lib/handler/envelope.js'
import { PartitionLanes } from '../../lib/handler/partition-lanes.js'
import { envelopeOf } from './support/envelopes.js'

function keyed(topic: string, partition: number): Envelope {
  return Object.assign(envelopeOf('v', { topic, key: 'k' }), { partition })
}

function keyless(topic: string, partition: number): Envelope {
  return Object.assign(envelopeOf('v', { topic }), { partition })
}

function ambiguous(envelope: Envelope): Envelope {
  return Object.assign(envelope, { isAmbiguous: true })
}

function lanesOf(...envelopes: Envelope[]): PartitionLanes {
  const lanes = new PartitionLanes()
  for (const envelope of envelopes) lanes.add(envelope)
  return lanes
}

describe('PartitionLanes', () => {
  /** What is there, what comes, whether they meet. */
  const rows: [string, Envelope, Envelope, boolean][] = [
    ['a key: the same partition', keyed('t', 1), keyed('t', 1), true],
    ['a key: another partition', keyed('t', 1), keyed('t', 2), false],
    ['a key: another topic', keyed('t', 1), keyed('u', 1), false],
    ['a key, partition not known: any of the topic', keyed('t', -1), keyed('t', 2), true],
    ['a key: one whose partition is not known', keyed('t', 1), keyed('t', -1), true],
    ['no key: any of the topic, since a retry may move it', keyless('t', 1), keyed('t', 2), true],
    ['a key: one without a key', keyed('t', 1), keyless('t', 2), true],
    ['no key: another topic', keyless('t', 1), keyless('u', 1), false],
    ['no key, may be stored already: the same partition', ambiguous(keyless('t', 1)), keyed('t', 1), true],
    ['no key, may be stored already: another partition', ambiguous(keyless('t', 1)), keyed('t', 2), false],
    [
      'a partition key alone counts as a key',
      Object.assign(envelopeOf('v', { partKey: 'p' }), { partition: 1 }),
      keyed('t', 2),
      false,
    ],
  ]
  for (const [title, there, comes, meet] of rows) {
    it(`${meet ? 'meet' : 'do not meet'}: ${title}`, () => {
      expect(lanesOf(there).meets(comes)).to.equal(meet)
    })
  }

  it('meet nothing when nobody took any', () => {
    expect(lanesOf().meets(keyless('t', -1))).to.equal(false)
  })

  it('stay the whole topic when a partition of it is added', () => {
    expect(lanesOf(keyless('t', 0), keyed('t', 1)).meets(keyed('t', 2))).to.equal(true)
  })

  it('become the whole topic when it is added to partitions of it', () => {
    expect(lanesOf(keyed('t', 1), keyless('t', 0)).meets(keyed('t', 2))).to.equal(true)
  })

  it('see a topic that is added after it was asked for', () => {
    const lanes = lanesOf()
    expect(lanes.meets(keyed('t', 1))).to.equal(false)
    lanes.addAll(lanesOf(keyed('t', 1), keyed('u', 2)))
    expect([lanes.meets(keyed('t', 1)), lanes.meets(keyed('u', 2))]).to.deep.equal([true, true])
  })

  it('take the lanes of others as well, and leave those as they were', () => {
    const [ours, theirs, whole] = [lanesOf(keyed('t', 1)), lanesOf(keyed('t', 2)), lanesOf(keyless('t', 0))]
    ours.addAll(theirs)
    const of = (lanes: PartitionLanes): boolean[] => [1, 2, 3].map((id) => lanes.meets(keyed('t', id)))
    expect([of(ours), of(theirs)]).to.deep.equal([
      [true, true, false],
      [false, true, false],
    ])
    ours.addAll(whole)
    expect(of(ours)).to.deep.equal([true, true, true])
    ours.addAll(theirs)
    expect(of(ours)).to.deep.equal([true, true, true])
  })
})
