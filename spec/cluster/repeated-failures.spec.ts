import { expect } from 'chai'
import { RepeatedFailures } from '../../lib/cluster/repeated-failures.js'

describe('RepeatedFailures', () => {
  let topics: RepeatedFailures
  beforeEach(() => {
    topics = new RepeatedFailures()
  })

  it('contain a topic from its second consecutive error on', () => {
    const repeats = [1, 2, 3].map((nowMs) => {
      const isRepeat = topics.isRepeat('t', false, nowMs)
      topics.hadError('t', nowMs)
      return isRepeat
    })
    expect([...repeats, topics.isRepeat('t', false, 4)]).to.deep.equal([false, false, true, true])
  })

  it('forget the errors of a topic as soon as it has none', () => {
    for (const nowMs of [1, 2]) topics.hadError('t', nowMs)
    topics.wasAnswered('t', false)
    expect(topics.isRepeat('t', true, 3)).to.equal(false)
  })

  it('contain a topic whose leaders stay the same for retries only', () => {
    for (const nowMs of [1, 2]) topics.wasUnchanged('t', nowMs)
    expect([true, false].map((isRetry) => topics.isRepeat('t', isRetry, 3))).to.deep.equal([true, false])
  })

  it('keep counting failed retries when another caller gets the same answer', () => {
    for (const nowMs of [1, 2]) topics.wasUnchanged('t', nowMs)
    topics.wasAnswered('t', false)
    expect(topics.isRepeat('t', true, 3)).to.equal(true)
  })

  it('forget failed retries as soon as a leader has changed', () => {
    for (const nowMs of [1, 2]) topics.wasUnchanged('t', nowMs)
    topics.wasAnswered('t', true)
    expect(topics.isRepeat('t', true, 3)).to.equal(false)
  })

  it('forget a failure that is two seconds old', () => {
    for (const nowMs of [1, 2]) topics.hadError('t', nowMs)
    expect([2001, 2002].map((nowMs) => topics.isRepeat('t', false, nowMs))).to.deep.equal([true, false])
    topics.hadError('t', 2002)
    expect(topics.isRepeat('t', false, 2003)).to.equal(false)
  })

  it('count each topic by itself', () => {
    for (const nowMs of [1, 2]) topics.hadError('a', nowMs)
    expect(topics.isRepeat('b', false, 3)).to.equal(false)
  })
})
