/**
 * A producer that is just good enough for the simplest scenarios: it shows that a play of a producer that does the same as
 * the Java client has no differences, and one with a fault has.
 *
 * One record after the other or, with linger.ms, all of them at the next flush; it never tries anything twice.
 */

import { RawClient } from '../support/scripted/raw-client.js'
import { encodeBatch } from '../support/scripted-kafka/batches.js'
import { ByteWriter } from '../support/scripted-kafka/bytes.js'
import { decodeAnswer, encodeRequest } from '../support/scripted-kafka/frames.js'
import type { ApiName } from '../support/scripted-kafka/messages.js'
import type { Struct } from '../support/scripted-kafka/schema.js'
import type {
  DrivenFuture,
  DrivenMetadata,
  DrivenProducer,
  DrivenRecord,
  ProducerUnderTest,
} from './driven-producer.js'

/** What a toy does wrong. */
export interface Fault {
  reversesCallbacks?: boolean
  skipsNumber?: boolean
  forgetsEnd?: boolean
  sendsOneByOne?: boolean
}

type Callback = (metadata: DrivenMetadata, error: Error | null) => void

interface Pending {
  record: DrivenRecord
  timestamp: number
  settle: (metadata: DrivenMetadata) => void
}

const VERSIONS: Readonly<Record<string, number>> = {
  Metadata: 9,
  InitProducerId: 4,
  FindCoordinator: 3,
  AddPartitionsToTxn: 3,
  EndTxn: 3,
  Produce: 9,
}
const bytesOf = (value: unknown) =>
  value === null || value === undefined ? null : Buffer.from(value as string)

/** The toy as a subject of plays. */
export function toyUnderTest(fault: Fault = {}): ProducerUnderTest {
  return {
    construct: (config) =>
      new ToyProducer(config as Record<string, string>, fault) as unknown as DrivenProducer,
    record: ({ topic, partition = null, timestamp = null, key = null, value, headers = [] }) => ({
      topic,
      partition,
      timestamp,
      key,
      value,
      headers: Object.assign(headers as [string, unknown][], {
        size: headers.length,
        add: () => undefined,
      }),
    }),
  }
}

