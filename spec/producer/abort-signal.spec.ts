import { expect } from 'chai'
import sinon from 'sinon'
import { ConfigError, KafkaError, Producer, SendAbortedError } from '../../lib/index.js'
import { silentLogger } from '../../lib/logger.js'
import { GroupCommit } from '../../lib/producer/group-commit.js'
import { MessageQueue } from '../../lib/producer/message-queue.js'
import { holdUntil, TestCluster } from '../../lib/testing/index.js'
import { serialized, textsOf } from '../handler/support/pending-messages.js'

describe('A send that waits for room in the queue', () => {
  let cluster: TestCluster
  let producer: Producer<string, string>
  let release: () => void

  beforeEach(async () => {
    cluster = await TestCluster.start({ era: '0.8' })
    cluster.createTopic('t')
    cluster.faults.on('Produce', {}, holdUntil(new Promise<void>((resolve) => (release = resolve))))
    producer = new Producer<string, string>(
      {
        'metadata.broker.list': cluster.bootstrap,
        'serializer.class': 'kafka.serializer.StringEncoder',
        'producer.type': 'async',
        'batch.num.messages': 1,
        'queue.buffering.max.messages': 1,
        'request.required.acks': 1,
      },
      { logger: silentLogger },
    )
    // One message in flight, one in the queue.
    await producer.send({ topic: 't', message: 'in flight' })
    await producer.send({ topic: 't', message: 'queued' })
  })

  afterEach(async () => {
    release()
    await producer.close()
    await cluster.close()
  })

  async function abortedBy(send: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
    const controller = new AbortController()
    const outcome = send(controller.signal).then(
      () => 'sent',
      (error: unknown) => error,
    )
    controller.abort(new Error('changed my mind'))
    return outcome
  }

  const stored = (): string[] => cluster.messages('t').map(({ value }) => String(value))

  it('ends at once when its signal aborts, and its message is never stored', async () => {
    const error = await abortedBy((signal) => producer.send({ topic: 't', message: 'no' }, { signal }))
    expect(error).to.be.instanceOf(SendAbortedError)
    expect(error).to.include({ code: 'KAFKA_SEND_ABORTED', persistence: 'not-persisted', topic: 't' })
    expect((error as Error).cause).to.have.property('message', 'changed my mind')
    release()
    await producer.close()
    expect(stored()).to.deep.equal(['in flight', 'queued'])
  })

  it('ends likewise through deliver(), and does not count as dropped', async () => {
    let dropped = 0
    producer.on('dropped', () => dropped++)
    const error = await abortedBy((signal) => producer.deliver({ topic: 't', message: 'no' }, { signal }))
    expect(error).to.be.instanceOf(SendAbortedError)
    expect(dropped).to.equal(0)
  })

  it('does not wait where its signal is aborted already', async () => {
    const error = await producer
      .send([{ topic: 't', message: 'no' }], { signal: AbortSignal.abort() })
      .catch((e) => e)
    expect(error).to.be.instanceOf(SendAbortedError)
  })

  it('lets the sends behind it in, in their order, when it is aborted', async () => {
    const controller = new AbortController()
    const first = producer
      .send({ topic: 't', message: 'first' }, { signal: controller.signal })
      .catch(() => {})
    const others = ['second', 'third'].map((message) => producer.send({ topic: 't', message }))
    controller.abort()
    release()
    await Promise.all([first, ...others])
    await producer.close()
    expect(stored()).to.deep.equal(['in flight', 'queued', 'second', 'third'])
  })

  it('leaves no listener on its signal', async () => {
    const queue = new MessageQueue<number>({ capacity: 1, maxBytes: null, bytesOf: () => 0 })
    const { signal } = new AbortController()
    let listeners = 0
    const count = (change: number, original: (...args: never[]) => void) =>
      function (this: AbortSignal, ...args: never[]): void {
        listeners += change
        original.apply(this, args)
      }
    signal.addEventListener = count(1, signal.addEventListener)
    signal.removeEventListener = count(-1, signal.removeEventListener)
    queue.offer(1)
    const put = queue.put([2], -1, signal)
    expect(listeners).to.equal(1)
    queue.take(1)
    expect(await put).to.equal(1)
    expect(listeners).to.equal(0)
  })
})

