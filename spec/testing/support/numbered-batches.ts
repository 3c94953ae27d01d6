/** Requests of idempotent and transactional producers, written by hand, and what their answers say. */
import type { RawClient } from '../../support/scripted/raw-client.js'
import { encodeBatch } from '../../support/scripted-kafka/batches.js'
import { reading, type WireBuilder, wire } from '../../support/wire.js'

export interface Identity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

const TRANSACTIONAL = 0x10
const TIME_MS = 1_234

/** A batch of one record for each value. */
export function numberedBatch(
  { producerId, producerEpoch }: Identity,
  baseSequence: number,
  values: readonly string[],
  { isTransactional = false } = {},
): Buffer {
  const header = {
    baseOffset: 0,
    leaderEpoch: -1,
    baseTimestamp: TIME_MS,
    maxTimestamp: TIME_MS,
    producerId: Number(producerId),
    producerEpoch,
    baseSequence,
  }
  const records = values.map((value, off) => ({ off, ts: TIME_MS, k: null, v: Buffer.from(value) }))
  return encodeBatch(header, isTransactional ? TRANSACTIONAL : 0, records)
}

/** Sends a request with header v1 and reads its answer behind the correlation id. */
async function exchange(
  client: RawClient,
  apiKey: number,
  version: number,
  write: (to: WireBuilder) => WireBuilder,
): Promise<ReturnType<typeof reading>> {
  client.write(write(wire().requestHeader(apiKey, version, 7, 'c1')).framed())
  const frame = await client.answer()
  if (!frame) throw new Error(`the broker closed the connection on request ${apiKey} v${version}`)
  const from = reading(frame)
  from.int32()
  return from
}

/** Requests of one connection, in versions that 0.11 and later have: not flexible. */
export class TransactionalClient {
  readonly #client: RawClient

  constructor(client: RawClient) {
    this.#client = client
  }

  /** Produce v3: `code@offset`. */
  async produce(batch: Buffer, { topic = 't', partition = 0, transactionalId = null as string | null } = {}) {
    const from = await exchange(this.#client, 0, 3, (to) =>
      to
        .nullableString(transactionalId)
        .int16(-1)
        .int32(1000)
        .array([topic], (entry, name) =>
          entry.string(name).array([partition], (one, index) => one.int32(index).bytes(batch)),
        ),
    )
    const [[said]] = from.array((entry) => {
      entry.string()
      return entry.array((one) => {
        one.int32()
        const outcome = `${one.int16()}@${one.int64()}`
        one.int64()
        return outcome
      })
    }) as [[string]]
    from.int32()
    from.end()
    return said
  }

  /** InitProducerId v0: the code, and who the producer is. */
  async init(
    transactionalId: string | null,
    { timeoutMs = 60_000 } = {},
  ): Promise<Identity & { code: number }> {
    const from = await exchange(this.#client, 22, 0, (to) =>
      to.nullableString(transactionalId).int32(timeoutMs),
    )
    from.int32()
    const answer = { code: from.int16(), producerId: from.int64(), producerEpoch: from.int16() }
    from.end()
    return answer
  }

  /** InitProducerId v3, the last one before KIP-588, of a producer that says who it was: the code. */
  async initAgain(transactionalId: string, { producerId, producerEpoch }: Identity): Promise<number> {
    const from = await exchange(this.#client, 22, 3, (to) =>
      to
        .noTags()
        .compactString(transactionalId)
        .int32(60_000)
        .int64(producerId)
        .int16(producerEpoch)
        .noTags(),
    )
    // Tags of the header, throttle time.
    from.raw(5)
    return from.int16()
  }

  /** As {@link init}, again while an open transaction is being aborted. */
  async ready(transactionalId: string): Promise<Identity> {
    const first = await this.init(transactionalId)
    return first.code === 51 ? this.init(transactionalId) : first
  }

  /** FindCoordinator v1: `code node`. */
  async find(keyType: number, key: string): Promise<string> {
    const from = await exchange(this.#client, 10, 1, (to) => to.string(key).int8(keyType))
    from.int32()
    const code = from.int16()
    from.nullableString()
    const node = from.int32()
    from.string()
    from.int32()
    from.end()
    return `${code} ${node}`
  }

  /** AddPartitionsToTxn v0: a code for each partition. */
  async addPartitions(
    transactionalId: string,
    { producerId, producerEpoch }: Identity,
    partitions: readonly number[],
    topic = 't',
  ): Promise<number[]> {
    const from = await exchange(this.#client, 24, 0, (to) =>
      to
        .string(transactionalId)
        .int64(producerId)
        .int16(producerEpoch)
        .array([topic], (entry, name) => entry.string(name).array(partitions, (one, id) => one.int32(id))),
    )
    from.int32()
    const topics = from.array((entry) => {
      entry.string()
      return entry.array((one) => {
        one.int32()
        return one.int16()
      })
    })
    from.end()
    return topics.flat()
  }

  /** AddOffsetsToTxn v0: the code. */
  async addOffsets(transactionalId: string, { producerId, producerEpoch }: Identity, group: string) {
    const from = await exchange(this.#client, 25, 0, (to) =>
      to.string(transactionalId).int64(producerId).int16(producerEpoch).string(group),
    )
    from.int32()
    return from.int16()
  }

  /** TxnOffsetCommit v0 of partition 0: the code. */
  async commitOffset(
    transactionalId: string,
    { producerId, producerEpoch }: Identity,
    group: string,
    offset: number,
  ): Promise<number> {
    const from = await exchange(this.#client, 28, 0, (to) =>
      to
        .string(transactionalId)
        .string(group)
        .int64(producerId)
        .int16(producerEpoch)
        .array(['t'], (entry, name) =>
          entry
            .string(name)
            .array([0], (one, index) => one.int32(index).int64(offset).nullableString('meta')),
        ),
    )
    from.int32()
    const topics = from.array((entry) => {
      entry.string()
      return entry.array((one) => {
        one.int32()
        return one.int16()
      })
    })
    from.end()
    return topics[0]![0]!
  }

  /** EndTxn v0: the code. */
  async end(transactionalId: string, { producerId, producerEpoch }: Identity, commits: boolean) {
    const from = await exchange(this.#client, 26, 0, (to) =>
      to
        .string(transactionalId)
        .int64(producerId)
        .int16(producerEpoch)
        .int8(commits ? 1 : 0),
    )
    from.int32()
    return from.int16()
  }
}

export const values = (messages: readonly { readonly value: Buffer | null }[]): string[] =>
  messages.map(({ value }) => String(value))
