import { expect } from 'chai'
import type { NumberedBatch, PartitionSequences } from '../../lib/produce/partition-sequences.js'
import { ProducerSequences, type Refusal } from '../../lib/produce/producer-sequences.js'

const NOT_LEADER = 6
const TIMED_OUT = 7
const TOO_LARGE = 10
const OUT_OF_ORDER = 45
const UNKNOWN_PRODUCER_ID = 59
const LEADER_NOT_AVAILABLE = 5
const INVALID_PRODUCER_EPOCH = 47
const LAST_SEQUENCE = 2147483647

const answer = (errorCode: number, more: Partial<Refusal> = {}): Refusal => ({
  errorCode,
  logStartOffset: 0n,
  acks: -1,
  ...more,
})

/** A producer with one partition. */
class Setting {
  readonly sequences: ProducerSequences
  readonly partition: PartitionSequences

  constructor(isTransactional = false, epoch = 0) {
    this.sequences = new ProducerSequences({ isTransactional })
    this.sequences.takeIdentity({ producerId: 1000n, epoch })
    this.partition = this.sequences.partition('t', 0)
  }

  /** Writes batches of these sizes. */
  write(...counts: number[]): NumberedBatch[] {
    return counts.map((count) => this.sequences.start(this.partition, count))
  }

  refuse(batch: NumberedBatch, errorCode: number, more?: Partial<Refusal>): 'retry' | 'fail' {
    return this.sequences.refused(batch, answer(errorCode, more))
  }

  /** As before something is written. */
  turn(): boolean {
    const isLost = this.sequences.resolve()
    this.sequences.bumpIfRequested()
    return isLost
  }

  mayStart(): boolean {
    return this.sequences.mayStart(this.partition)
  }
}

const numbers = (batches: readonly NumberedBatch[]) =>
  batches.map(({ identity, baseSequence }) => [identity.epoch, baseSequence])

describe('ProducerSequences', () => {
  it('writes nothing before a producer id is known', () => {
    const sequences = new ProducerSequences({ isTransactional: false })
    expect([sequences.hasIdentity, sequences.mayStart(sequences.partition('t', 0))]).to.deep.equal([
      false,
      false,
    ])
  })

  it('numbers the batches of each partition by their records, from 0', () => {
    const setting = new Setting()
    const other = setting.sequences.start(setting.sequences.partition('t', 1), 7)
    expect(numbers([...setting.write(3, 1, 2), other])).to.deep.equal([
      [0, 0],
      [0, 3],
      [0, 4],
      [0, 0],
    ])
  })

  it('starts at 0 again after the last number', () => {
    const setting = new Setting()
    const [first] = setting.write(LAST_SEQUENCE)
    setting.sequences.acknowledged(first!, 0n)
    const [across] = setting.write(5)
    setting.sequences.acknowledged(across!, -1n)
    const [next] = setting.write(1)
    expect(numbers([across!, next!])).to.deep.equal([
      [0, LAST_SEQUENCE],
      [0, 4],
    ])
    setting.sequences.expired(next!)
    setting.turn()
    expect(setting.sequences.identity.epoch, 'a gap behind 3 is noticed').to.equal(1)
  })

  it('starts no more than five batches from the oldest on that is not acknowledged, though later ones are', () => {
    const setting = new Setting()
    const [oldest, ...others] = setting.write(1, 1, 1, 1) as [NumberedBatch, ...NumberedBatch[]]
    expect(setting.refuse(oldest, TIMED_OUT)).to.equal('retry')
    for (const [i, batch] of others.entries()) setting.sequences.acknowledged(batch, BigInt(i + 1))
    setting.partition.resent(oldest)
    setting.write(1)
    expect(setting.mayStart()).to.equal(false)
    setting.sequences.acknowledged(oldest, 0n)
    expect(setting.mayStart()).to.equal(true)
  })

  it('has at most five batches of a partition in flight, or as many as the broker remembers', () => {
    const setting = new Setting()
    setting.write(1)
    expect(setting.sequences.mayStart(setting.partition, 1)).to.equal(false)
    setting.write(1, 1, 1)
    expect(setting.mayStart()).to.equal(true)
    setting.write(1)
    expect(setting.mayStart()).to.equal(false)
  })

  it('writes batches again one at a time, the lowest number first', () => {
    const setting = new Setting()
    const [a, b] = setting.write(1, 1)
    expect(setting.refuse(a!, LEADER_NOT_AVAILABLE)).to.equal('retry')
    expect(setting.refuse(b!, OUT_OF_ORDER)).to.equal('retry')
    const may = () => [a!, b!].map((batch) => setting.sequences.mayResend(batch))
    expect(may()).to.deep.equal([true, false])
    setting.partition.resent(a!)
    setting.sequences.acknowledged(a!, 0n)
    expect(may()).to.deep.equal([false, true])
    expect(numbers([b!])).to.deep.equal([[0, 1]])
  })

  it('takes a batch that the broker recognised as stored', () => {
    const setting = new Setting()
    const [a] = setting.write(2)
    setting.sequences.acknowledged(a!, -1n)
    expect([setting.partition.inFlight.length, numbers(setting.write(1))]).to.deep.equal([0, [[0, 2]]])
  })

  it('gives the parts of a divided batch the numbers of the whole', () => {
    const setting = new Setting()
    const [whole, next] = setting.write(5, 1)
    const parts = setting.partition.split(whole!, [2, 3])
    expect(numbers([...parts, next!])).to.deep.equal([
      [0, 0],
      [0, 2],
      [0, 5],
    ])
    expect(parts.map((part) => setting.sequences.mayResend(part))).to.deep.equal([true, false])
    expect(numbers(setting.write(1))).to.deep.equal([[0, 6]])
  })

  it('refuses to number a batch where that is not allowed', () => {
    const setting = new Setting()
    const [a] = setting.write(1)
    setting.sequences.expired(a!)
    expect(() => setting.write(1)).to.throw(RangeError)
  })

  it('refuses reports on batches that are not in flight', () => {
    const setting = new Setting()
    const [a] = setting.write(1)
    setting.sequences.acknowledged(a!, 0n)
    expect(() => setting.partition.resent(a!)).to.throw(RangeError)
  })
})

