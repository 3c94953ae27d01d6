import { expect } from 'chai'
import { UnprovenPartitions } from '../../lib/handler/unproven-partitions.js'

function places(topic: string, ...partitions: number[]) {
  return partitions.map((partition) => ({ topic, partition }))
}

describe('UnprovenPartitions', () => {
  let unproven: UnprovenPartitions

  beforeEach(() => {
    unproven = new UnprovenPartitions()
  })

  it('contains the added partitions, and no others of their topic', () => {
    unproven.add({ partitionsByTopic: new Map([['t', new Set([1, 2])]]) })
    expect(unproven.hasAny(places('t', 0, 3))).to.equal(false)
    expect(unproven.hasAny(places('u', 1))).to.equal(false)
    expect(unproven.hasAny(places('t', 0, 2))).to.equal(true)
  })

  it('forgets a partition whose leader has answered', () => {
    unproven.add({ partitionsByTopic: new Map([['t', new Set([1])]]) })
    unproven.add({ partitionsByTopic: new Map([['t', new Set([2])]]) })
    for (const place of places('t', 1)) unproven.prove(place)
    expect(unproven.hasAny(places('t', 1))).to.equal(false)
    expect(unproven.hasAny(places('t', 2))).to.equal(true)
    for (const place of places('t', 2, 5)) unproven.prove(place)
    expect(unproven.hasAny(places('t', 1, 2))).to.equal(false)
  })

  it('holds 10,000 topics and drops the oldest beyond that', () => {
    for (let i = 0; i <= 10_000; i++) {
      unproven.add({ partitionsByTopic: new Map([[`t${i}`, new Set([0])]]) })
    }
    expect(unproven.hasAny(places('t0', 0))).to.equal(false)
    expect(unproven.hasAny(places('t1', 0))).to.equal(true)
  })
})
