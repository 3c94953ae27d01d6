import { expect } from 'chai'
import { UnconfirmedWrites } from '../../lib/pool/unconfirmed-writes.js'

function request(topic: string, ...partitions: number[]) {
  return { topics: [{ name: topic, partitions: partitions.map((index) => ({ index })) }] }
}

describe('UnconfirmedWrites', () => {
  let writes: UnconfirmedWrites

  beforeEach(() => {
    writes = new UnconfirmedWrites()
  })

  it('counts requests and messages, and keeps each partition once', () => {
    writes.add(request('t', 0, 1), 5)
    writes.add(request('t', 1, 2), 3)
    writes.add(request('u', 7), 1)
    const { requests, messages, partitionsByTopic } = writes.takeAll()
    expect([requests, messages]).to.deep.equal([3, 9])
    expect([...partitionsByTopic].map(([topic, all]) => [topic, [...all]])).to.deep.equal([
      ['t', [0, 1, 2]],
      ['u', [7]],
    ])
    expect(writes.isEmpty).to.equal(true)
  })

  it('confirms writes before a mark, and none after it', () => {
    writes.add(request('t', 0), 2)
    const confirmed = writes.mark()
    writes.add(request('t', 1), 3)
    confirmed()
    expect(writes.isEmpty).to.equal(false)
    expect(writes.takeAll()).to.deep.include({ requests: 1, messages: 3 })
  })

  it('confirms the writes of an earlier round trip with a later answer, and none twice', () => {
    writes.add(request('t', 0), 1)
    const first = writes.mark()
    writes.add(request('t', 0), 1)
    const second = writes.mark()
    second()
    expect(writes.isEmpty).to.equal(true)
    writes.add(request('t', 0), 4)
    first()
    expect(writes.takeAll()).to.deep.include({ requests: 1, messages: 4 })
  })

  it('keeps marked writes until the answer', () => {
    writes.add(request('t', 0), 2)
    writes.mark()
    expect([writes.hasNew, writes.isEmpty]).to.deep.equal([false, false])
    expect(writes.takeAll()).to.deep.include({ requests: 1, messages: 2 })
  })
})