describe('ProducerSequences without transactions', () => {
  it('raises the epoch without asking anybody when the number expected by us is refused', () => {
    const setting = new Setting()
    const [a] = setting.write(1)
    setting.sequences.acknowledged(a!, 0n)
    const [b] = setting.write(2)
    expect(setting.refuse(b!, OUT_OF_ORDER)).to.equal('retry')
    expect([setting.mayStart(), setting.sequences.mayResend(b!)]).to.deep.equal([false, false])
    setting.turn()
    expect(numbers([b!])).to.deep.equal([[1, 0]])
    expect([setting.mayStart(), setting.sequences.mayResend(b!)]).to.deep.equal([true, true])
    expect(numbers(setting.write(1))).to.deep.equal([[1, 2]])
  })

  it('raises the epoch after a batch that failed for good, and renumbers those behind it', () => {
    const setting = new Setting()
    const [a, b, c] = setting.write(1, 2, 1)
    expect(setting.refuse(a!, TOO_LARGE)).to.equal('fail')
    setting.sequences.failed(a!, TOO_LARGE, false)
    expect(setting.refuse(b!, OUT_OF_ORDER)).to.equal('retry')
    expect(setting.refuse(c!, OUT_OF_ORDER)).to.equal('retry')
    setting.turn()
    expect(numbers([b!, c!])).to.deep.equal([
      [1, 0],
      [1, 2],
    ])
    expect(setting.sequences.identity.epoch).to.equal(1)
  })

  it('never renumbers a batch that is on its way', () => {
    const setting = new Setting()
    const [a, b] = setting.write(1, 1)
    setting.refuse(a!, TOO_LARGE)
    setting.sequences.failed(a!, TOO_LARGE, false)
    setting.turn()
    expect([numbers([b!]), setting.mayStart()]).to.deep.equal([[[0, 1]], false])
    setting.sequences.acknowledged(b!, 0n)
    expect(numbers(setting.write(1)), 'nothing is left to renumber').to.deep.equal([[1, 0]])
  })

  it('never renumbers a batch that may be stored, and writes it again as it was', () => {
    const setting = new Setting()
    const [a, b] = setting.write(1, 1)
    setting.refuse(b!, TOO_LARGE)
    setting.sequences.failed(b!, TOO_LARGE, false)
    setting.turn()
    expect(setting.sequences.mayResend(a!)).to.equal(true)
    setting.partition.resent(a!)
    setting.refuse(a!, NOT_LEADER, { acks: 1 })
    expect(numbers([a!]), 'the first attempt is still in doubt').to.deep.equal([[0, 0]])
    setting.partition.resent(a!)
    setting.refuse(a!, OUT_OF_ORDER)
    expect(numbers([a!]), 'the broker has none of its attempts').to.deep.equal([[1, 0]])
  })

  it('keeps a batch in doubt after an answer that leaves it open whether it is stored', () => {
    const setting = new Setting()
    const [a, b] = setting.write(1, 1)
    expect(setting.refuse(a!, TIMED_OUT)).to.equal('retry')
    setting.refuse(b!, TOO_LARGE)
    setting.sequences.failed(b!, TOO_LARGE, false)
    setting.turn()
    expect(numbers([a!])).to.deep.equal([[0, 0]])
  })

  it('lets other partitions finish under the old epoch', () => {
    const setting = new Setting()
    const other = setting.sequences.partition('t', 1)
    const early = setting.sequences.start(other, 1)
    const [a] = setting.write(1)
    setting.refuse(a!, OUT_OF_ORDER)
    setting.turn()
    expect([numbers([early]), setting.sequences.mayStart(other)]).to.deep.equal([[[0, 0]], false])
    setting.sequences.acknowledged(early, 0n)
    expect(numbers([setting.sequences.start(other, 1)])).to.deep.equal([[1, 0]])
  })

  it('raises no second epoch for a partition that has not taken the first one', () => {
    const setting = new Setting()
    const other = setting.sequences.partition('t', 1)
    const old = setting.sequences.start(other, 1)
    const [a] = setting.write(1)
    setting.refuse(a!, OUT_OF_ORDER)
    setting.turn()
    expect(setting.sequences.refused(old, answer(OUT_OF_ORDER))).to.equal('retry')
    setting.turn()
    expect([setting.sequences.identity.epoch, ...numbers([old])]).to.deep.equal([1, [1, 0]])
  })

  it('needs another producer id after the last epoch, under which the refused batch is renumbered', () => {
    const setting = new Setting(false, 32767)
    const [a] = setting.write(1)
    setting.refuse(a!, OUT_OF_ORDER)
    setting.turn()
    expect([setting.sequences.hasIdentity, setting.sequences.mayResend(a!)]).to.deep.equal([false, false])
    setting.sequences.takeIdentity({ producerId: 1001n, epoch: 0 })
    expect([a!.identity.producerId, a!.baseSequence, setting.sequences.mayResend(a!)]).to.deep.equal([
      1001n,
      0,
      true,
    ])
  })

  it('fails a batch that a later one has overtaken, without another epoch', () => {
    const setting = new Setting()
    const [a, b] = setting.write(1, 1)
    setting.refuse(a!, LEADER_NOT_AVAILABLE)
    setting.sequences.acknowledged(b!, 0n)
    setting.partition.resent(a!)
    expect(setting.refuse(a!, OUT_OF_ORDER)).to.equal('fail')
    setting.sequences.failed(a!, OUT_OF_ORDER, false)
    setting.turn()
    expect(numbers(setting.write(1))).to.deep.equal([[0, 2]])
  })

  it('fails a batch that turns out to be overtaken when it was to be renumbered', () => {
    const setting = new Setting()
    const [a, b] = setting.write(1, 1)
    setting.refuse(a!, LEADER_NOT_AVAILABLE)
    setting.partition.resent(a!)
    expect(setting.refuse(a!, OUT_OF_ORDER)).to.equal('retry')
    setting.turn()
    expect(setting.sequences.mustFail(a!), 'the answer for the later one is outstanding').to.equal(false)
    setting.sequences.acknowledged(b!, 0n)
    expect([setting.sequences.mustFail(a!), setting.sequences.mayResend(a!)]).to.deep.equal([true, false])
    setting.sequences.failed(a!, OUT_OF_ORDER, false)
    setting.turn()
    expect(numbers(setting.write(1)), 'no further epoch').to.deep.equal([[1, 0]])
  })

  it('goes on with the following number after a batch whose retries were used up', () => {
    const setting = new Setting()
    const [a] = setting.write(1)
    setting.refuse(a!, LEADER_NOT_AVAILABLE)
    setting.sequences.failed(a!, LEADER_NOT_AVAILABLE, true)
    setting.turn()
    expect(numbers(setting.write(1))).to.deep.equal([[0, 1]])
  })

  it('raises the epoch when a newer one is reported', () => {
    const setting = new Setting()
    const [a] = setting.write(1)
    expect(setting.refuse(a!, INVALID_PRODUCER_EPOCH)).to.equal('fail')
    setting.sequences.failed(a!, INVALID_PRODUCER_EPOCH, false)
    setting.turn()
    expect(setting.sequences.identity.epoch).to.equal(1)
  })

  describe('with lost state', () => {
    it('repeats the request where the start of the log is not known', () => {
      const setting = new Setting()
      const [a] = setting.write(1)
      expect(setting.refuse(a!, UNKNOWN_PRODUCER_ID, { logStartOffset: -1n })).to.equal('retry')
      setting.turn()
      expect(numbers([a!])).to.deep.equal([[0, 0]])
    })

    it('raises the epoch once for all batches in flight', () => {
      const setting = new Setting()
      const [a, b] = setting.write(1, 1)
      for (const batch of [a!, b!]) expect(setting.refuse(batch, UNKNOWN_PRODUCER_ID)).to.equal('retry')
      setting.turn()
      expect(numbers([a!, b!])).to.deep.equal([
        [1, 0],
        [1, 1],
      ])
    })
  })
})

