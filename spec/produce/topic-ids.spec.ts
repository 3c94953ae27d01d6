import { expect } from 'chai'
import { canNameById, withTopicNames } from '../../lib/produce/topic-ids.js'
import type { ProduceRequest } from '../../lib/protocol/messages/index.js'
import { produceRequest, produceResponse } from '../support/messages.js'

const NONE = Buffer.alloc(16)
const ids = { t: Buffer.alloc(16, 1), u: Buffer.alloc(16, 2) }

function requestFor(...topics: [name: string, topicId: Buffer][]): ProduceRequest {
  const request = produceRequest({ acks: 1, timeoutMs: 1, topics: [] })
  return { ...request, topics: topics.map(([name, topicId]) => ({ name, topicId, partitions: [] })) }
}

describe('canNameById', () => {
  const rows: [title: string, request: ProduceRequest, can: boolean][] = [
    ['the ids of all topics are known', requestFor(['t', ids.t], ['u', ids.u]), true],
    ['one topic has none', requestFor(['t', ids.t], ['u', NONE]), false],
    ['none has one', requestFor(['t', NONE]), false],
  ]
  for (const [title, request, can] of rows) {
    it(`is ${can} when ${title}`, () => {
      expect(canNameById(request)).to.equal(can)
    })
  }

  it('accepts an id whose only non-zero byte is the last', () => {
    expect(canNameById(requestFor(['t', Buffer.from(NONE).fill(1, 15)]))).to.equal(true)
  })
})

describe('withTopicNames', () => {
  const request = requestFor(['t', ids.t], ['u', ids.u])

  it('sets the requested names on the topics of an answer, in the order of the answer', () => {
    const response = produceResponse({
      topics: [
        { topicId: Buffer.from(ids.u), partitions: [] },
        { topicId: Buffer.from(ids.t), partitions: [] },
      ],
    })
    expect(withTopicNames(response, request).topics.map(({ name }) => name)).to.deep.equal(['u', 't'])
    expect(
      response.topics.map(({ name }) => name),
      'the answer itself',
    ).to.deep.equal(['', ''])
  })

  it('leaves an answer with names as it is', () => {
    const response = produceResponse({ topics: [{ name: 'u', partitions: [] }] })
    expect(withTopicNames(response, request)).to.equal(response)
  })

  it('leaves an unrequested id without a name', () => {
    const response = produceResponse({ topics: [{ topicId: Buffer.alloc(16, 9), partitions: [] }] })
    expect(withTopicNames(response, request).topics[0]!.name).to.equal('')
  })
})
