/** Vectors written by the Java client: hashes, and the partition for each count of partitions. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { murmur2, murmur2OfText, partitionOfKey } from '../../lib/kafka-producer/murmur2.js'

const lines = readFileSync(
  new URL('../vectors/kafka-producer/murmur2-vectors.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
const [{ counts }, ...vectors] = lines.map((line) => JSON.parse(line)) as [
  { counts: number[] },
  ...{ key: string; hash: number; p: number[] }[],
]

describe('murmur2', () => {
  it('murmur2 gives the hashes and partitions of the Java client for 1,000 keys of bytes', () => {
    expect(vectors).to.have.length(1000)
    for (const { key, hash, p } of vectors) {
      const bytes = Buffer.from(key, 'hex')
      expect(murmur2(bytes), key).to.equal(hash)
      expect(
        counts.map((count) => partitionOfKey(bytes, count)),
        key,
      ).to.deep.equal(p)
    }
  })

  it('murmur2 gives the same for text as for its UTF-8, wherever a key is text', () => {
    let texts = 0
    for (const { key, hash } of vectors) {
      const text = Buffer.from(key, 'hex').toString('utf8')
      if (Buffer.from(text).toString('hex') !== key) continue
      texts++
      expect(murmur2OfText(text), key).to.equal(hash)
    }
    expect(texts).to.be.greaterThan(100)
  })

  const known: [text: string, hash: number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
    ['', 275646681],
  ]
  for (const [text, hash] of known) {
    it(`murmur2 of "${text}" is that of Kafka's own vectors`, () => {
      expect([murmur2(Buffer.from(text)), murmur2OfText(text)]).to.deep.equal([hash, hash])
    })
  }

  it('murmur2 of a lone surrogate is that of a question mark, which Java writes for it', () => {
    expect(murmur2OfText('a\ud800')).to.equal(murmur2(Buffer.from('a?')))
  })
})
