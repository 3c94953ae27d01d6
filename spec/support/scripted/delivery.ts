/** How an answer reaches the client: as it is, or spoiled by an {@link Action}. Knows bytes, not their meaning. */
import type { Socket } from 'node:net'
import { wire } from '../wire.js'
import type { Action } from './script.js'

const DRIP_MS = 150
/** Bytes taken off the end by `truncatedBody`, put behind it by `trailing`. */
const SPOILED_BYTES = 3

type Spoiler = (frame: Buffer) => Buffer

/** Actions that change the bytes; the connection stays open after them. */
const spoilers: Partial<Record<Action, Spoiler>> = {
  badCorrelation: (frame) => {
    const body = Buffer.from(frame)
    body.writeInt32BE((body.readInt32BE(4) + 1) | 0, 4)
    return body
  },
  zeroSize: () => wire().int32(0).build(),
  zeroSizeThenFrame: (frame) => wire().int32(0).raw(frame).build(),
  negSize: () => wire().int32(-1).build(),
  truncatedBody: (frame) => wire().raw(frame.subarray(4, -SPOILED_BYTES)).framed(),
  trailing: (frame) => wire().raw(frame.subarray(4)).raw(Buffer.alloc(SPOILED_BYTES)).framed(),
}

export interface Delivery {
  action?: Action | undefined
  dripMs?: number | undefined
  /** Waits, or rejects when the cluster is closed meanwhile. */
  pause: (ms: number) => Promise<void>
}

/** Sends `frame` the way `action` says; resolves when everything that will be sent was written. */
export async function deliver(
  socket: Socket,
  frame: Buffer,
  { action, dripMs, pause }: Delivery,
): Promise<void> {
  const half = frame.subarray(0, frame.length >> 1)
  switch (action) {
    case 'close':
      socket.destroy()
      return
    case 'reset':
      socket.resetAndDestroy()
      return
    case 'silent':
      return
    case 'half':
      socket.end(half)
      return
    case 'halfSilent':
      socket.write(half)
      return
    case 'drip':
      for (const byte of frame) {
        if (socket.destroyed) return
        socket.write(Buffer.of(byte))
        await pause(dripMs ?? DRIP_MS)
      }
      return
    default:
      socket.write(action === undefined ? frame : (spoilers[action]?.(frame) ?? frame))
  }
}
