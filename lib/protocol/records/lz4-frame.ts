/**
 * The header checksum of LZ4 frames, which Kafka got wrong for messages of magic 0: it covers the frame's magic number
 * too. Brokers 0.8.2 and 0.9 accept no other; everything else wants the right one.
 *
 * Only frames with independent blocks and no optional fields (FLG 0x60) are written, so both values are a table.
 *
 * @see KAFKA-3160; docs/reference/wire-protocol.md#lz4
 */
import { EncodeError } from '../../errors.js'

const FLG_AT = 4
const BD_AT = 5
const CHECKSUM_AT = 6
const FLG_INDEPENDENT_BLOCKS = 0x60

/** BD (largest block: 64 KiB, 256 KiB, 1 MiB, 4 MiB) → checksum. */
const standard: ReadonlyMap<number, number> = new Map([
  [0x40, 0x82],
  [0x50, 0xfb],
  [0x60, 0x51],
  [0x70, 0x73],
])
const ofMagic0: ReadonlyMap<number, number> = new Map([
  [0x40, 0x1a],
  [0x50, 0x77],
  [0x60, 0xd6],
  [0x70, 0x10],
])

/** Gives a frame the checksum that messages of magic 0 need, in place. @throws {EncodeError} for other frames. */
export function asMagic0Frame(frame: Buffer): Buffer {
  checkFrame(frame)[CHECKSUM_AT] = ofMagic0.get(frame[BD_AT]!)!
  return frame
}

/** The frame itself. @throws {EncodeError} when it is one that some Kafka does not read. */
export function checkFrame(frame: Buffer): Buffer {
  if (frame[FLG_AT] === FLG_INDEPENDENT_BLOCKS && standard.has(frame[BD_AT]!)) return frame
  throw new EncodeError('the lz4 library made a frame that Kafka does not read')
}

/** A frame with the right checksum, whichever it had; a copy where that changes it. */
export function asStandardFrame(frame: Buffer): Buffer {
  const checksum = frame[FLG_AT] === FLG_INDEPENDENT_BLOCKS ? standard.get(frame[BD_AT]!) : undefined
  if (checksum === undefined || frame[CHECKSUM_AT] === checksum) return frame
  const copy = Buffer.from(frame)
  copy[CHECKSUM_AT] = checksum
  return copy
}
