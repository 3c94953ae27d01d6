import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { hashOfBytes, hashOfLong, hashOfString } from '../../lib/handler/java-hash.js'
import { ByteArrayPartitioner } from '../../lib/handler/partitioners/byte-array-partitioner.js'
import { DefaultPartitioner } from '../../lib/handler/partitioners/default-partitioner.js'

type KeyType = 'string' | 'int' | 'long' | 'bytes'
/** key type, key, Java hash code, partition for each of the header's partition counts. */
type Vector = [KeyType, string, number, number[]]

const keyOf: Record<KeyType, (text: string) => unknown> = {
  string: (text) => text,
  int: Number,
  long: BigInt,
  bytes: (text) => Buffer.from(text, 'base64'),
}

function readVectors(release: string): { partitionCounts: number[]; vectors: Vector[] } {
  const lines = readFileSync(new URL(`../vectors/partitions/${release}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
  const [header, ...vectors] = lines.map((line) => JSON.parse(line))
  return { partitionCounts: header.partitionCounts, vectors }
}

/** Keys whose partitions are not the recorded ones, with both. */
function mismatches(release: string, type: KeyType, compatibility: '0.8.1' | '0.8.2'): unknown[] {
  const { partitionCounts, vectors } = readVectors(release)
  const config = { partitionerCompatibility: compatibility }
  const partitioner = type === 'bytes' ? new ByteArrayPartitioner(config) : new DefaultPartitioner(config)
  const ofType = vectors.filter(([vectorType]) => vectorType === type)
  expect(ofType.length, `vectors of type ${type}`).to.be.greaterThan(0)
  return ofType.flatMap(([, key, , recorded]) => {
    const ours = partitionCounts.map((count) => partitioner.partition(keyOf[type](key), count))
    return ours.join() === recorded.join() ? [] : [{ key, recorded, ours }]
  })
}

describe('partitions of the Scala producer', () => {
  for (const [release, compatibility] of [
    ['0.8.2.2', '0.8.2'],
    ['0.8.1.1', '0.8.1'],
  ] as const) {
    for (const type of ['string', 'int', 'long'] as const) {
      it(`DefaultPartitioner puts every recorded ${type} key where ${release} put it (partitioner.compatibility=${compatibility})`, () => {
        expect(mismatches(release, type, compatibility)).to.deep.equal([])
      })
    }

    it(`ByteArrayPartitioner puts every recorded key where ${release} put it (partitioner.compatibility=${compatibility})`, () => {
      expect(mismatches(release, 'bytes', compatibility)).to.deep.equal([])
    })
  }

  it('come from the Java hash code of the key', () => {
    const hashOf = {
      string: hashOfString,
      int: Number,
      long: (text: string) => hashOfLong(BigInt(text)),
      bytes: (text: string) => hashOfBytes(Buffer.from(text, 'base64')),
    }
    const wrong = readVectors('0.8.2.2').vectors.filter(([type, key, hash]) => hashOf[type](key) !== hash)
    expect(wrong).to.deep.equal([])
  })

  it('differ between 0.8.1 and 0.8.2 for keys with negative hash codes only', () => {
    const moved = mismatches('0.8.2.2', 'string', '0.8.1') as { key: string }[]
    const hashes = new Map(readVectors('0.8.2.2').vectors.map(([, key, hash]) => [key, hash]))
    expect(moved).to.have.length.greaterThan(0)
    for (const { key } of moved) expect(hashes.get(key)).to.be.lessThan(0)
  })
})
