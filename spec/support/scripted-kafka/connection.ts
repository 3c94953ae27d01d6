/**
 * One connection of a scripted broker: frames in, answers out in the order of their requests.
 *
 * An answer that is held, or never comes, holds back those behind it, as on a real connection; what they answer was
 * done all the same.
 */
import type { Socket } from 'node:net'
import { FrameSplitter } from '../scripted/frames.js'

/** The place of one answer. */
export interface Place {
  apiKey: number
  /** undefined until the answer is there. */
  frame?: Buffer
  /** The connection ends here. */
  isEnd?: boolean
}

export class BrokerConnection {
  readonly id: number
  /** Who ended it; the client, unless the broker did first. */
  endedBy: 'client' | 'broker' = 'client'
  readonly #socket: Socket
  readonly #places: Place[] = []

  constructor(id: number, socket: Socket, onFrame: (frame: Buffer) => void, onClose: () => void) {
    this.id = id
    this.#socket = socket
    const splitter = new FrameSplitter()
    socket.setNoDelay()
    // A client that resets its connection is part of the play.
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      for (const frame of splitter.push(chunk)) if (!socket.destroyed) onFrame(frame)
    })
    socket.on('close', onClose)
  }

  /** Requests without an answer. */
  get outstanding(): number {
    return this.#places.length
  }

  /** Those of one API. */
  outstandingOf(apiKey: number): number {
    return this.#places.filter((place) => place.apiKey === apiKey).length
  }

  /** Keeps a place in the line of answers. */
  reserve(apiKey: number): Place {
    const place: Place = { apiKey }
    this.#places.push(place)
    return place
  }

  /** The request of this place has no answer by design (acks 0). */
  release(place: Place): void {
    const at = this.#places.indexOf(place)
    if (at !== -1) this.#places.splice(at, 1)
    this.#flush()
  }

  answer(place: Place, frame: Buffer): void {
    place.frame = frame
    this.#flush()
  }

  /** Ends the connection when everything before this place was answered. */
  endAt(place: Place): void {
    place.isEnd = true
    this.#flush()
  }

  end(): void {
    if (!this.#socket.destroyed) this.endedBy = 'broker'
    this.#socket.destroy()
  }

  #flush(): void {
    while (this.#places[0] !== undefined && !this.#socket.destroyed) {
      const [{ frame, isEnd }] = this.#places as [Place]
      if (isEnd) this.end()
      if (isEnd || frame === undefined) return
      this.#places.shift()
      const length = Buffer.alloc(4)
      length.writeInt32BE(frame.length)
      this.#socket.write(Buffer.concat([length, frame]))
    }
  }
}