describe('ProducerSequences, of batches that expire', () => {
  it('numbers nothing new until the others in flight are answered', () => {
    const setting = new Setting()
    const [a, b] = setting.write(1, 1)
    setting.sequences.expired(a!)
    setting.turn()
    expect([setting.mayStart(), setting.sequences.mayResend(b!)]).to.deep.equal([false, true])
  })

  it('goes on where a later batch was acknowledged, so that the expired one was stored', () => {
    const setting = new Setting()
    const [a, b] = setting.write(1, 1)
    setting.sequences.expired(a!)
    setting.sequences.acknowledged(b!, 1n)
    setting.turn()
    expect(numbers(setting.write(1))).to.deep.equal([[0, 2]])
  })

  it('raises the epoch where the batch behind it is refused for its number', () => {
    const setting = new Setting()
    const [a, b] = setting.write(1, 1)
    setting.sequences.expired(a!)
    expect(setting.refuse(b!, OUT_OF_ORDER)).to.equal('retry')
    setting.turn()
    expect([numbers([b!]), setting.mayStart()]).to.deep.equal([[[1, 0]], true])
  })

  it('raises the epoch where all of them expired', () => {
    const setting = new Setting()
    for (const batch of setting.write(1, 1)) setting.sequences.expired(batch)
    setting.turn()
    expect(numbers(setting.write(1))).to.deep.equal([[1, 0]])
  })

  it('in a transaction report the loss, once', () => {
    const setting = new Setting(true)
    const [a] = setting.write(1)
    setting.sequences.expired(a!)
    expect([setting.turn(), setting.turn()]).to.deep.equal([true, false])
    expect(setting.sequences.identity.epoch).to.equal(0)
  })
})

