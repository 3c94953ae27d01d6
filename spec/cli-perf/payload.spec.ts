import { expect } from 'chai'
import { Payload, type PayloadOptions, partitionKey } from '../../lib/cli-perf/payload.js'

function payload(more: Partial<PayloadOptions> = {}): Payload {
  return new Payload({
    messageSize: 60,
    varyMessageSize: false,
    initialMessageId: null,
    threadId: 0,
    messagesPerThread: 100,
    ...more,
  })
}

describe('Payload', () => {
  it('is zero bytes of the given size', () => {
    expect(payload({ messageSize: 3 }).value('t', 0)).to.deep.equal(Buffer.from([0, 0, 0]))
    expect(payload({ messageSize: 0 }).value('t', 0)).to.have.lengthOf(0)
  })

  it('has sizes from 1 to the given one when they vary', () => {
    let draw = 0
    const varied = payload({ messageSize: 10, varyMessageSize: true, random: () => draw })
    const lengths = [0, 0.09, 0.1, 0.55, 0.999999].map((x) => {
      draw = x
      return varied.value('t', 0).length
    })
    expect(lengths).to.deep.equal([1, 1, 2, 6, 10])
  })

  it('names topic, thread and message when ids are asked for, filled up with x', () => {
    const text = String(payload({ initialMessageId: 5 }).value('logs', 2))
    expect(text).to.equal('Topic:logs:ThreadID:0:MessageID:0000000007:xxxxxxxxxxxxxxxxx')
    expect(text).to.have.lengthOf(60)
  })

  it('gives each thread ids of its own in a row', () => {
    const text = String(payload({ initialMessageId: 5, threadId: 3 }).value('t', 99))
    expect(text).to.match(/^Topic:t:ThreadID:3:MessageID:0000000404:x+$/)
  })

  it('is longer than asked for rather than shortened', () => {
    const text = String(payload({ initialMessageId: 0, messageSize: 1 }).value('t', 0))
    expect(text).to.equal('Topic:t:ThreadID:0:MessageID:0000000000:')
  })
})

describe('partitionKey', () => {
  /** Made with Java's BigInteger.valueOf(n).toByteArray(). */
  const rows: [number, string][] = [
    [0, '00'],
    [1, '01'],
    [127, '7f'],
    [128, '0080'],
    [255, '00ff'],
    [256, '0100'],
    [32767, '7fff'],
    [32768, '008000'],
    [2 ** 31 - 1, '7fffffff'],
    [2 ** 31, '0080000000'],
    [10_000_000, '00989680'],
    [2 ** 53 - 1, '1fffffffffffff'],
  ]
  for (const [n, hex] of rows) {
    it(`is ${hex} for ${n}`, () => {
      expect(partitionKey(n).toString('hex')).to.equal(hex)
    })
  }
})
