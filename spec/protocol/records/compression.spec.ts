import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { DecodeError, UnsupportedCodecError } from '../../../lib/errors.js'
import {
  type CompressionName,
  compressionNamed,
  compressionWithId,
} from '../../../lib/protocol/records/compression.js'
import { readMessageSet } from '../../../lib/protocol/records/message-set.js'
import { rejectionOf } from '../../network/support/doubles.js'
import { readLz4OfMagic0 } from '../../support/lz4.js'
import { codecs } from '../../support/wire-message-set.js'
import { checkHostileBytes } from '../support/hostile-bytes.js'
import { vectorsOf } from '../support/vectors.js'

const execute = promisify(execFile)
const UNLIMITED = 2 ** 30
const names = ['gzip', 'snappy', 'lz4', 'zstd'] as const

/** Text that compresses, in the sizes around which the work moves to another thread and blocks are split. */
const sizes = [1, 8191, 8192, 32768, 32769, 200_000]

function textOf(bytes: number): Buffer {
  return Buffer.from('message '.repeat(bytes / 8 + 1)).subarray(0, bytes)
}

/** The compressed bytes in the wrapper of a set. */
function wrapped(set: Buffer): Buffer {
  return readMessageSet(set)[0]!.value!
}

/** Two records of librdkafka 2.0.2 as one zstd frame (Produce v7). */
const ZSTD_OF_LIBRDKAFKA = Buffer.from(
  '28b52ffd00589d0100b40226000000046b310a68656c6c6f02046831047631ac01000002046b328e01776f726c642002046831047631010074a4f204',
  'hex',
)

/** As bytes that can be looked into. */
async function compress(name: CompressionName, plain: Buffer, magic: 0 | 1 | 2): Promise<Buffer> {
  return Buffer.from(await compressionNamed(name)!.compress(plain, magic))
}

