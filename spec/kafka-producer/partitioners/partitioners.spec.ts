import { expect } from 'chai'
import { PartitionerError } from '../../../lib/errors.js'
import {
  BuiltInPartitioner,
  cumulativeWeights,
  type PartitionLoad,
} from '../../../lib/kafka-producer/partitioners/built-in-partitioner.js'
import {
  DefaultPartitioner,
  RotatingPartitioner,
  UniformStickyPartitioner,
} from '../../../lib/kafka-producer/partitioners/legacy-partitioners.js'
import {
  askPartitioner,
  type Partitioner,
  type TopicView,
} from '../../../lib/kafka-producer/partitioners/partitioner.js'
import { RoundRobinPartitioner } from '../../../lib/kafka-producer/partitioners/round-robin-partitioner.js'

/** Of three partitions, the second without a leader. */
const holed: TopicView = { partitionCount: 3, available: [0, 2] }
const whole: TopicView = { partitionCount: 3, available: [0, 1, 2] }
const leaderless: TopicView = { partitionCount: 3, available: [] }

/** 0, 1, 2, … */
const counting = (from = 0) => {
  let next = from
  return () => next++
}

const asked = (partitioner: Partitioner, view: TopicView, keyBytes: Uint8Array | null = null, topic = 't') =>
  partitioner.partition(topic, null, keyBytes, 'v', null, view)

const builtIn = (stickyBytes: number, random = counting(), load: () => PartitionLoad | null = () => null) =>
  new BuiltInPartitioner({ stickyBytes, random, load })

describe('BuiltInPartitioner', () => {
  it('the built-in partitioner stays until batch.size bytes were produced, then switches', () => {
    const partitioner = builtIn(3)
    const seen: number[] = []
    for (let i = 0; i < 7; i++) {
      seen.push(partitioner.current(whole))
      partitioner.produced(1, true, whole)
    }
    expect(seen).to.deep.equal([0, 0, 0, 1, 1, 1, 2])
  })

  it('the built-in partitioner puts a switch off while the last batch has room, and makes up for it', () => {
    const partitioner = builtIn(10)
    partitioner.current(whole)
    expect([partitioner.produced(12, false, whole), partitioner.current(whole)]).to.deep.equal([false, 0])
    expect([partitioner.produced(0, true, whole), partitioner.current(whole)]).to.deep.equal([true, 1])
  })

  it('the built-in partitioner switches after twice the bytes, though the last batch has room', () => {
    const partitioner = builtIn(10)
    partitioner.current(whole)
    expect([partitioner.produced(19, false, whole), partitioner.produced(1, false, whole)]).to.deep.equal([
      false,
      true,
    ])
  })

  it('the built-in partitioner takes a batch.size of 0 for one byte', () => {
    const partitioner = builtIn(0)
    partitioner.current(whole)
    expect([partitioner.produced(0, true, whole), partitioner.produced(1, true, whole)]).to.deep.equal([
      false,
      true,
    ])
  })

  it('the built-in partitioner never chooses a partition without a leader while another has one', () => {
    const partitioner = builtIn(1)
    const seen = new Set<number>()
    for (let i = 0; i < 30; i++) {
      seen.add(partitioner.current(holed))
      partitioner.produced(1, true, holed)
    }
    expect([...seen]).to.deep.equal([0, 2])
    expect(builtIn(1, () => 4).current(leaderless)).to.equal(1)
  })

  it('the built-in partitioner chooses partitions with long queues less often', () => {
    const load = { queueSizes: [5, 0, 3, 0, 1], partitions: [0, 1, 2, 3, 4], hasExcluded: false }
    const partitioner = builtIn(1, counting(), () => load)
    const counts = [0, 0, 0, 0, 0]
    for (let i = 0; i < 21 * 10; i++) {
      counts[partitioner.current({ partitionCount: 5, available: [0, 1, 2, 3, 4] })]!++
      partitioner.produced(1, true, whole)
    }
    expect(counts).to.deep.equal([10, 60, 30, 60, 50])
  })

  const weights: [title: string, load: PartitionLoad, expected: number[] | null][] = [
    [
      'the sums of longest queue + 1 - own',
      { queueSizes: [0, 3, 1], partitions: [0, 1, 2], hasExcluded: false },
      [4, 5, 8],
    ],
    [
      'none where all queues are as long',
      { queueSizes: [2, 2], partitions: [0, 1], hasExcluded: false },
      null,
    ],
    [
      'equal where all are as long and some were left out',
      { queueSizes: [2, 2], partitions: [0, 2], hasExcluded: true },
      [1, 2],
    ],
    ['none for a single partition', { queueSizes: [2], partitions: [0], hasExcluded: false }, null],
    [
      'that of the only one that was not left out',
      { queueSizes: [2], partitions: [2], hasExcluded: true },
      [1],
    ],
    ['none where nothing is left', { queueSizes: [], partitions: [], hasExcluded: true }, null],
  ]
  for (const [title, load, expected] of weights) {
    it(`the weights of partitions are ${title}`, () => {
      expect(cumulativeWeights(load)).to.deep.equal(expected)
    })
  }
})