class ToyProducer {
  readonly #config: Record<string, string>
  readonly #fault: Fault
  readonly #pending: Pending[] = []
  readonly #nextNumbers = new Map<string, number>()
  #client: RawClient | undefined
  #identity = { producerId: -1, producerEpoch: -1 }
  /** Partitions of the open transaction. */
  #added = new Set<string>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(config: Record<string, string>, fault: Fault) {
    this.#config = config
    this.#fault = fault
  }

  send(record: DrivenRecord, callback: Callback = () => {}): DrivenFuture {
    let isDone = false
    const outcome = new Promise<DrivenMetadata>((resolve) => {
      const settle = (metadata: DrivenMetadata) => {
        isDone = true
        try {
          callback(metadata, null)
        } catch {
          // What a callback throws is its own affair.
        }
        resolve(metadata)
      }
      this.#pending.push({ record, timestamp: record.timestamp ?? Date.now(), settle })
    })
    if (Number(this.#config['linger.ms'] ?? 0) === 0) this.flush()
    const future = Object.assign(outcome, { appended: Promise.resolve() })
    return Object.defineProperty(future, 'isDone', { get: () => isDone }) as typeof future & DrivenFuture
  }

  flush(): Promise<void> {
    return this.#inTurn(() => this.#drain())
  }

  async close(): Promise<void> {
    await this.flush()
    await this.#client?.close()
  }

  initTransactions(): Promise<void> {
    return this.#inTurn(async () => {
      const coordinatorKey = { key: this.#transactionalId, keyType: 1 }
      await this.#ask('FindCoordinator', coordinatorKey)
      await this.#identify()
    })
  }

  beginTransaction(): void {}

  commitTransaction(): Promise<void> {
    return this.#end(true)
  }

  abortTransaction(): Promise<void> {
    return this.#end(false)
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(act)
    this.#turn = turn.catch(() => {})
    return turn
  }

  get #transactionalId(): string | null {
    return this.#config['transactional.id'] ?? null
  }

  async #identify(): Promise<void> {
    const transactionTimeoutMs = this.#transactionalId === null ? 2147483647 : 60_000
    const asked = { transactionalId: this.#transactionalId, transactionTimeoutMs }
    const answer = await this.#ask('InitProducerId', { ...asked, producerId: -1, producerEpoch: -1 })
    this.#identity = {
      producerId: answer.producerId as number,
      producerEpoch: answer.producerEpoch as number,
    }
  }

  #end(committed: boolean): Promise<void> {
    return this.#inTurn(async () => {
      await this.#drain()
      if (this.#added.size === 0 || this.#fault.forgetsEnd) return
      this.#added.clear()
      await this.#ask('EndTxn', { transactionalId: this.#transactionalId, ...this.#identity, committed })
    })
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      const count = this.#fault.sendsOneByOne ? 1 : this.#pending.length
      await this.#produce(this.#pending.splice(0, count))
    }
  }

  /** All for the first partition that is named: the scenarios of a toy have only one. */
  async #produce(batch: Pending[]): Promise<void> {
    const { topic, partition } = batch[0]!.record
    const index = partition ?? 0
    const isIdempotent = this.#config['enable.idempotence'] !== 'false' && this.#acks === -1
    if (isIdempotent && this.#identity.producerId === -1) await this.#identify()
    await this.#add(topic, index)
    const records = this.#encode(batch, `${topic}/${index}`, isIdempotent)
    const answer = await this.#ask('Produce', {
      transactionalId: this.#transactionalId,
      acks: this.#acks,
      timeoutMs: 30_000,
      topicData: [{ name: topic, partitionData: [{ index, records }] }],
    })
    const [{ partitionResponses }] = (answer.responses ?? [{ partitionResponses: null }]) as [Struct]
    const baseOffset = ((partitionResponses as Struct[] | null)?.[0]?.baseOffset ?? -1) as number
    const settled = batch.map(({ record, timestamp, settle }, at) => () => {
      const offset = BigInt(baseOffset === -1 ? -1 : baseOffset + at)
      const sizes = {
        serializedKeySize: bytesOf(record.key)?.length ?? -1,
        serializedValueSize: bytesOf(record.value)?.length ?? -1,
      }
      settle({ topic, partition: index, offset, timestamp, ...sizes })
    })
    for (const settle of this.#fault.reversesCallbacks ? settled.reverse() : settled) settle()
  }

  get #acks(): number {
    const acks = this.#config.acks ?? 'all'
    return acks === 'all' ? -1 : Number(acks)
  }

  async #add(topic: string, index: number): Promise<void> {
    if (this.#transactionalId === null || this.#added.has(`${topic}/${index}`)) return
    this.#added.add(`${topic}/${index}`)
    await this.#ask('AddPartitionsToTxn', {
      v3AndBelowTransactionalId: this.#transactionalId,
      v3AndBelowProducerId: this.#identity.producerId,
      v3AndBelowProducerEpoch: this.#identity.producerEpoch,
      v3AndBelowTopics: [{ name: topic, partitions: [index] }],
    })
  }

  #encode(batch: Pending[], name: string, isIdempotent: boolean): Buffer {
    const number = this.#nextNumbers.get(name) ?? (this.#fault.skipsNumber ? 1 : 0)
    this.#nextNumbers.set(name, number + batch.length)
    const times = batch.map(({ timestamp }) => timestamp)
    const header = {
      baseOffset: 0,
      leaderEpoch: -1,
      baseTimestamp: times[0]!,
      maxTimestamp: Math.max(...times),
      ...this.#identity,
      baseSequence: isIdempotent ? number : -1,
    }
    const records = batch.map(({ record: { key, value, headers }, timestamp: ts }, off) => {
      const h = [...headers].map(([header, of]): [string, Buffer | null] => [header, bytesOf(of)])
      return { off, ts, k: bytesOf(key), v: bytesOf(value), ...(h.length > 0 && { h }) }
    })
    return encodeBatch(header, this.#transactionalId === null ? 0 : 0x10, records)
  }

  async #ask(api: ApiName, body: Struct): Promise<Struct> {
    this.#client ??= await RawClient.connect(Number(this.#config['bootstrap.servers']!.split(':')[1]))
    const version = VERSIONS[api]!
    const clientId = this.#config['client.id'] ?? null
    const frame = encodeRequest({ api, version, correlationId: 0, clientId, body })
    this.#client.write(new ByteWriter().int32(frame.length).raw(frame).build())
    if (api === 'Produce' && this.#acks === 0) return {}
    return decodeAnswer(api, version, (await this.#client.answer())!).body
  }
}
