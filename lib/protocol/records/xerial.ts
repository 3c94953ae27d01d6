/**
 * The xerial stream that Kafka uses for snappy: 8 bytes of magic, two versions, then blocks of
 * `int32 length, raw snappy block`.
 *
 * @see docs/reference/wire-protocol.md#snappy
 */
import { DecodeError } from '../../errors.js'
import { putInt32 } from '../primitives.js'
import { Reader } from '../reader.js'

const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const HEADER = Buffer.concat([MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])])
/** Plain bytes per block, as snappy-java writes them. */
const BLOCK_BYTES = 32 * 1024

/** Splits plain bytes into the blocks that are compressed one by one. */
export function xerialBlocks(plain: Buffer): Buffer[] {
  const blocks: Buffer[] = []
  for (let at = 0; at < plain.length; at += BLOCK_BYTES) blocks.push(plain.subarray(at, at + BLOCK_BYTES))
  return blocks
}

/** Puts compressed blocks into a stream. */
export function writeXerial(blocks: readonly Uint8Array[]): Buffer {
  let bytes = HEADER.length
  for (const { length } of blocks) bytes += 4 + length
  const stream = Buffer.allocUnsafe(bytes)
  stream.set(HEADER, 0)
  let at = HEADER.length
  for (const block of blocks) {
    at = putInt32(stream, block.length, at)
    stream.set(block, at)
    at += block.length
  }
  return stream
}

/** The compressed blocks of a stream of any block size; bare snappy, which other clients send, is one block. */
export function readXerial(stream: Buffer): Buffer[] {
  if (!stream.subarray(0, MAGIC.length).equals(MAGIC)) return [stream]
  if (stream.length < HEADER.length) throw new DecodeError('a snappy stream ends within its header')
  const reader = new Reader(stream.subarray(HEADER.length))
  const blocks: Buffer[] = []
  while (reader.remaining > 0) blocks.push(reader.bytes(reader.int32(), 'snappy block'))
  return blocks
}
