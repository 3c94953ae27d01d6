import { expect } from 'chai'
import type { MetadataFetcher } from '../../lib/cluster/metadata-refresher.js'
import { BrokerPartitionInfo } from '../../lib/handler/broker-partition-info.js'
import type { MetadataResponse } from '../../lib/protocol/messages/index.js'
import { brokersOf, describing, topicError, topicOf } from '../cluster/support/scripted-source.js'
import { turns } from '../network/support/doubles.js'
import { LogKeeper } from './support/log-keeper.js'

const NONE = Buffer.alloc(16)
const [first, second] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)]

/** Answers in turn, the last one again and again; those before `longFrom` are short of something. */
class SourceOfIds implements MetadataFetcher {
  readonly fetched: (readonly string[])[] = []
  readonly #answers: readonly MetadataResponse[]
  readonly #longFrom: number

  constructor(answers: readonly MetadataResponse[], longFrom = 0) {
    this.#answers = answers
    this.#longFrom = longFrom
  }

  get lacksTopicIds(): boolean {
    return this.fetched.length <= this.#longFrom
  }

  async fetch(topics: readonly string[]): Promise<MetadataResponse> {
    this.fetched.push(topics)
    return this.#answers[Math.min(this.fetched.length, this.#answers.length) - 1]!
  }
}

function withId(topicId: Buffer, name = 't'): MetadataResponse {
  return describing(brokersOf(0), { ...topicOf(name, [0, 0]), topicId })
}

describe('the ids of topics', () => {
  function infoOf(...answers: MetadataResponse[]) {
    return infoFrom(new SourceOfIds(answers))
  }

  function infoFrom(source: SourceOfIds) {
    return new BrokerPartitionInfo({ source, logger: new LogKeeper(), random: () => 0 })
  }

  it('are all zero before an answer contains them', async () => {
    const info = infoOf(withId(NONE))
    expect(info.topicIdOf('t')).to.deep.equal(NONE)
    await info.refresh(['t'])
    expect(info.topicIdOf('t')).to.deep.equal(NONE)
  })

  it('are those of the last answer, as a recreated topic has another one', async () => {
    const info = infoOf(withId(first), withId(second))
    await info.refresh(['t'])
    expect(Buffer.from(info.topicIdOf('t'))).to.deep.equal(first)
    await info.refresh(['t'])
    expect(Buffer.from(info.topicIdOf('t'))).to.deep.equal(second)
  })

  it('are forgotten after an answer of a broker without topic ids', async () => {
    const info = infoOf(withId(first), withId(NONE))
    await info.refresh(['t'])
    await info.refresh(['t'])
    expect(info.topicIdOf('t')).to.deep.equal(NONE)
  })

  it('stay as they are after an answer with an error for the topic', async () => {
    const info = infoOf(withId(first), describing(brokersOf(0), topicError('t', 5)))
    await info.refresh(['t'])
    await info.refresh(['t'])
    expect(Buffer.from(info.topicIdOf('t'))).to.deep.equal(first)
  })

  it('are not kept for topics that were not requested', async () => {
    const info = infoOf(withId(first, 'u'))
    await info.refresh(['t'])
    expect(info.topicIdOf('u')).to.deep.equal(NONE)
  })

  it('do not keep the whole answer in memory', async () => {
    const answer = Buffer.alloc(1000, 1)
    const info = infoOf(withId(answer.subarray(100, 116)))
    await info.refresh(['t'])
    answer.fill(9)
    expect(Buffer.from(info.topicIdOf('t'))).to.deep.equal(first)
    expect(info.topicIdOf('t').buffer.byteLength).to.equal(16)
  })

  describe('after an answer without a field for them', () => {
    it('are requested once more without delaying messages', async () => {
      const source = new SourceOfIds([withId(NONE), withId(first)], 1)
      const info = infoFrom(source)
      await info.refresh(['t'])
      expect(info.topicIdOf('t')).to.deep.equal(NONE)
      await turns(20)
      expect(source.fetched).to.deep.equal([['t'], ['t']])
      expect(Buffer.from(info.topicIdOf('t'))).to.deep.equal(first)
    })

    it('are not requested a third time, whatever the second answer contains', async () => {
      const source = new SourceOfIds([withId(NONE)], 99)
      await infoFrom(source).refresh(['t'])
      await turns(20)
      expect(source.fetched).to.have.length(2)
    })

    it('are not requested after close', async () => {
      const source = new SourceOfIds([withId(NONE)], 99)
      const info = infoFrom(source)
      const refreshed = info.refresh(['t'])
      info.close()
      await refreshed
      await turns(20)
      expect(source.fetched).to.have.length(1)
    })
  })
})