describe('RoundRobinPartitioner', () => {
  it('RoundRobinPartitioner counts per topic, whatever the key', () => {
    const partitioner = new RoundRobinPartitioner()
    const seen = Array.from({ length: 30 }, (_, i) => {
      if (i % 5 === 0) asked(partitioner, whole, null, 'other')
      return asked(partitioner, whole, i % 2 === 0 ? Buffer.from('k') : null)
    })
    expect(seen).to.deep.equal(Array.from({ length: 30 }, (_, i) => i % 3))
  })

  it('RoundRobinPartitioner passes over partitions without a leader, unless none has one', () => {
    const partitioner = new RoundRobinPartitioner()
    expect([1, 2, 3, 4].map(() => asked(partitioner, holed))).to.deep.equal([0, 2, 0, 2])
    expect([1, 2, 3].map(() => asked(partitioner, leaderless))).to.deep.equal([1, 2, 0])
  })
})

describe('The partitioners of older clients', () => {
  const key = Buffer.from('foobar')

  it('RotatingPartitioner rotates records without a key from a random partition on, and hashes keys', () => {
    const partitioner = new RotatingPartitioner(() => 5)
    expect([1, 2, 3].map(() => asked(partitioner, whole))).to.deep.equal([2, 0, 1])
    expect([asked(partitioner, holed, key), asked(partitioner, holed)]).to.deep.equal([0, 0])
  })

  it('DefaultPartitioner stays on a partition until a new batch, then takes another one', () => {
    const partitioner = new DefaultPartitioner(() => 1)
    expect([asked(partitioner, whole), asked(partitioner, whole)]).to.deep.equal([1, 1])
    partitioner.onNewBatch('t', whole, 1)
    expect(asked(partitioner, whole)).to.equal(2)
    partitioner.onNewBatch('t', whole, 1)
    expect(asked(partitioner, whole)).to.equal(2)
    expect(asked(partitioner, whole, key)).to.equal(0)
  })

  it('UniformStickyPartitioner does so for keys as well', () => {
    const partitioner = new UniformStickyPartitioner(() => 1)
    expect([asked(partitioner, whole, key), asked(partitioner, whole)]).to.deep.equal([1, 1])
  })

  it('a sticky partitioner stays where only one partition has a leader, and takes any where none has', () => {
    const partitioner = new DefaultPartitioner(() => 4)
    const single: TopicView = { partitionCount: 3, available: [2] }
    expect(asked(partitioner, single)).to.equal(2)
    partitioner.onNewBatch('t', single, 2)
    expect(asked(partitioner, single)).to.equal(2)
    partitioner.onNewBatch('t', leaderless, 2)
    expect(asked(partitioner, leaderless)).to.equal(1)
  })
})

describe('askPartitioner', () => {
  const record = { topic: 't', key: 'secret', value: 'secret' }
  const asking = (partition: Partitioner['partition']) =>
    askPartitioner({ partition }, record, 'kü', null, whole)

  it('a partitioner gets topic, key and value as given and as bytes, and the partitions', () => {
    const given: unknown[] = []
    asking((...all) => {
      given.push(...all)
      return 0
    })
    expect(given).to.deep.equal(['t', 'secret', Buffer.from('6bc3bc', 'hex'), 'secret', null, whole])
  })

  it('a partitioner may return a partition that does not exist yet', () => {
    expect(asking(() => 99)).to.equal(99)
  })

  const refused: [string, () => unknown, RegExp][] = [
    ['a negative number', () => -1, /returned -1 for t: expected an integer from 0 on/],
    ['half a partition', () => 0.5, /returned 0.5/],
    ['a text', () => 'secret', /something of type string/],
    [
      'nothing, but throws',
      () => {
        throw new RangeError('secret')
      },
      /threw for t: RangeError/,
    ],
  ]
  for (const [what, partition, text] of refused) {
    it(`a partitioner that returns ${what} fails the record, which is not shown`, () => {
      expect(() => asking(partition as () => number))
        .to.throw(PartitionerError, text)
        .with.property('message')
        .not.include('secret')
    })
  }
})
