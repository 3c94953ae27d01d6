import { expect } from 'chai'
import { Producer, SendAbortedError } from '../../lib/index.js'
import { silentLogger } from '../../lib/logger.js'
import { MessageQueue } from '../../lib/producer/message-queue.js'
import { holdUntil, TestCluster } from '../../lib/testing/index.js'

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
