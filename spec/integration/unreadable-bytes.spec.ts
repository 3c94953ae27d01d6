import { expect } from 'chai'
import { type DeliveryError, EncodeError, type Producer } from '../../lib/index.js'
import { holdUntil } from '../../lib/testing/index.js'
import { gate, rejection, Stage } from './support/stage.js'

/** What postMessage and ArrayBuffer.transfer do: the array has length 0 afterwards. */
function transfer(bytes: Uint8Array<ArrayBuffer>): void {
  structuredClone(bytes, { transfer: [bytes.buffer] })
}

/** An array of eight bytes whose buffer can be shrunk below it. */
function shrinkable(): { bytes: Uint8Array; shrink: () => void } {
  const Resizable = ArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(length: number): void }
  const buffer = new Resizable(8, { maxByteLength: 64 })
  return { bytes: new Uint8Array(buffer, 0, 8), shrink: () => buffer.resize(4) }
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text))

for (const type of ['sync', 'async']) {
  for (const [codec, era] of [
    ['none', '0.8'],
    ['none', '2.8'],
    ['gzip', '0.8'],
    ['gzip', '2.8'],
  ] as const) {
    describe(`A message whose bytes are taken away after send() (${type}, codec ${codec}, Kafka ${era})`, () => {
      let stage: Stage
      let producer: Producer<unknown, unknown>
      let open: () => void

      beforeEach(async () => {
        stage = new Stage({
          'serializer.class': 'kafka.serializer.DefaultEncoder',
          'producer.type': type,
          'compression.codec': codec,
        })
        await stage.start({ era })
        stage.cluster.createTopic('t')
        producer = stage.producer()
        await producer.deliver({ topic: 't', message: bytes('warm') })
        const held = gate()
        open = held.open
        // The next messages wait for this one, and then go together.
        stage.cluster.faults.on('Produce', {}, holdUntil(held.opened))
        void producer.deliver({ topic: 't', message: bytes('first') })
        if (type === 'async') void producer.flush()
      })
      afterEach(() => stage.close())

      /** The outcomes of a message, and of one before and one behind it. */
      async function outcomes(message: object, spoil: () => void): Promise<[string, DeliveryError, string]> {
        const outcomeOf = (sent: Promise<unknown>) => sent.then(() => 'delivered')
        const before = outcomeOf(producer.deliver({ topic: 't', key: bytes('k'), message: bytes('before') }))
        const spoilt = rejection(producer.deliver({ topic: 't', message: bytes('spoilt'), ...message }))
        const behind = outcomeOf(producer.deliver({ topic: 't', key: bytes('k'), message: bytes('behind') }))
        spoil()
        open()
        return [await before, (await spoilt) as unknown as DeliveryError, await behind]
      }

      function expectOnlyThatToFail([before, error, behind]: [string, DeliveryError, string]): void {
        expect([before, behind]).to.deep.equal(['delivered', 'delivered'])
        expect(stage.values()).to.deep.equal(['warm', 'first', 'before', 'behind'])
        expect(error).to.include({ code: 'KAFKA_ENCODE', persistence: 'not-persisted', retriable: false })
        expect(error.cause).to.be.instanceOf(EncodeError)
        expect(error.cause).to.include({ topic: 't', partition: 0 })
        expect(error.message).to.contain('t/0').and.to.contain('copy')
        expect(error.attempts).to.deep.equal([])
      }

      it('fails alone when its value is transferred', async () => {
        const value = bytes('secret')
        expectOnlyThatToFail(await outcomes({ message: value }, () => transfer(value)))
      })

      it('fails alone when its key is transferred', async () => {
        const key = bytes('secret')
        expectOnlyThatToFail(await outcomes({ key, partKey: bytes('k') }, () => transfer(key)))
      })

      it('fails alone when the buffer of its value becomes shorter than the value', async () => {
        const { bytes: value, shrink } = shrinkable()
        expectOnlyThatToFail(await outcomes({ message: value }, shrink))
      })

      if (era === '2.8') {
        it('fails alone when the value of a header is transferred', async () => {
          const header = bytes('secret')
          expectOnlyThatToFail(await outcomes({ headers: { h: header } }, () => transfer(header)))
        })
      }
    })
  }
}

describe('A batch of which each second message is taken away', () => {
  let stage: Stage
  beforeEach(async () => {
    stage = new Stage({ 'serializer.class': 'kafka.serializer.DefaultEncoder', 'producer.type': 'async' })
    await stage.start()
    stage.cluster.createTopic('t')
  })
  afterEach(() => stage.close())

  it('is written twice at most, however many messages were taken away', async () => {
    const producer = stage.producer({ 'batch.num.messages': 1000, 'queue.buffering.max.ms': 1000 })
    const values = Array.from({ length: 1000 }, (_, i) => bytes(`${i}`))
    let failed = 0
    producer.on('failed', ({ failures }) => {
      failed += failures.length
    })
    const sent = values.slice(1).map((message) => producer.send({ topic: 't', message }))
    values.filter((_, i) => i % 2 === 1).forEach(transfer)
    // The last one to come sends the batch.
    await producer.send({ topic: 't', message: values[0] })
    await Promise.all(sent)
    await producer.flush()
    expect([failed, stage.values().length, stage.produceRequests]).to.deep.equal([500, 500, 1])
    expect(producer.metrics().ProducerRequestRateAndTimeMs[0]!.count).to.equal(2)
  })
})
