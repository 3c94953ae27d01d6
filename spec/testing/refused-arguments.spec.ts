import { expect } from 'chai'
import { close, errorCode, Faults, reset, TestCluster } from '../../lib/testing/index.js'

async function message(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(
    () => 'nothing was refused',
    (error: Error) => `${error.name}: ${error.message}`,
  )
  return outcome
}

describe('What a test cluster refuses', () => {
  const options: readonly (readonly [what: string, options: object, said: string])[] = [
    ['no broker', { brokers: 0 }, 'RangeError: a test cluster has 1 broker or more, not 0'],
    ['half a broker', { brokers: 1.5 }, '1 broker or more, not 1.5'],
    ['an option that there is not', { broker: 3 }, 'a test cluster has brokers, era,'],
    ['an option that there is not, by its name', { autoCreate: false }, 'not autoCreate'],
    ['a transaction version that there is not', { transactionVersion: 3 }, 'is 0, 1 or 2, not 3'],
    ['an unknown era', { era: '0.7' }, 'era 0.7 is not known; these are: 0.8,'],
  ]
  for (const [what, given, said] of options) {
    it(`is ${what}, and the error names it`, async () => {
      expect(await message(TestCluster.start(given))).to.contain(said)
    })
  }

  it('is an option of a topic that there is not, and the error names it', async () => {
    const cluster = await TestCluster.start()
    try {
      expect(() => cluster.createTopic('t', { partition: 3 } as object)).to.throw(
        RangeError,
        'a topic has partitions, leaders, maxMessageBytes, timestampType, cleanupPolicy, not partition',
      )
    } finally {
      await cluster.close()
    }
  })

  it('is nothing where nothing is said: one broker of the newest release', async () => {
    const cluster = await TestCluster.start()
    try {
      expect([cluster.bootstrap.split(',').length, cluster.broker(0).era]).to.deep.equal([1, '4.3'])
    } finally {
      await cluster.close()
    }
  })
})

describe('Faults refuse', () => {
  const filters: readonly (readonly [what: string, filter: object, said: string])[] = [
    [
      'a misspelt field',
      { topics: 't' },
      'topic, partition, broker, transactionalId, group, times, after, not topics',
    ],
    ['a field of another API', { era: '0.8' }, 'not era'],
    [
      'a partition that is a text',
      { partition: '1' },
      "partition of a fault's filter is a number from 0 on, not 1",
    ],
    ['a negative number of times', { times: -1 }, 'times'],
    ['a number of times that is none', { times: Number.NaN }, 'times'],
    ['a topic that is a number', { topic: 7 }, 'topic of a fault'],
  ]
  for (const [what, filter, said] of filters) {
    it(`${what} in a filter`, () => {
      expect(() => new Faults().on('Produce', filter, errorCode(7))).to.throw(RangeError, said)
    })
  }

  it('the name of an API that they do not know, and list those they do', () => {
    expect(() => new Faults().on('EndTransaction' as 'EndTxn', {}, errorCode(7))).to.throw(
      RangeError,
      'TxnOffsetCommit, EndTxn, not of EndTransaction',
    )
  })

  it('what is no fault', () => {
    expect(() => new Faults().on('Produce', {}, 7 as never)).to.throw(RangeError, 'errorCode(6)')
  })

  it('the name of an error that Kafka does not have', () => {
    expect(() => errorCode('NOT_LEADER')).to.throw(RangeError, 'Kafka has no error NOT_LEADER')
    expect(errorCode('NOT_LEADER_OR_FOLLOWER')).to.deep.equal(errorCode(6))
  })

  it('what is no error code', () => {
    expect(() => errorCode(1.5)).to.throw(RangeError, 'not 1.5')
    expect(() => errorCode(40_000)).to.throw(RangeError, 'not 40000')
  })

  it('a moment of closing that there is not', () => {
    expect(() => close('before' as never)).to.throw(RangeError, 'not before')
    expect(() => reset('after' as never)).to.throw(RangeError, 'not after')
  })
})
