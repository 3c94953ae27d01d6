import { expect } from 'chai'
import { DecodeError } from '../../../lib/errors.js'
import { readXerial, writeXerial, xerialBlocks } from '../../../lib/protocol/records/xerial.js'
import { vectorsOf } from '../support/vectors.js'

const vectors = vectorsOf('magic-0')

describe('the xerial container', () => {
  it('is written as an independent encoder writes it', () => {
    expect(writeXerial([vectors('snappy-block')])).to.deep.equal(vectors('snappy-xerial'))
  })

  it('is read back block by block', () => {
    const blocks = [Buffer.from('a'), Buffer.alloc(0), Buffer.from('bcd')]
    expect(readXerial(writeXerial(blocks))).to.deep.equal(blocks)
  })

  it('holds nothing but its header without blocks', () => {
    expect(writeXerial([]).toString('hex')).to.equal('82534e4150505900' + '00000001' + '00000001')
    expect(readXerial(writeXerial([]))).to.deep.equal([])
  })

  it('takes bytes without its magic for one bare block, as librdkafka sends them', () => {
    expect(readXerial(vectors('snappy-block'))).to.deep.equal([vectors('snappy-block')])
  })

  for (const [title, bytes] of [
    ['ends within its header', vectors('snappy-xerial').subarray(0, 12)],
    ['ends within a length', vectors('snappy-xerial').subarray(0, 18)],
    ['ends within a block', vectors('snappy-xerial').subarray(0, 22)],
    ['announces a block of 2 GiB', Buffer.concat([writeXerial([]), Buffer.from('7ffffff0', 'hex')])],
    ['announces a negative length', Buffer.concat([writeXerial([]), Buffer.from('ffffffff00', 'hex')])],
  ] as const) {
    it(`refuses a stream that ${title}`, () => {
      expect(() => readXerial(bytes)).to.throw(DecodeError)
    })
  }

  for (const [bytes, lengths] of [
    [0, []],
    [1, [1]],
    [32768, [32768]],
    [32769, [32768, 1]],
    [70000, [32768, 32768, 4464]],
  ] as const) {
    it(`splits ${bytes} bytes into blocks of at most 32 KiB`, () => {
      const blocks = xerialBlocks(Buffer.alloc(bytes))
      expect(blocks.map(({ length }) => length)).to.deep.equal(lengths)
    })
  }
})