describe('ProducerSequences in a transaction', () => {
  it('closes up under the same epoch behind a batch that failed', () => {
    const setting = new Setting(true)
    const [a, b, c] = setting.write(1, 2, 2)
    setting.sequences.acknowledged(a!, 0n)
    setting.refuse(b!, TOO_LARGE)
    setting.sequences.failed(b!, TOO_LARGE, false)
    setting.refuse(c!, OUT_OF_ORDER)
    expect(numbers([c!])).to.deep.equal([[0, 1]])
    expect(numbers(setting.write(1))).to.deep.equal([[0, 3]])
  })

  it('does not give the number of a batch that may be stored to another', () => {
    const setting = new Setting(true)
    const [a] = setting.write(1)
    setting.refuse(a!, TIMED_OUT)
    setting.sequences.failed(a!, TIMED_OUT, true)
    expect([setting.mayStart(), setting.turn()]).to.deep.equal([false, true])
  })

  it('does not give it to another that was to be renumbered either', () => {
    const setting = new Setting(true)
    const [a, b, c] = setting.write(1, 1, 1)
    setting.refuse(b!, TOO_LARGE)
    setting.sequences.failed(b!, TOO_LARGE, false)
    setting.sequences.expired(a!)
    setting.refuse(c!, OUT_OF_ORDER)
    expect(numbers([c!])).to.deep.equal([[0, 2]])
  })

  it('fails the batch that the broker ought to have expected', () => {
    const setting = new Setting(true)
    const [a] = setting.write(1)
    expect(setting.refuse(a!, OUT_OF_ORDER)).to.equal('fail')
  })

  it('starts at 0 again under the same epoch where everything acknowledged has been deleted', () => {
    const setting = new Setting(true)
    const [a] = setting.write(2)
    setting.sequences.acknowledged(a!, 10n)
    const [b] = setting.write(1)
    expect(setting.refuse(b!, UNKNOWN_PRODUCER_ID, { logStartOffset: 12n })).to.equal('retry')
    expect(numbers([b!])).to.deep.equal([[0, 0]])
  })

  it('fails a batch with lost state where the log still has what was acknowledged', () => {
    const setting = new Setting(true)
    const [a] = setting.write(2)
    setting.sequences.acknowledged(a!, 10n)
    const [b] = setting.write(1)
    expect(setting.refuse(b!, UNKNOWN_PRODUCER_ID, { logStartOffset: 11n })).to.equal('fail')
    setting.sequences.failed(b!, UNKNOWN_PRODUCER_ID, false)
    expect(numbers(setting.write(1))).to.deep.equal([[0, 0]])
  })

  it('forgets all partitions when an epoch is granted between transactions', () => {
    const setting = new Setting(true)
    const [a] = setting.write(4)
    setting.sequences.acknowledged(a!, 0n)
    setting.sequences.restart({ producerId: 1000n, epoch: 1 })
    expect(numbers([setting.sequences.start(setting.sequences.partition('t', 0), 1)])).to.deep.equal([[1, 0]])
  })

  describe('ProducerSequences with one batch of a partition in flight', () => {
    it('ProducerSequences gives the numbers of a withdrawn batch to the next one, however large that is', () => {
      const setting = new Setting()
      const [, second] = setting.write(3, 2)
      setting.refuse(second!, TOO_LARGE)
      setting.sequences.withdraw(second!)
      expect(numbers(setting.write(1, 1))).to.deep.equal([
        [0, 3],
        [0, 4],
      ])
    })

    it('ProducerSequences lets no numbers be taken back that may be stored, or have others behind them', () => {
      const setting = new Setting()
      const [first, second] = setting.write(1, 1)
      expect(() => setting.sequences.withdraw(second!)).to.throw(RangeError)
      setting.refuse(first!, TOO_LARGE)
      expect(() => setting.sequences.withdraw(first!)).to.throw(RangeError)
    })

    it('ProducerSequences starts at 0 of the next epoch behind a batch that was withdrawn after a refusal for its number', () => {
      const setting = new Setting()
      setting.sequences.acknowledged(setting.write(1)[0]!, 0n)
      const [batch] = setting.write(1)
      setting.refuse(batch!, OUT_OF_ORDER)
      setting.sequences.withdraw(batch!)
      setting.turn()
      expect(numbers(setting.write(1))).to.deep.equal([[1, 0]])
    })

    it('ProducerSequences says which numbers the next batch is going to have, and none while it may not start', () => {
      const setting = new Setting()
      const next = () => setting.sequences.next(setting.partition)
      const [batch] = setting.write(4)
      expect([next()?.identity.epoch, next()?.baseSequence]).to.deep.equal([0, 4])
      setting.sequences.expired(batch!)
      expect(next()).to.equal(null)
      setting.turn()
      expect([next()?.identity.epoch, next()?.baseSequence]).to.deep.equal([1, 0])
      expect(new ProducerSequences({ isTransactional: false }).next(setting.partition)).to.equal(null)
    })
  })
})
