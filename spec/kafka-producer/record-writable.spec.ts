import { pipeline } from 'node:stream/promises'
import { expect } from 'chai'
import type { RecordLike } from '../../lib/kafka-producer/index.js'
import { KafkaProducer, StringSerializer } from '../../lib/kafka-producer/index.js'
import { type RecordSender, RecordWritable } from '../../lib/kafka-producer/record-writable.js'
import { TestCluster } from '../../lib/testing/index.js'

/** A sender whose buffer has no room until {@link admit} gives it some. */
class FullSender {
  readonly waiting: (() => void)[] = []
  readonly sent: RecordLike[] = []

  send(record: RecordLike): { appended: Promise<void> } {
    this.sent.push(record)
    return { appended: new Promise((resolve) => this.waiting.push(resolve)) }
  }

  async flush(): Promise<void> {}

  admit(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('RecordWritable', () => {
  it('RecordWritable takes an async iterable through pipeline, and what it gave is stored when that resolves', async () => {
    const cluster = await TestCluster.start()
    const producer = new KafkaProducer(
      { 'bootstrap.servers': cluster.bootstrap },
      { keySerializer: new StringSerializer(), valueSerializer: new StringSerializer() },
    )
    try {
      cluster.createTopic('t', { partitions: 1 })
      await pipeline(async function* () {
        for (let n = 0; n < 100; n++) {
          if (n % 10 === 0) await turn()
          yield { topic: 't', key: `k${n}`, value: `v${n}` }
        }
      }, producer.writable())
      const stored = cluster.messages('t').map(({ key, value }) => `${key} ${value}`)
      expect(stored).to.deep.equal(Array.from({ length: 100 }, (_, n) => `k${n} v${n}`))
    } finally {
      await producer.close()
      await cluster.close()
    }
  })

  it('RecordWritable asks an async iterable for no more than its high-water mark while records wait for memory', async () => {
    const sender = new FullSender()
    let given = 0
    const writable = new RecordWritable(sender as unknown as RecordSender, { topic: 't' })
    const written = pipeline(async function* () {
      while (given < 100) yield `v${given++}`
    }, writable)
    for (let n = 0; n < 10; n++) await turn()
    expect(sender.sent).to.deep.equal([{ topic: 't', value: 'v0' }])
    expect(given).to.be.at.most(writable.writableHighWaterMark + 1)
    while (sender.sent.length < 100 || sender.waiting.length > 0) {
      sender.admit()
      await turn()
    }
    await written
    expect(sender.sent.map(({ value }) => value)).to.deep.equal(
      Array.from({ length: 100 }, (_, n) => `v${n}`),
    )
  })

  it('RecordWritable ends an async iterable whose pipeline is aborted, and sends nothing after that', async () => {
    const sender = new FullSender()
    const abort = new AbortController()
    let isReturned = false
    const written = pipeline(
      async function* () {
        try {
          for (let n = 0; ; n++) yield n
        } finally {
          isReturned = true
        }
      },
      new RecordWritable(sender as unknown as RecordSender, { topic: 't' }),
      { signal: abort.signal },
    )
    await turn()
    abort.abort()
    const failure = await written.then(
      () => null,
      (error: Error) => error,
    )
    expect(failure?.name).to.equal('AbortError')
    sender.admit()
    for (let n = 0; n < 3; n++) await turn()
    expect([isReturned, sender.sent.length]).to.deep.equal([true, 1])
  })
})
