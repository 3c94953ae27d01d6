import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { compressionNamed } from '../../../lib/protocol/records/compression.js'
import { ZSTD_PACKAGE } from '../../../lib/protocol/records/zstd.js'
import { ZstdThread } from '../../../lib/protocol/records/zstd-thread.js'

const execute = promisify(execFile)
const packagePath = createRequire(import.meta.url).resolve(ZSTD_PACKAGE)

const KAFKAS_LEVEL = 3
const MEGABYTE = 2 ** 20

function textOf(bytes: number, letter: string): Buffer {
  return Buffer.from(`${letter} some words that come back `.repeat(Math.ceil(bytes / 30)).slice(0, bytes))
}

describe('ZstdThread', () => {
  const thread = new ZstdThread(packagePath)

  async function opened(frame: Uint8Array): Promise<string> {
    return String(await compressionNamed('zstd')!.decompress(Buffer.from(frame), 4 * MEGABYTE))
  }

  it('gives each of several compressions its own result', async () => {
    const texts = ['a', 'b', 'c'].map((letter, i) => textOf(200_000 + i, letter))
    const frames = await Promise.all(texts.map((text) => thread.compress(text, KAFKAS_LEVEL)))
    for (const [i, frame] of frames.entries()) {
      expect((await opened(frame)) === String(texts[i])).to.equal(true)
    }
  })

  it('compresses the bytes as they were when it was called', async () => {
    const text = textOf(1000, 'a')
    const compressing = thread.compress(text, KAFKAS_LEVEL)
    text.fill(0)
    expect((await opened(await compressing)) === String(textOf(1000, 'a'))).to.equal(true)
  })

  it('does not compress on the thread that calls: the result comes in a later turn of the event loop', async () => {
    let isCompressed = false
    const compressing = thread.compress(textOf(MEGABYTE, 'a'), KAFKAS_LEVEL).then(() => {
      isCompressed = true
    })
    for (let i = 0; i < 100; i++) await null
    expect(isCompressed).to.equal(false)
    await compressing
  })

  it('fails what waits when the package cannot be loaded, and tries again the next time', async () => {
    const broken = new ZstdThread('/no/such/package')
    for (let i = 0; i < 2; i++) {
      const results = await Promise.allSettled(
        [1, 2].map(() => broken.compress(textOf(10, 'a'), KAFKAS_LEVEL)),
      )
      for (const result of results) {
        expect(String((result as PromiseRejectedResult).reason)).to.include('/no/such/package')
      }
    }
  })

  it('does not keep a process alive that has nothing left to compress', async () => {
    const file = new URL('../../../lib/protocol/records/zstd-thread.ts', import.meta.url).href
    const program = `
      const { ZstdThread } = await import('${file}')
      const frame = await new ZstdThread(${JSON.stringify(packagePath)}).compress(Buffer.alloc(1000), 3)
      console.log(frame.length > 0)`
    const env = { ...process.env, NODE_V8_COVERAGE: '' }
    const args = ['--import=tsx', '--input-type=module', '-e', program]
    const { stdout } = await execute(process.execPath, args, { env, timeout: 15_000 })
    expect(stdout.trim()).to.equal('true')
  })
})
