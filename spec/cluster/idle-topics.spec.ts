import { expect } from 'chai'
import { IdleTopics } from '../../lib/cluster/idle-topics.js'

const MINUTE_MS = 60_000

describe('IdleTopics', () => {
  let topics: IdleTopics
  beforeEach(() => {
    topics = new IdleTopics()
  })

  it('contain each topic that was not used for five minutes, once', () => {
    topics.used(['a', 'b'], 0)
    topics.used(['c'], MINUTE_MS)
    expect(topics.takeIdle(5 * MINUTE_MS - 1)).to.deep.equal([])
    expect(topics.takeIdle(5 * MINUTE_MS)).to.deep.equal(['a', 'b'])
    expect(topics.takeIdle(6 * MINUTE_MS)).to.deep.equal(['c'])
    expect(topics.takeIdle(60 * MINUTE_MS)).to.deep.equal([])
  })

  it('leave out a topic that is used repeatedly', () => {
    for (let nowMs = 0; nowMs <= 20 * MINUTE_MS; nowMs += 1000) {
      topics.used(['busy'], nowMs)
      if (nowMs === 0) topics.used(['idle'], nowMs)
    }
    expect(topics.takeIdle(20 * MINUTE_MS)).to.deep.equal(['idle'])
  })
})
