/**
 * A broker of version 0 that answers metadata at once and produce requests on request of the spec, and counts what it
 * owes. It reads on while it owes answers, as no other broker of the specs does. Nothing of lib/ is used.
 */
import type { Socket } from 'node:net'
import { encodeMetadataAnswer, encodeProduceAnswer } from '../../support/scripted/answers.js'
import { FrameSplitter } from '../../support/scripted/frames.js'
import { host, Listener } from '../../support/scripted/listener.js'
import { decodeRequest, type ProduceRequest } from '../../support/scripted/requests.js'

interface Owed {
  readonly socket: Socket
  readonly correlationId: number
  readonly body: ProduceRequest
}

export class HoldingBroker {
  /** `topic/partition=a,b topic/partition=c` per produce request, in the order of arrival. */
  readonly received: string[] = []
  /** Most produce requests of one connection that were owed an answer at a time. */
  most = 0
  readonly #topics: Readonly<Record<string, number>>
  readonly #listener = new Listener((socket) => this.#serve(socket))
  readonly #sockets = new Set<Socket>()
  readonly #owed: Owed[] = []

  /** @param topics - name → number of partitions. */
  constructor(topics: Readonly<Record<string, number>>) {
    this.#topics = topics
  }

  /** `host:port` */
  get address(): string {
    return `${host}:${this.#listener.port}`
  }

  /** Open connections. */
  get open(): number {
    return this.#sockets.size
  }

  /** Produce requests that wait for their answer. */
  get owed(): number {
    return this.#owed.length
  }

  start(): Promise<void> {
    return this.#listener.start()
  }

  async close(): Promise<void> {
    const closed = this.#listener.down()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Answers the oldest requests with this code for each of their partitions. */
  answer({ count = 1, error = 0 }: { count?: number; error?: number } = {}): void {
    for (const { socket, correlationId, body } of this.#owed.splice(0, count)) {
      const topics = body.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition }) => ({ partition, error, offset: error === 0 ? 0 : -1 })),
      }))
      socket.write(encodeProduceAnswer(correlationId, { topics }))
    }
  }

  /** Ends all connections; what it owed is forgotten. */
  hangUp(): void {
    this.#owed.length = 0
    for (const socket of this.#sockets) socket.destroy()
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    const splitter = new FrameSplitter()
    socket.on('data', (chunk) => {
      for (const frame of splitter.push(chunk)) this.#take(socket, frame)
    })
  }

  #take(socket: Socket, frame: Buffer): void {
    const request = decodeRequest(frame)
    const { correlationId } = request
    if (request.api === 'metadata') {
      socket.write(encodeMetadataAnswer(correlationId, this.#describe(request.body.topics)))
    } else if (request.api === 'produce') {
      this.received.push(textOf(request.body))
      this.#owed.push({ socket, correlationId, body: request.body })
      this.most = Math.max(this.most, this.#owed.filter((owed) => owed.socket === socket).length)
    } else {
      socket.destroy()
    }
  }

  #describe(names: readonly string[]) {
    const partitionsOf = (name: string) =>
      Array.from({ length: this.#topics[name] ?? 0 }, (_, partition) => ({
        error: 0,
        partition,
        leader: 0,
        replicas: [0],
        isr: [0],
      }))
    return {
      brokers: [{ id: 0, host, port: this.#listener.port }],
      topics: names.map((topic) => ({ error: 0, topic, partitions: partitionsOf(topic) })),
    }
  }
}

function textOf({ topics }: ProduceRequest): string {
  return topics
    .flatMap(({ topic, partitions }) =>
      partitions.map(
        ({ partition, messages }) =>
          `${topic}/${partition}=${messages.map(({ value }) => String(value)).join(',')}`,
      ),
    )
    .join(' ')
}