for (const type of ['sync', 'async']) {
  describe(`A call with an AbortSignal in ${type} mode`, () => {
    let cluster: TestCluster
    let producer: Producer<string, string>

    beforeEach(async () => {
      cluster = await TestCluster.start()
      cluster.createTopic('t')
      producer = new Producer<string, string>(
        {
          'metadata.broker.list': cluster.bootstrap,
          'serializer.class': 'kafka.serializer.StringEncoder',
          'producer.type': type,
          'queue.buffering.max.ms': 1,
          'request.required.acks': 1,
        },
        { logger: silentLogger },
      )
    })

    afterEach(async () => {
      await producer.close()
      await cluster.close()
    })

    const stored = (): string[] => cluster.messages('t').map(({ value }) => String(value))

    it('sends nothing through send() and deliver() when its signal has aborted already', async () => {
      const signal = AbortSignal.abort(new Error('changed my mind'))
      const message = { topic: 't', message: 'no' }
      for (const [sent, count] of [
        [producer.send(message, { signal }), 1],
        [producer.send([message, message], { signal }), 2],
        [producer.deliver(message, { signal }), 1],
      ] as const) {
        const error = await caught(sent)
        expect(error).to.be.instanceOf(SendAbortedError)
        expect(error).to.include({ accepted: 0, persistence: 'not-persisted', topic: 't' })
        expect((error as SendAbortedError).rejected).to.have.length(count)
        expect((error as Error).cause).to.have.property('message', 'changed my mind')
      }
      await producer.flush()
      expect(stored()).to.deep.equal([])
      expect(cluster.requests.filter(({ api }) => api === 'Produce')).to.deep.equal([])
    })

    it('sends as without one while its signal does not abort', async () => {
      const { signal } = new AbortController()
      await producer.send({ topic: 't', message: 'a' }, { signal })
      await producer.deliver({ topic: 't', message: 'b' }, { signal })
      expect(stored()).to.deep.equal(['a', 'b'])
    })

    for (const [what, options] of [
      ['a signal that is a text', { signal: 'now' }],
      ['a signal that is a controller', { signal: new AbortController() }],
      ['a signal that is an empty object', { signal: {} }],
      ['an option that is not known', { signal: undefined, timeout: 1 }],
    ] as const) {
      it(`rejects with a ConfigError for ${what}`, async () => {
        const given = options as never
        for (const sent of [
          producer.send({ topic: 't', message: 'no' }, given),
          producer.deliver({ topic: 't', message: 'no' }, given),
        ]) {
          expect(await caught(sent)).to.be.instanceOf(ConfigError)
        }
      })
    }

    it('rejects with a KafkaError for a signal that throws when it is read', async () => {
      const signal = {
        get aborted(): boolean {
          throw new Error('evil')
        },
      }
      const sent = producer.deliver({ topic: 't', message: 'no' }, { signal } as never)
      expect(await caught(sent)).to.be.instanceOf(KafkaError)
    })
  })
}

describe('A sync call that waits to be sent', () => {
  const signalled = (): { controller: AbortController; commit: GroupCommit; cycles: string[][] } => {
    const cycles: string[][] = []
    const commit = new GroupCommit(async (messages) => {
      cycles.push(textsOf(messages))
      await new Promise((resolve) => setImmediate(resolve))
    })
    return { controller: new AbortController(), commit, cycles }
  }

  it('is taken back by its signal, and those around it are sent in their order', async () => {
    const { controller, commit, cycles } = signalled()
    const onWithdrawn = sinon.fake()
    commit.submit([serialized('first')])
    await null
    commit.submit([serialized('a')])
    commit.submit([serialized('no'), serialized('neither')], { signal: controller.signal, onWithdrawn })
    commit.submit([serialized('b')])
    const flushed = commit.flush()
    controller.abort()
    expect(onWithdrawn.callCount).to.equal(1)
    await flushed
    expect(cycles).to.deep.equal([['first'], ['a', 'b']])
  })

  it('is taken back from the front of the line, and a flush does not wait for it', async () => {
    const { controller, commit, cycles } = signalled()
    commit.submit([serialized('first')])
    await null
    commit.submit([serialized('no')], { signal: controller.signal, onWithdrawn: () => {} })
    const flushed = commit.flush()
    controller.abort()
    await flushed
    await commit.flush()
    expect(cycles).to.deep.equal([['first']])
  })

  it('cannot be taken back once it is being sent', async () => {
    const { controller, commit, cycles } = signalled()
    const onWithdrawn = sinon.fake()
    commit.submit([serialized('a')], { signal: controller.signal, onWithdrawn })
    await null
    controller.abort()
    await commit.flush()
    expect(onWithdrawn.callCount).to.equal(0)
    expect(cycles).to.deep.equal([['a']])
  })

  it('rejects with SendAbortedError through send() and deliver(), while what is in flight is stored', async () => {
    const cluster = await TestCluster.start()
    cluster.createTopic('t')
    let release = (): void => {}
    cluster.faults.on('Produce', {}, holdUntil(new Promise<void>((resolve) => (release = resolve))))
    const producer = new Producer<string, string>(
      {
        'metadata.broker.list': cluster.bootstrap,
        'serializer.class': 'kafka.serializer.StringEncoder',
        'request.required.acks': 1,
      },
      { logger: silentLogger },
    )
    const { signal, abort } = bound(new AbortController())
    const first = producer.deliver({ topic: 't', message: 'in flight' }, { signal })
    await new Promise((resolve) => setImmediate(resolve))
    const waiting = [
      producer.send({ topic: 't', message: 'no' }, { signal }),
      producer.deliver({ topic: 't', message: 'no' }, { signal }),
    ].map(caught)
    abort()
    for (const error of await Promise.all(waiting)) expect(error).to.be.instanceOf(SendAbortedError)
    release()
    expect(await first).to.include({ topic: 't', offset: 0n })
    await producer.close()
    expect(cluster.messages('t').map(({ value }) => String(value))).to.deep.equal(['in flight'])
    await cluster.close()
  })
})

function bound(controller: AbortController): { signal: AbortSignal; abort: () => void } {
  return { signal: controller.signal, abort: () => controller.abort() }
}

function caught(sent: Promise<unknown>): Promise<unknown> {
  return sent.then(
    () => 'sent',
    (error: unknown) => error,
  )
}
