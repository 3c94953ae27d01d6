/** The scenarios of Kafka's RecordAccumulatorTest (3.9) and what the Java client 4.3.1 was seen to do, over plain values. */
import { expect } from 'chai'
import { Appended } from '../../lib/kafka-producer/record-accumulator.js'
import { BufferExhaustedError, RecordTooLargeError } from '../../lib/kafka-producer/record-errors.js'
import { accumulatorOf, append, complete, FakeCluster, shown } from './support/accumulated.js'

const MB = 1024 * 1024
/** 61 + 939, and 1,016 at most: one fits into a batch of 1,024, two do not. */
const LARGE = { bytes: 930 }

describe('RecordAccumulator', () => {
  describe('batches', () => {
    it('which records share a batch of batch.size=189 is decided by exact bytes, as in the Java client', () => {
      const accumulator = accumulatorOf({ batchBytes: 189, lingerMs: 20_000 })
      for (const bytes of [10, 20, 30, 40, 38, 39, 5, 70, 1, 60, 61, 62]) append(accumulator, 0, 0, { bytes })
      const sizes: [number, number][] = []
      for (let i = 0; i < 6; i++) {
        const [batch] = accumulator.drain(1, MB, 0)
        sizes.push([batch!.estimatedBytes, batch!.count])
      }
      expect(sizes).to.deep.equal([
        [189, 4],
        [164, 3],
        [148, 2],
        [129, 1],
        [130, 1],
        [131, 1],
      ])
      expect(accumulator.drain(1, MB, 0)).to.deep.equal([])
    })

    it('a batch.size of 0 is that of the first record, and a second tiny one still fits', () => {
      const accumulator = accumulatorOf({ batchBytes: 0, lingerMs: 20_000 })
      append(accumulator, 0, 0, { value: 'aa' })
      append(accumulator, 0, 0, { value: 'bb' })
      append(accumulator, 1, 0, { bytes: 40 })
      append(accumulator, 1, 0, { bytes: 40 })
      expect(accumulator.drain(1, MB, 0).map(({ count }) => count)).to.deep.equal([2, 1])
    })

    it('a record larger than batch.size has a batch of its own', () => {
      const accumulator = accumulatorOf({ lingerMs: 0 })
      append(accumulator, 0, 0, { bytes: 2048 })
      append(accumulator, 0, 0, { bytes: 20 })
      expect([
        accumulator.ready(0).nodes,
        accumulator.drain(1, MB, 0).map(({ count }) => count),
      ]).to.deep.equal([[1], [1]])
    })

    it('append says when the sender is to look: with a new batch and with a full one', () => {
      const accumulator = accumulatorOf({ batchBytes: 80 })
      const done = [1, 1, 1, 1].map(() => append(accumulator, 0, 0).done)
      const { yes, wakesSender } = Appended
      // The limit is 86, the most bytes of the first record; 61 + 3 × 8 are there when the fourth one comes.
      expect(done).to.deep.equal([yes | wakesSender, yes, yes, yes | wakesSender])
    })

    it('append does nothing where a new batch would begin and is not wanted', () => {
      const accumulator = accumulatorOf()
      expect(append(accumulator, 0, 0, { beginsBatch: false }).done).to.equal(Appended.needsNewBatch)
      append(accumulator, 0, 0, LARGE)
      expect(append(accumulator, 0, 0, { beginsBatch: false }).done).to.equal(Appended.yes)
      expect(append(accumulator, 0, 0, { ...LARGE, beginsBatch: false }).done).to.equal(
        Appended.needsNewBatch,
      )
      expect(accumulator.incompleteBatches).to.equal(1)
    })

    it('a future knows its place in the batch, its sizes and its partition', () => {
      const accumulator = accumulatorOf()
      append(accumulator, 2, 0)
      const { future } = append(accumulator, 2, 0, { value: 'ü' })
      expect([
        future.index,
        future.keyBytes,
        future.valueBytes,
        future.partition,
        future.isAppended,
      ]).to.deep.equal([1, -1, 2, 2, true])
    })

    it('a record above max.request.size or buffer.memory is refused by its upper bound', () => {
      const accumulator = accumulatorOf({ maxRequestBytes: 1000 })
      append(accumulator, 0, 0, { bytes: 914 })
      expect(() => append(accumulator, 0, 0, { bytes: 915 })).to.throw(
        RecordTooLargeError,
        /takes up to 1001 bytes, and max.request.size is 1000/,
      )
      const small = accumulatorOf({ bufferBytes: 1000 })
      expect(() => append(small, 0, 0, { bytes: 915 })).to.throw(RecordTooLargeError, /buffer.memory is 1000/)
      expect(append(small, 0, 0, { bytes: 914 }).done & Appended.yes).to.equal(Appended.yes)
    })
  })

  describe('ready', () => {
    it('a partition is due when linger.ms has passed since its batch began', () => {
      const accumulator = accumulatorOf()
      append(accumulator, 0, 0)
      append(accumulator, 0, 9)
      expect(accumulator.ready(9)).to.deep.equal({ nodes: [], nextDueMs: 10, leaderlessTopics: [] })
      expect(accumulator.ready(10)).to.deep.equal({ nodes: [1], nextDueMs: Infinity, leaderlessTopics: [] })
      expect(shown(accumulator.drain(1, MB, 10))).to.deep.equal(['0: v,v'])
      expect(accumulator.ready(10).nodes).to.deep.equal([])
    })

    it('a partition with linger.ms=0 is due at once', () => {
      const accumulator = accumulatorOf({ lingerMs: 0 })
      append(accumulator, 0, 5)
      expect(accumulator.ready(5).nodes).to.deep.equal([1])
    })

    it('a partition is due when its batch is full, or a second one has begun', () => {
      const accumulator = accumulatorOf({ batchBytes: 1025 })
      for (let i = 0; i < 1; i++) append(accumulator, 0, 0, LARGE)
      expect(accumulator.ready(0).nodes).to.deep.equal([])
      append(accumulator, 0, 0, LARGE)
      expect(accumulator.ready(0).nodes).to.deep.equal([1])
    })

    it('the next check is when the first of several partitions is due', () => {
      const accumulator = accumulatorOf()
      append(accumulator, 0, 0)
      append(accumulator, 2, 5)
      expect(accumulator.ready(5).nextDueMs).to.equal(10)
      expect(accumulator.ready(10)).to.deep.include({ nodes: [1], nextDueMs: 15 })
    })

    it('everything is due while a record waits for memory, a flush waits, a transaction completes, or after close', async () => {
      const due = (accumulator: ReturnType<typeof accumulatorOf>) => accumulator.ready(0).nodes
      const full = accumulatorOf({ bufferBytes: 1024 })
      append(full, 0, 0)
      append(full, 1, 0)
      expect([full.waitingRecords, due(full)]).to.deep.equal([1, [1]])
      const completing = accumulatorOf()
      append(completing, 0, 0)
      completing.setCompleting(true)
      expect(due(completing)).to.deep.equal([1])
      completing.setCompleting(false)
      expect(due(completing)).to.deep.equal([])
      completing.close()
      expect(due(completing)).to.deep.equal([1])
    })

    it('topics whose partitions have no leader are named until one is known', () => {
      const cluster = new FakeCluster()
      cluster.leaders[0] = null
      const accumulator = accumulatorOf({ cluster, lingerMs: 0 })
      append(accumulator, 0, 0)
      expect(accumulator.ready(0)).to.deep.equal({
        nodes: [],
        nextDueMs: Infinity,
        leaderlessTopics: ['test'],
      })
      cluster.leaders[0] = { leaderId: 7, leaderEpoch: 1 }
      accumulator.updateCluster(0)
      expect(accumulator.ready(0)).to.deep.equal({ nodes: [7], nextDueMs: Infinity, leaderlessTopics: [] })
      expect(shown(accumulator.drain(7, MB, 0))).to.deep.equal(['0: v'])
    })

    it('partitions go to their new leader when metadata has changed, idle and muted ones too', () => {
      const cluster = new FakeCluster()
      const accumulator = accumulatorOf({ cluster, lingerMs: 0, isMutedInFlight: true })
      for (const partition of [0, 1]) append(accumulator, partition, 0)
      const [batch] = accumulator.drain(1, 1, 0)
      cluster.leaders[0] = cluster.leaders[1] = { leaderId: 2, leaderEpoch: 1 }
      accumulator.updateCluster(0)
      accumulator.reenqueue(batch!, 0)
      accumulator.unmute('test', 0, 0)
      expect(accumulator.ready(0).nodes).to.deep.equal([2])
      expect(shown(accumulator.drain(2, MB, 0))).to.deep.equal(['1: v', '0: v'])
    })

    it('ready and append look at no partition but those that changed', () => {
      const cluster = new FakeCluster()
      const accumulator = accumulatorOf({ cluster, lingerMs: 1000 })
      for (const partition of [0, 1, 2, 3]) append(accumulator, partition, 0)
      const before = cluster.lookups
      for (let i = 0; i < 50; i++) {
        append(accumulator, 0, 1)
        accumulator.ready(1)
      }
      expect(cluster.lookups - before).to.equal(0)
    })
  })

  describe('drain', () => {
    it('the partitions of a broker take turns, those that are in flight left out', () => {
      const accumulator = accumulatorOf({ lingerMs: 0, isMutedInFlight: true })
      const one = 69
      const both = (maxBytes: number) => [
        ...shown(accumulator.drain(1, maxBytes, 0)),
        ...shown(accumulator.drain(2, maxBytes, 0)),
      ]
      const refill = (...partitions: number[]) =>
        partitions.map((partition) => append(accumulator, partition, 0))
      const free = (...partitions: number[]) =>
        partitions.map((partition) => accumulator.unmute('test', partition, 0))
      refill(0, 1, 2, 3)
      expect(both(one)).to.deep.equal(['0: v', '2: v'])
      free(0, 2)
      refill(0, 2)
      expect(both(one)).to.deep.equal(['1: v', '3: v'])
      expect(both(one)).to.deep.equal(['0: v', '2: v'])
      free(0, 1, 2)
      refill(1, 2, 3)
      expect(both(one)).to.deep.equal(['1: v', '2: v'])
      free(1, 2, 3)
      refill(0, 1, 2)
      expect(both(MB)).to.have.members(['0: v', '1: v', '2: v', '3: v'])
    })

    it('a request takes one batch of a partition, and no more than fit', () => {
      const accumulator = accumulatorOf()
      for (let i = 0; i < 3; i++) for (const partition of [0, 1]) append(accumulator, partition, 0, LARGE)
      expect(accumulator.drain(1, 1024, 0)).to.have.length(1)
      expect(accumulator.drain(1, MB, 0).map(({ partition }) => partition)).to.deep.equal([1, 0])
    })

    it('a batch larger than a request goes alone', () => {
      const accumulator = accumulatorOf({ lingerMs: 0 })
      append(accumulator, 0, 0, { bytes: 5000 })
      append(accumulator, 1, 0)
      expect(accumulator.drain(1, 1000, 0).map(({ partition }) => partition)).to.deep.equal([0])
    })

    it('a due partition takes the lingering ones of its broker along', () => {
      const accumulator = accumulatorOf({ lingerMs: 1000 })
      append(accumulator, 1, 0)
      append(accumulator, 0, 999)
      append(accumulator, 2, 999)
      expect(accumulator.ready(1000).nodes).to.deep.equal([1])
      expect(shown(accumulator.drain(1, MB, 1000))).to.deep.equal(['1: v', '0: v'])
    })

    it('a broker without partitions gives nothing', () => {
      expect(accumulatorOf().drain(9, MB, 0)).to.deep.equal([])
    })

    it('a partition that may not be drained is passed over', () => {
      const accumulator = accumulatorOf({ lingerMs: 0 })
      for (const partition of [0, 1]) append(accumulator, partition, 0)
      expect(shown(accumulator.drain(1, MB, 0, ({ partition }) => partition === 1))).to.deep.equal(['1: v'])
      expect(shown(accumulator.drain(1, MB, 0))).to.deep.equal(['0: v'])
    })

    it('a batch that was drained takes no more records', () => {
      const accumulator = accumulatorOf({ lingerMs: 0 })
      append(accumulator, 0, 0, { value: 'a' })
      const first = accumulator.drain(1, MB, 0)
      append(accumulator, 0, 0, { value: 'b' })
      expect([shown(first), shown(accumulator.drain(1, MB, 0))]).to.deep.equal([['0: a'], ['0: b']])
    })

    it('a muted partition is neither ready nor drained until its request has ended', () => {
      const accumulator = accumulatorOf({ lingerMs: 0, isMutedInFlight: true })
      append(accumulator, 0, 0, { value: 'a' })
      const [batch] = accumulator.drain(1, MB, 0)
      append(accumulator, 0, 0, { value: 'b' })
      expect([accumulator.ready(0).nodes, accumulator.drain(1, MB, 0)]).to.deep.equal([[], []])
      complete(accumulator, batch!, 0)
      expect([accumulator.ready(0).nodes, shown(accumulator.drain(1, MB, 0))]).to.deep.equal([[1], ['0: b']])
    })
  })

  describe('retries', () => {
    it('a batch that failed goes back in front and waits for its back-off, others of its broker do not', () => {
      const accumulator = accumulatorOf({ lingerMs: 0 })
      append(accumulator, 0, 0, { value: 'a' })
      const [batch] = accumulator.drain(1, MB, 0)
      append(accumulator, 0, 0, { value: 'b' })
      accumulator.reenqueue(batch!, 1)
      append(accumulator, 1, 1, { value: 'c' })
      expect(accumulator.ready(1)).to.deep.include({ nodes: [1], nextDueMs: 101 })
      expect(shown(accumulator.drain(1, MB, 1))).to.deep.equal(['1: c'])
      expect(accumulator.ready(100).nodes).to.deep.equal([])
      expect(accumulator.ready(101).nodes).to.deep.equal([1])
      expect([shown(accumulator.drain(1, MB, 101)), shown(accumulator.drain(1, MB, 101))]).to.deep.equal([
        ['0: a'],
        ['0: b'],
      ])
    })

    it('the back-off doubles with each failure up to retry.backoff.max.ms, 20 % more or less', () => {
      for (const [random, factor] of [
        [0, 0.8],
        [0.5, 1],
        [0.9999999, 1.2],
      ] as const) {
        const accumulator = accumulatorOf({ lingerMs: 0, random: () => random, deliveryTimeoutMs: 1e6 })
        append(accumulator, 0, 0)
        let nowMs = 0
        const waits: number[] = []
        for (let i = 0; i < 6; i++) {
          const [batch] = accumulator.drain(1, MB, nowMs)
          accumulator.reenqueue(batch!, nowMs)
          const { nextDueMs } = accumulator.ready(nowMs)
          waits.push(Math.round(nextDueMs - nowMs))
          nowMs = nextDueMs
          accumulator.ready(nowMs)
        }
        const expected = [100, 200, 400, 800, 1000, 1000].map((ms) => Math.min(1000, Math.round(ms * factor)))
        if (factor === 0.8) expected.splice(4, 2, 800, 800)
        expect(waits, `factor ${factor}`).to.deep.equal(expected)
      }
    })

    it('neither flush nor close shortens a back-off', () => {
      const accumulator = accumulatorOf({ lingerMs: 0 })
      append(accumulator, 0, 0)
      accumulator.reenqueue(accumulator.drain(1, MB, 0)[0]!, 0)
      void accumulator.flush()
      accumulator.close()
      expect([accumulator.ready(50).nodes, accumulator.drain(1, MB, 50)]).to.deep.equal([[], []])
    })

    const leaderChanges: [title: string, epoch: number, atMs: number, nodes: number[]][] = [
      ['too early, and the leader is the same', 0, 50, []],
      ['too early, and the leader is new', 1, 50, [1]],
      ['late enough, and the leader is the same', 0, 100, [1]],
      ['late enough, and the leader is new', 1, 100, [1]],
    ]
    for (const [title, leaderEpoch, atMs, nodes] of leaderChanges) {
      it(`a retry where it is ${title}: ${nodes.length > 0 ? 'is sent' : 'waits'}`, () => {
        const cluster = new FakeCluster()
        const accumulator = accumulatorOf({ cluster, lingerMs: 0 })
        append(accumulator, 0, 0)
        accumulator.reenqueue(accumulator.drain(1, MB, 0)[0]!, 0)
        cluster.leaders[0] = { leaderId: 1, leaderEpoch }
        accumulator.updateCluster(atMs)
        expect(accumulator.ready(atMs).nodes).to.deep.equal(nodes)
      })
    }

    it('a new leader that was known before the failure counts as well', () => {
      const cluster = new FakeCluster()
      const accumulator = accumulatorOf({ cluster, lingerMs: 0 })
      append(accumulator, 0, 0)
      const [batch] = accumulator.drain(1, MB, 0)
      cluster.leaders[0] = { leaderId: 2, leaderEpoch: 1 }
      accumulator.updateCluster(0)
      accumulator.reenqueue(batch!, 0)
      expect(accumulator.ready(0).nodes).to.deep.equal([2])
    })

    it('batches with sequence numbers that failed together go back in the order of their numbers', () => {
      const accumulator = accumulatorOf({ lingerMs: 0 })
      const batches = ['a', 'b', 'c'].map((value, i) => {
        append(accumulator, 0, 0, { value })
        const [batch] = accumulator.drain(1, MB, 0)
        batch!.encode({
          producerId: 1n,
          producerEpoch: 0,
          baseSequence: (2147483647 + i) % 2 ** 31,
          isTransactional: false,
        })
        return batch!
      })
      append(accumulator, 0, 0, { value: 'd' })
      for (const i of [1, 2, 0]) accumulator.reenqueue(batches[i]!, 0)
      const order: string[] = []
      for (let i = 0; i < 4; i++) {
        accumulator.ready(200 + i)
        order.push(...shown(accumulator.drain(1, MB, 200 + i)))
      }
      expect(order).to.deep.equal(['0: a', '0: b', '0: c', '0: d'])
    })
  })

  describe('expiry', () => {
    it('batches expire delivery.timeout.ms after they began, queued and in flight, oldest first', () => {
      const accumulator = accumulatorOf({ lingerMs: 300, isMutedInFlight: true })
      append(accumulator, 0, 0, { value: 'a' })
      const [inFlight] = accumulator.drain(1, MB, 0)
      append(accumulator, 2, 5, { value: 'b' })
      append(accumulator, 0, 7, { value: 'c' })
      expect([accumulator.nextExpiryMs, accumulator.expire(3199)]).to.deep.equal([3200, []])
      expect(shown(accumulator.expire(3206))).to.deep.equal(['0: a', '2: b'])
      expect(inFlight!.isInFlight).to.equal(true)
      expect(accumulator.nextExpiryMs).to.equal(3207)
      expect(shown(accumulator.expire(3207))).to.deep.equal(['0: c'])
      expect([accumulator.nextExpiryMs, accumulator.drain(2, MB, 3207)]).to.deep.equal([Infinity, []])
    })

    it('the partition of a batch that expired in flight stays muted until the request has ended', () => {
      const accumulator = accumulatorOf({ lingerMs: 0, isMutedInFlight: true })
      append(accumulator, 0, 0, { value: 'a' })
      accumulator.drain(1, MB, 0)
      append(accumulator, 0, 3199, { value: 'b' })
      for (const batch of accumulator.expire(3200)) accumulator.deallocate(batch, false)
      expect(accumulator.ready(3200).nodes).to.deep.equal([])
      accumulator.unmute('test', 0, 3201)
      expect(shown(accumulator.drain(1, MB, 3201))).to.deep.equal(['0: b'])
    })

    it('a batch that backs off expires as well', () => {
      const accumulator = accumulatorOf({ lingerMs: 0 })
      append(accumulator, 0, 0)
      accumulator.reenqueue(accumulator.drain(1, MB, 0)[0]!, 3150)
      expect(accumulator.expire(3200)).to.have.length(1)
      expect(accumulator.ready(9999)).to.deep.include({ nodes: [], nextDueMs: Infinity })
    })

    it('a delivery.timeout.ms of the largest integer never expires', () => {
      const accumulator = accumulatorOf({ deliveryTimeoutMs: 2147483647 })
      append(accumulator, 0, 0)
      expect(accumulator.expire(1e9)).to.deep.equal([])
    })
  })

  describe('memory', () => {
    const tight = { bufferBytes: 2048, lingerMs: 0 }

    it('memory is counted by whole batches and comes back when they are done', () => {
      const accumulator = accumulatorOf({ ...tight, bufferBytes: 5000 })
      append(accumulator, 0, 0)
      append(accumulator, 0, 0)
      append(accumulator, 1, 0, { bytes: 2000 })
      // 2,000 and 85 at most beside it.
      expect(accumulator.availableBytes).to.equal(5000 - 1024 - 2086)
      for (const batch of accumulator.drain(1, MB, 0)) complete(accumulator, batch, 0)
      expect(accumulator.availableBytes).to.equal(5000)
    })

    it('records wait for memory first come, first served, also those whose batch has room', async () => {
      const accumulator = accumulatorOf(tight)
      append(accumulator, 0, 0, LARGE)
      append(accumulator, 1, 0, { value: 'first' })
      const waiting = append(accumulator, 2, 0, { value: 'second' })
      const behind = append(accumulator, 1, 0, { value: 'third' })
      const { waits, wakesSender } = Appended
      expect([waiting.done, behind.done, accumulator.waitingRecords]).to.deep.equal([
        waits | wakesSender,
        waits | wakesSender,
        2,
      ])
      expect([accumulator.admit(0), accumulator.waitingRecords]).to.deep.equal([[], 2])
      const appended = Promise.all([waiting.future.appended, behind.future.appended])
      const [large, small] = accumulator.drain(1, MB, 0)
      complete(accumulator, large!, 0)
      expect([accumulator.admit(0), accumulator.waitingRecords]).to.deep.equal([[], 1])
      complete(accumulator, small!, 0)
      accumulator.admit(0)
      await appended
      expect([
        accumulator.waitingRecords,
        shown(accumulator.drain(2, MB, 0)),
        shown(accumulator.drain(1, MB, 0)),
      ]).to.deep.equal([0, ['2: second'], ['1: third']])
    })

    it('a large record is not starved by small ones behind it', () => {
      const accumulator = accumulatorOf(tight)
      append(accumulator, 0, 0)
      append(accumulator, 1, 0)
      append(accumulator, 2, 0, { bytes: 1800 })
      append(accumulator, 3, 0)
      const [first, second] = accumulator.drain(1, MB, 0)
      complete(accumulator, first!, 0)
      accumulator.admit(0)
      expect(accumulator.waitingRecords).to.equal(2)
      complete(accumulator, second!, 0)
      accumulator.admit(0)
      expect(accumulator.waitingRecords).to.equal(1)
    })

    it('a record that has waited until its deadline fails, whoever is before it', () => {
      const accumulator = accumulatorOf(tight)
      append(accumulator, 0, 0)
      append(accumulator, 1, 0)
      append(accumulator, 2, 0, { deadlineMs: 100 })
      const early = append(accumulator, 3, 0, { deadlineMs: 50 })
      expect([accumulator.nextExpiryMs, accumulator.admit(49)]).to.deep.equal([50, []])
      const [failed] = accumulator.admit(50)
      expect(failed!.future).to.equal(early.future)
      expect(failed!.error)
        .to.be.instanceOf(BufferExhaustedError)
        .with.property('message')
        .match(/max.block.ms has passed/)
      expect([accumulator.waitingRecords, accumulator.nextExpiryMs]).to.deep.equal([1, 100])
    })

    it('the records that wait are limited to buffer.memory once more', () => {
      const accumulator = accumulatorOf(tight)
      for (const partition of [0, 1]) append(accumulator, partition, 0)
      append(accumulator, 2, 0, { bytes: 1900 })
      expect(() => append(accumulator, 2, 0, LARGE)).to.throw(BufferExhaustedError, /too many records wait/)
      expect(accumulator.waitingRecords).to.equal(1)
    })

    it('a batch.size above buffer.memory takes what there is', () => {
      const accumulator = accumulatorOf({ bufferBytes: 500 })
      append(accumulator, 0, 0)
      expect(accumulator.availableBytes).to.equal(0)
    })

    it('a record whose bytes were given away while it waited fails alone', () => {
      const accumulator = accumulatorOf(tight)
      for (const partition of [0, 1]) append(accumulator, partition, 0)
      const bytes = new Uint8Array(8)
      const gone = append(accumulator, 2, 0, { value: bytes as never })
      const next = append(accumulator, 2, 0, { value: 'next' })
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
      for (const batch of accumulator.drain(1, MB, 0)) complete(accumulator, batch, 0)
      expect(
        accumulator.admit(0).map(({ future, error }) => [future === gone.future, error.code]),
      ).to.deep.equal([[true, 'KAFKA_SERIALIZATION']])
      expect([next.future.isAppended, accumulator.availableBytes]).to.deep.equal([true, 1024])
    })

    it('the plain bytes of a batch that compresses well count as well, and end it where there is no memory', () => {
      const accumulator = accumulatorOf({ isCompressed: true, bufferBytes: 3000 })
      append(accumulator, 0, 0, LARGE)
      const [batch] = accumulator.drain(1, MB, 0)
      for (let i = 0; i < 200; i++) {
        Object.defineProperty(batch!, 'compressionRatio', { value: 0.01 })
        accumulator.observeCompression(batch!)
      }
      complete(accumulator, batch!, 0)
      for (let i = 0; i < 3; i++) append(accumulator, 0, 0, LARGE)
      expect([
        accumulator.availableBytes,
        accumulator.waitingRecords,
        accumulator.ready(0).nodes,
      ]).to.deep.equal([952, 1, [1]])
      const [full] = accumulator.drain(1, MB, 0)
      expect([full!.count, full!.accountedBytes]).to.deep.equal([2, 2048])
    })
  })

  describe('without a partition', () => {
    const small = { batchBytes: 200 }

    function counting() {
      let next = 0
      return () => next++ / 2 ** 31
    }

    it('awaited records change their partition at the first one after batch.size bytes, heads included', () => {
      const accumulator = accumulatorOf({ ...small, random: counting(), lingerMs: 0 })
      const partitions: number[] = []
      for (let i = 0; i < 7; i++) {
        partitions.push(append(accumulator, 'any', 0).future.partition)
        const [batch] = [...accumulator.drain(1, MB, 0), ...accumulator.drain(2, MB, 0)]
        complete(accumulator, batch!, 0)
      }
      // 69 bytes each: 207 after three.
      expect(partitions).to.deep.equal([0, 0, 0, 1, 1, 1, 2])
    })

    it('lingering records change their partition only when one does not fit into the batch', () => {
      const accumulator = accumulatorOf({ ...small, random: counting() })
      const partitions = Array.from(
        { length: 6 },
        () => append(accumulator, 'any', 0, { bytes: 50 }).future.partition,
      )
      // A batch of two has 175 bytes, which are not 200 yet; and after four it ends with the fifth one.
      expect(partitions).to.deep.equal([0, 0, 0, 0, 1, 1])
    })

    it('partitions with long queues are chosen less often, those of slow brokers not at all', () => {
      const accumulator = accumulatorOf({
        batchBytes: 1,
        lingerMs: 0,
        random: counting(),
        availabilityTimeoutMs: 100,
      })
      for (const [atMs, canDrain] of [
        [0, true],
        [200, false],
      ] as const)
        accumulator.latency.update(1, atMs, canDrain)
      for (const partition of [0, 1, 2]) append(accumulator, partition, 0)
      const partitions = Array.from({ length: 12 }, () => append(accumulator, 'any', 0).future.partition)
      expect(new Set(partitions)).to.deep.equal(new Set([2, 3]))
    })
  })

  describe('split', () => {
    const values = ['a', 'b', 'c', 'd', 'e']

    function drained(batchBytes: number, refusedBytes = 16384) {
      const accumulator = accumulatorOf({ batchBytes: refusedBytes, lingerMs: 0 })
      const futures = values.map((letter) => append(accumulator, 0, 0, { value: letter.repeat(100) }).future)
      const [batch] = accumulator.drain(1, MB, 0)
      void batchBytes
      return { accumulator, futures, batch: batch! }
    }

    const letters = (batches: Parameters<typeof shown>[0]) =>
      shown(batches).map((text) => text.replace(/(\w)\1+/g, '$1'))

    it('a batch that was too large is first divided by batch.size, and goes out unchanged where it is smaller', () => {
      const { accumulator, batch } = drained(16384)
      const parts = accumulator.split(batch, 0)
      expect(letters(parts)).to.deep.equal(['0: a,b,c,d,e'])
      expect([batch.state, accumulator.incompleteBatches, accumulator.availableBytes]).to.deep.equal([
        'split',
        1,
        100 * 1024,
      ])
    })

    it('a part that is too large again is divided by half its size, until each record is alone', () => {
      const { accumulator, futures, batch } = drained(16384)
      accumulator.split(batch, 0)
      const seen: string[][] = []
      for (let i = 0; i < 4; i++) {
        accumulator.ready(0)
        const [part] = accumulator.drain(1, MB, 0)
        if (part!.count === 1) break
        seen.push(letters(accumulator.split(part!, 0)))
      }
      expect(seen).to.deep.equal([
        ['0: a,b', '0: c,d', '0: e'],
        ['0: a', '0: b'],
      ])
      expect(futures.map(({ index }) => index)).to.deep.equal([0, 0, 0, 1, 0])
    })

    it('tiny records are divided as well, and not sent the same way again and again', () => {
      const accumulator = accumulatorOf({ lingerMs: 0 })
      for (let i = 0; i < 3; i++) append(accumulator, 0, 0)
      let sizes: number[] = []
      for (let i = 0; i < 3; i++) {
        const [part] = accumulator.drain(1, MB, 0)
        sizes = accumulator.split(part!, 0).map(({ count }) => count)
      }
      expect(sizes).to.deep.equal([1, 1])
    })

    it('the parts keep place, age, producer and sequence numbers of the batch', () => {
      const { accumulator, batch } = drained(16384)
      append(accumulator, 0, 5, { value: 'later' })
      batch.encode({ producerId: 9n, producerEpoch: 2, baseSequence: 2147483646, isTransactional: true })
      const [part] = accumulator.split(batch, 10)
      accumulator.drain(1, MB, 10)
      part!.encode(part!.producer)
      const parts = accumulator.split(part!, 10)
      expect(
        parts.map(({ producer, createdMs, attempts }) => [
          producer.producerEpoch,
          producer.baseSequence,
          createdMs,
          attempts,
        ]),
      ).to.deep.equal([
        [2, 2147483646, 0, 0],
        [2, 0, 0, 0],
        [2, 2, 0, 0],
      ])
      const order: string[] = []
      for (let i = 0; i < 4; i++) order.push(...letters(accumulator.drain(1, MB, 10)))
      expect(order).to.deep.equal(['0: a,b', '0: c,d', '0: e', '0: later'])
    })
  })

  describe('flush', () => {
    const settled = async (promise: Promise<void>) => {
      let isSettled = false
      void promise.then(() => (isSettled = true))
      await Promise.resolve()
      await Promise.resolve()
      return isSettled
    }

    it('flush waits for all batches that are there, and for none that comes later', async () => {
      const accumulator = accumulatorOf({ lingerMs: 1e6 })
      for (const partition of [0, 1, 2]) append(accumulator, partition, 0)
      const flushed = accumulator.flush()
      expect(accumulator.ready(0).nodes).to.deep.equal([1, 2])
      const batches = [...accumulator.drain(1, MB, 0), ...accumulator.drain(2, MB, 0)]
      append(accumulator, 0, 0)
      for (const batch of batches) {
        expect(await settled(flushed)).to.equal(false)
        complete(accumulator, batch, 0)
      }
      expect(await settled(flushed)).to.equal(true)
      expect(accumulator.ready(0).nodes).to.deep.equal([])
    })

    it('flush of nothing resolves at once, and several overlap', async () => {
      const accumulator = accumulatorOf()
      expect(await settled(accumulator.flush())).to.equal(true)
      append(accumulator, 0, 0)
      const first = accumulator.flush()
      append(accumulator, 1, 0)
      const second = accumulator.flush()
      const [a, b] = accumulator.drain(1, MB, 0)
      complete(accumulator, b!, 0)
      expect([await settled(first), await settled(second)]).to.deep.equal([false, false])
      complete(accumulator, a!, 0)
      expect([await settled(first), await settled(second)]).to.deep.equal([true, true])
    })

    it('flush waits for records that wait for memory, and for the batch that they get into', async () => {
      const accumulator = accumulatorOf({ bufferBytes: 1024, lingerMs: 0 })
      append(accumulator, 0, 0)
      append(accumulator, 1, 0)
      const flushed = accumulator.flush()
      complete(accumulator, accumulator.drain(1, MB, 0)[0]!, 0)
      accumulator.admit(0)
      expect(await settled(flushed)).to.equal(false)
      complete(accumulator, accumulator.drain(1, MB, 0)[0]!, 0)
      expect(await settled(flushed)).to.equal(true)
    })

    it('flush waits for the parts of a batch that was divided meanwhile (KAFKA-9312)', async () => {
      const accumulator = accumulatorOf()
      append(accumulator, 0, 0)
      const flushed = accumulator.flush()
      const [part] = accumulator.split(accumulator.drain(1, MB, 0)[0]!, 0)
      expect(await settled(flushed)).to.equal(false)
      accumulator.drain(1, MB, 0)
      complete(accumulator, part!, 0)
      expect(await settled(flushed)).to.equal(true)
    })
  })

  describe('abort', () => {
    function filled() {
      const accumulator = accumulatorOf({ bufferBytes: 2048, lingerMs: 0 })
      append(accumulator, 0, 0, { value: 'a' })
      accumulator.drain(1, MB, 0)
      append(accumulator, 1, 0, { value: 'b' })
      const { future } = append(accumulator, 2, 0, { value: 'c' })
      return { accumulator, future }
    }

    it('abortIncomplete takes out all batches, oldest first, and the records that wait', () => {
      const { accumulator, future } = filled()
      const { batches, waiting } = accumulator.abortIncomplete(0)
      expect([shown(batches), waiting]).to.deep.equal([['0: a', '1: b'], [future]])
      for (const batch of batches) accumulator.deallocate(batch, false)
      expect([
        accumulator.incompleteBatches,
        accumulator.availableBytes,
        accumulator.ready(0).nodes,
      ]).to.deep.equal([0, 2048, []])
    })

    it('abortUndrained leaves alone what was sent, also where it will be sent again', () => {
      const { accumulator } = filled()
      append(accumulator, 0, 0)
      const { batches, waiting } = accumulator.abortUndrained(0)
      expect([shown(batches), waiting.length, accumulator.incompleteBatches]).to.deep.equal([['1: b'], 2, 1])
    })

    it('a closed accumulator refuses records, and admits those that wait', () => {
      const { accumulator, future } = filled()
      accumulator.close()
      expect(() => append(accumulator, 0, 0))
        .to.throw(/was closed while a record/)
        .with.property('code', 'KAFKA_PRODUCER_CLOSED')
      for (const batch of accumulator.drain(1, MB, 0)) complete(accumulator, batch, 0)
      accumulator.admit(0)
      expect(future.isAppended).to.equal(true)
    })

    const late: ['failed' | 'aborted', 'succeeded' | 'failed'][] = [
      ['failed', 'succeeded'],
      ['failed', 'failed'],
      ['aborted', 'succeeded'],
    ]
    for (const [first, then] of late) {
      it(`a batch that has ${first} ignores that it has ${then} later`, () => {
        const accumulator = accumulatorOf()
        append(accumulator, 0, 0)
        const [batch] = accumulator.drain(1, MB, 0)
        expect([batch!.complete(first), batch!.complete(then), batch!.state]).to.deep.equal([
          true,
          false,
          first,
        ])
      })
    }

    it('a batch that has succeeded cannot end otherwise, nor can one be aborted twice', () => {
      const accumulator = accumulatorOf()
      for (const partition of [0, 1]) append(accumulator, partition, 0)
      const [a, b] = accumulator.drain(1, MB, 0)
      a!.complete('succeeded')
      b!.complete('aborted')
      for (const [batch, to] of [
        [a, 'failed'],
        [a, 'succeeded'],
        [b, 'aborted'],
      ] as const) {
        expect(() => batch!.complete(to))
          .to.throw(/cannot become/)
          .with.property('code', 'KAFKA_ILLEGAL_STATE')
      }
    })
  })
})