describe('compression', () => {
  it('has no codec for none', () => {
    expect(compressionNamed('none')).to.equal(null)
  })

  for (const name of names) {
    it(`finds ${name} by the number in a message`, () => {
      expect(compressionWithId(codecs[name])).to.include({ name, id: codecs[name] })
      expect(compressionWithId(codecs[name])).to.equal(compressionNamed(name))
    })
  }

  for (const id of [0, 5, 7, -1]) {
    it(`refuses the unknown codec ${id}`, () => {
      expect(() => compressionWithId(id)).to.throw(
        UnsupportedCodecError,
        `messages with codec ${id} cannot be read here`,
      )
    })
  }

  for (const name of names) {
    describe(name, () => {
      const compression = compressionNamed(name)!

      for (const size of sizes) {
        it(`compresses ${size} bytes and decompresses them again`, async () => {
          const plain = textOf(size)
          const compressed = Buffer.from(await compression.compress(plain, 2))
          expect((await compression.decompress(compressed, size)).equals(plain)).to.equal(true)
        })
      }

      it('refuses to decompress one byte more than allowed', async () => {
        const compressed = Buffer.from(await compression.compress(textOf(5000), 2))
        const error = await rejectionOf(compression.decompress(compressed, 4999))
        expect(error).to.be.instanceOf(DecodeError)
        expect(error.message).to.equal(`a ${name} message decompresses to more than 4999 bytes`)
      })

      it('fails on other bytes with a DecodeError that keeps the cause', async () => {
        const other = Buffer.from('not compressed at all')
        const error = await rejectionOf(compression.decompress(other, UNLIMITED))
        expect(error).to.be.instanceOf(DecodeError).and.to.have.property('cause')
        expect(error.message).to.equal(`a ${name} message cannot be decompressed`)
      })
    })
  }

  it('writes gzip that zlib alone can read', async () => {
    for (const size of sizes) {
      expect(
        gunzipSync(await compressionNamed('gzip')!.compress(textOf(size), 0)).equals(textOf(size)),
      ).to.equal(true)
    }
  })

  it('writes lz4 that a 0.8 broker can read', async () => {
    for (const size of sizes) {
      expect(readLz4OfMagic0(await compress('lz4', textOf(size), 0)).equals(textOf(size))).to.equal(true)
    }
  })

  it('writes snappy in the xerial container, in blocks of 32 KiB', async () => {
    const compressed = await compress('snappy', textOf(40_000), 0)
    expect(compressed.subarray(0, 16)).to.deep.equal(vectorsOf('magic-0')('snappy-xerial').subarray(0, 16))
    const second = 20 + compressed.readInt32BE(16)
    expect(second + 4 + compressed.readInt32BE(second)).to.equal(compressed.length)
  })

  it('lets the event loop turn at each megabyte that it compresses with snappy', async () => {
    let turns = 0
    let isOver = false
    const turn = (): void => {
      turns++
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    const plain = textOf(3.5 * 2 ** 20)
    const compressed = await compress('snappy', plain, 2)
    const seen = turns
    isOver = true
    expect(seen).to.be.at.least(2)
    const again = await compressionNamed('snappy')!.decompress(compressed, plain.length)
    expect(again.equals(plain)).to.equal(true)
  })

  const recorded: [name: CompressionName, file: string, vector: string, keys: (string | null)[]][] = [
    ['snappy', 'magic-0', 'set-snappy', ['k1', null]],
    ['lz4', 'magic-0', 'set-lz4', ['k1', null]],
    ['gzip', 'librdkafka-2.0.2', 'gzip', ['k1', 'k2']],
    ['snappy', 'librdkafka-2.0.2', 'snappy', ['k1', 'k2']],
    ['lz4', 'librdkafka-2.0.2', 'lz4', ['k1', 'k2']],
  ]
  for (const [name, file, vector, keys] of recorded) {
    it(`reads the ${name} of others: ${file}, ${vector}`, async () => {
      const inner = readMessageSet(
        await compressionNamed(name)!.decompress(wrapped(vectorsOf(file)(vector)), UNLIMITED),
      )
      expect(inner.map(({ key }) => key && String(key))).to.deep.equal(keys)
      expect(inner.every(({ isChecksumValid }) => isChecksumValid)).to.equal(true)
    })
  }

  it('does not make room for what a snappy block announces beyond the limit', async () => {
    const twoGigabytes = Buffer.from('ffffffff07' + '00', 'hex')
    const error = await rejectionOf(compressionNamed('snappy')!.decompress(twoGigabytes, 1000))
    expect(error).to.be.instanceOf(DecodeError)
    expect(error.message).to.include('decompresses to more than 1000 bytes')
  })

  it('reads the zstd of others: librdkafka 2.0.2', async () => {
    const plain = await compressionNamed('zstd')!.decompress(ZSTD_OF_LIBRDKAFKA, UNLIMITED)
    expect(plain.toString('latin1')).to.include('k1').and.to.include('world world')
  })

  it('writes lz4 with the right header checksum for magic 1 and 2, and the wrong one for magic 0', async () => {
    const HEADER_CHECKSUM_AT = 6
    const checksums = [0, 1, 2] as const
    const [zero, one, two] = await Promise.all(checksums.map((magic) => compress('lz4', textOf(100), magic)))
    expect([zero, one, two].map((frame) => frame![HEADER_CHECKSUM_AT])).to.deep.equal([0x1a, 0x82, 0x82])
  })

  it('counts all snappy blocks of a message together', async () => {
    const compressed = await compress('snappy', textOf(40_000), 0)
    const error = await rejectionOf(compressionNamed('snappy')!.decompress(compressed, 39_999))
    expect(error).to.be.instanceOf(DecodeError)
    expect(error.message).to.include('39999 bytes')
  })

  const samples: Record<(typeof names)[number], Buffer> = {
    gzip: gzipSync(textOf(100)),
    snappy: wrapped(vectorsOf('librdkafka-2.0.2')('snappy')),
    lz4: wrapped(vectorsOf('librdkafka-2.0.2')('lz4')),
    zstd: ZSTD_OF_LIBRDKAFKA,
  }
  for (const name of names) {
    describe(`${name} with bytes that lie`, () => {
      checkHostileBytes((bytes) => compressionNamed(name)!.decompress(bytes, 1000), [samples[name]])
    })
  }

  const lines = Buffer.from(
    Array.from({ length: 4000 }, (_, i) => `{"id":${(i * 7919) % 100_003},"name":"n${i % 97}"}`).join('\n'),
  )

  async function sizeAt(name: CompressionName, level: number, plain = lines): Promise<number> {
    return (await compressionNamed(name, level)!.compress(plain, 2)).length
  }

  it('gzip compresses with the level that it is given, on this thread and on others', async () => {
    for (const plain of [lines.subarray(0, 4000), lines]) {
      for (const level of [1, 9]) {
        expect(await sizeAt('gzip', level, plain)).to.equal(gzipSync(plain, { level }).length)
      }
    }
  })

  it('gzip of level -1 is gzip without a level', async () => {
    expect(await sizeAt('gzip', -1)).to.equal((await compress('gzip', lines, 2)).length)
  })

  for (const [where, plain] of [
    ['on this thread', lines.subarray(0, 4000)],
    ['elsewhere', lines],
  ] as const) {
    it(`zstd compresses with the level that it is given, ${where}`, async () => {
      const [fast, standard, small] = [-5, 3, 19].map((level) => sizeAt('zstd', level, plain))
      expect(await standard).to.equal((await compress('zstd', plain, 2)).length)
      expect(await fast).to.be.greaterThan(await standard!)
      expect(await small).to.be.lessThan(await standard!)
    })
  }

  it('what was compressed with a level is read like any other', async () => {
    for (const name of ['gzip', 'lz4', 'zstd'] as const) {
      const compressed = await compressionNamed(name, 7)!.compress(lines, 2)
      const plain = await compressionNamed(name)!.decompress(Buffer.from(compressed), lines.length)
      expect(plain.equals(lines)).to.equal(true)
    }
  })

  it('snappy has one level', () => {
    expect(compressionNamed('snappy', 1)).to.equal(compressionNamed('snappy'))
  })

  it('lz4 of level 9 is lz4 without a level, and that of other levels another compressor', async () => {
    const fast = await compressionNamed('lz4')!.compress(lines, 2)
    expect(Buffer.compare(await compressionNamed('lz4', 9)!.compress(lines, 2), fast)).to.equal(0)
    expect(await sizeAt('lz4', 10)).to.be.lessThan(fast.length)
  })

  it('names the missing optional package and how to install it', async () => {
    const compression = new URL('../../../lib/protocol/records/compression.ts', import.meta.url).href
    const program = `
      import Module from 'node:module'
      const { compressionNamed } = await import('${compression}')
      Module._load = () => { throw new Error('Cannot find module') }
      for (const name of ['snappy', 'lz4', 'zstd']) {
        try {
          compressionNamed(name)
        } catch ({ code, message, cause }) {
          console.log([code, message, cause.message].join('|'))
        }
      }`
    // Coverage of two processes does not add up: each compiles the sources for itself.
    const env = { ...process.env, NODE_V8_COVERAGE: '' }
    const { stdout } = await execute(
      process.execPath,
      ['--import=tsx', '--input-type=module', '-e', program],
      { env },
    )
    expect(stdout.trim().split('\n')).to.deep.equal(
      [
        ['snappy', 'snappy'],
        ['lz4', 'lz4-napi'],
        // Node's own where there is one.
        ...('zstdCompress' in zlib ? [] : [['zstd', '@bokuweb/zstd-wasm']]),
      ].map(
        ([name, packageName]) =>
          `KAFKA_UNSUPPORTED_CODEC|compression.codec=${name} needs the package ${packageName}: npm install ${packageName}|Cannot find module`,
      ),
    )
  })
})
