import { expect } from 'chai'
import { DecodeError } from '../../lib/errors.js'
import { matchResponse } from '../../lib/produce/match-response.js'
import type { ProduceResponse } from '../../lib/protocol/messages/index.js'
import { produceResponse } from '../support/messages.js'

type Answer = [index: number, errorCode: number, baseOffset: number]

function responseOf(...topics: [name: string, ...answers: Answer[]][]): ProduceResponse {
  return produceResponse({
    topics: topics.map(([name, ...answers]) => ({
      name,
      partitions: answers.map(([index, errorCode, baseOffset]) => ({
        index,
        errorCode,
        baseOffset: BigInt(baseOffset),
      })),
    })),
  })
}

function match(
  asked: string[],
  response: ProduceResponse,
): { answers: unknown; unexpected: readonly string[] } {
  const partitions = asked.map((name) => {
    const slash = name.lastIndexOf('/')
    return { name, topic: name.slice(0, slash), partition: Number(name.slice(slash + 1)) }
  })
  const { answers, unexpected } = matchResponse(partitions, response)
  const shown: [name: string, answer: object][] = []
  for (const { name, topic, partition } of partitions) {
    const answer = answers.get(topic, partition)
    if (answer) shown.push([name, { errorCode: answer.errorCode, baseOffset: answer.baseOffset }])
  }
  return { answers: Object.fromEntries(shown), unexpected }
}

describe('matchResponse', () => {
  it('finds the answer of each partition by topic and partition, in whatever order they come', () => {
    const response = responseOf(['u', [0, 6, -1]], ['t', [1, 0, 20], [0, 0, 10]])
    expect(match(['t/0', 't/1', 'u/0'], response)).to.deep.equal({
      answers: {
        't/0': { errorCode: 0, baseOffset: 10n },
        't/1': { errorCode: 0, baseOffset: 20n },
        'u/0': { errorCode: 6, baseOffset: -1n },
      },
      unexpected: [],
    })
  })

  it('leaves a partition that is missing unanswered', () => {
    expect(match(['t/0', 't/1'], responseOf(['t', [0, 0, 10]])).answers).to.deep.equal({
      't/0': { errorCode: 0, baseOffset: 10n },
    })
    expect(match(['t/0'], responseOf()).answers).to.deep.equal({})
  })

  it('does not take an unexpected partition for a missing one where the number of entries is right', () => {
    expect(match(['t/0'], responseOf(['t', [1, 0, 10]]))).to.deep.equal({ answers: {}, unexpected: ['t/1'] })
    expect(match(['t/0'], responseOf(['u', [0, 0, 10]]))).to.deep.equal({ answers: {}, unexpected: ['u/0'] })
  })

  it('reports every unexpected answer and keeps the right ones', () => {
    const { answers, unexpected } = match(
      ['t/0'],
      responseOf(['u', [0, 6, -1], [0, 3, -1]], ['t', [0, 0, 1]]),
    )
    expect(answers).to.have.keys('t/0')
    expect(unexpected).to.deep.equal(['u/0', 'u/0'])
  })

  it('counts the same answer twice once', () => {
    expect(match(['t/0'], responseOf(['t', [0, 0, 10]], ['t', [0, 0, 10]])).answers).to.deep.equal({
      't/0': { errorCode: 0, baseOffset: 10n },
    })
  })

  for (const [what, second] of [
    ['error code', [0, 6, 10]],
    ['offset', [0, 0, 11]],
  ] as [string, Answer][]) {
    it(`refuses two answers for one partition that differ in their ${what}`, () => {
      expect(() => match(['t/0'], responseOf(['t', [0, 0, 10], second]))).to.throw(
        DecodeError,
        'two different answers for t/0',
      )
    })
  }

  it('keeps topics with awkward names apart', () => {
    const response = responseOf(['__proto__', [0, 0, 1]], ['a/1', [2, 0, 2]], ['a', [1, 0, 3]])
    const { answers } = match(['__proto__/0', 'a/1/2', 'a/1'], response)
    const offsets = Object.entries(answers as Record<string, { baseOffset: bigint }>)
    expect(offsets.map(([name, { baseOffset }]) => [name, baseOffset])).to.deep.equal([
      ['__proto__/0', 1n],
      ['a/1/2', 2n],
      ['a/1', 3n],
    ])
  })
})
