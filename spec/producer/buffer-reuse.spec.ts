import { expect } from 'chai'
import { KeyedMessage, type Producer, QueueFullError } from '../../lib/index.js'
import { errorCode } from '../../lib/testing/index.js'
import { rejection, Stage } from '../integration/support/stage.js'

const AUTHORIZATION_FAILED = 29

for (const type of ['sync', 'async'] as const) {
  describe(`A buffer that is used again after send() has taken it (${type} mode)`, () => {
    let stage: Stage
    beforeEach(async () => {
      stage = new Stage({
        'producer.type': type,
        'serializer.class': 'kafka.serializer.DefaultEncoder',
        'queue.buffering.max.ms': 1000,
      })
      await stage.start({ era: '2.8' })
      stage.cluster.createTopic('t')
    })
    afterEach(() => stage.close())

    /** What is stored of three messages that were written into one buffer, one after the other. */
    async function storedBy(producer: Producer<unknown, unknown>): Promise<unknown[]> {
      const shared = Buffer.alloc(2)
      const sent: Promise<void>[] = []
      for (let i = 0; i < 3; i++) {
        shared.write(`m${i}`)
        sent.push(producer.send({ topic: 't', key: shared, message: shared, headers: { h: shared } }))
      }
      await Promise.all([...sent, producer.flush()])
      return stage.cluster
        .messages('t')
        .map(({ key, value, headers }) => [key, value, ...headers.map((header) => header[1])].join(' '))
    }

    it('is stored with its first content where copy.buffers=true: key, value and headers', async () => {
      for (const copy of ['true', true]) {
        const stored = await storedBy(stage.producer({ 'copy.buffers': copy }))
        expect(stored.splice(-3)).to.deep.equal(['m0 m0 m0', 'm1 m1 m1', 'm2 m2 m2'])
      }
    })

    it('is stored with its later content by default', async () => {
      const stored = await storedBy(stage.producer())
      // In sync mode the first call has left at once.
      expect(stored.slice(-2)).to.deep.equal(['m2 m2 m2', 'm2 m2 m2'])
    })

    it('appears in failures with its first content where copy.buffers=true', async () => {
      stage.cluster.faults.on('Produce', {}, errorCode(AUTHORIZATION_FAILED))
      const producer = stage.producer({ 'copy.buffers': true })
      const failed: unknown[] = []
      producer.on('failed', ({ failures }) => {
        for (const { message } of failures)
          failed.push(`${message.key} ${message.partitionKey} ${message.message}`)
      })
      const shared = Buffer.from('first')
      const outcome = rejection(producer.deliver(new KeyedMessage('t', shared, shared, shared)))
      shared.fill('x')
      void producer.flush()
      await outcome
      expect(failed).to.deep.equal(['first first first'])
    })

    it('may be transferred after send() where copy.buffers=true', async () => {
      const bytes = new Uint8Array([97, 98])
      const delivered = stage.producer({ 'copy.buffers': true, 'queue.buffering.max.ms': 1 })
      const sent = delivered.deliver({ topic: 't', message: bytes })
      structuredClone(bytes, { transfer: [bytes.buffer] })
      await sent
      expect(stage.values()).to.deep.equal(['ab'])
    })

    it('is not stored as empty where it was transferred before send(), copied or not', async () => {
      for (const copy of [true, false]) {
        const bytes = new Uint8Array([97, 98])
        structuredClone(bytes, { transfer: [bytes.buffer] })
        const producer = stage.producer({ 'copy.buffers': copy, 'queue.buffering.max.ms': 1 })
        const error = await rejection(producer.deliver({ topic: 't', message: bytes }))
        expect(error).to.include({ code: 'KAFKA_ENCODE', persistence: 'not-persisted' })
      }
      expect(stage.values()).to.deep.equal([])
    })
  })
}

describe('A message without bytes where copy.buffers=true', () => {
  it('is the same object in events as in the call', async () => {
    const stage = new Stage({ 'producer.type': 'async', 'copy.buffers': true })
    await stage.start()
    try {
      const producer = stage.producer({
        'queue.buffering.max.messages': 1,
        'batch.num.messages': 1,
        'queue.enqueue.timeout.ms': 0,
      })
      const messages = ['a', 'b', 'c'].map((text) => new KeyedMessage<unknown, unknown>('t', text, text))
      const error = (await rejection(producer.send(messages))) as unknown as QueueFullError
      expect(error).to.be.instanceOf(QueueFullError)
      expect(error.rejected).to.deep.equal(messages.slice(error.accepted))
      for (const [i, message] of error.rejected.entries())
        expect(message).to.equal(messages[error.accepted + i])
    } finally {
      await stage.close()
    }
  })
})
