/**
 * A conversation about producer ids and transactions, and its answers as short texts, so that a real broker and the
 * embedded one can be asked the same. Producer ids have the names `p0`, `p1`, … in the order in which they appear.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Api } from '../../../lib/protocol/api.js'
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  coordinatorOf,
  endTxn,
  findCoordinator,
  findCoordinatorRequest,
  initProducerId,
  produce,
  TRANSACTION_KEY,
  txnOffsetCommit,
} from '../../../lib/protocol/messages/index.js'
import { releaseApis } from '../../../lib/protocol/releases.js'
import { decodeResponse, encodeRequest } from '../../../lib/protocol/request-response.js'
import { withDefaults } from '../../../lib/protocol/with-defaults.js'
import { RawClient } from '../../support/scripted/raw-client.js'
import { type Identity, numberedBatch } from './numbered-batches.js'

/** Topics that have to be there, with one partition each. */
export const NUMBERED_TOPIC = 'numbered'
export const WRITTEN_TOPIC = 'written'
export const NOT_ADDED_TOPIC = 'not-added'

/** Newest versions without transaction version 2 (KIP-890). */
const WITHOUT_VERSION_2: ReadonlyMap<number, number> = new Map([
  [produce.key, 11],
  [endTxn.key, 4],
  [txnOffsetCommit.key, 4],
])
/** What a coordinator answers while it is not ready yet, or is completing a transaction, and a leader that asks it. */
const NOT_YET = new Set([14, 15, 16, 19, 51])
const ATTEMPTS = 400

/** One connection to the only broker of a cluster, and what was said over it. */
export class Conversation {
  readonly said: string[] = []
  readonly #client: RawClient
  readonly #release: string
  readonly isVersion2: boolean
  readonly #names = new Map<bigint, string>()

  private constructor(client: RawClient, release: string, isVersion2: boolean) {
    this.#client = client
    this.#release = release
    this.isVersion2 = isVersion2
  }

  /** @param release - whose newest versions are spoken. @param isVersion2 - of transactions. */
  static async connect(port: number, release: string, isVersion2: boolean): Promise<Conversation> {
    return new Conversation(await RawClient.connect(port), release, isVersion2)
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  versionOf({ key, maxVersion }: Pick<Api<unknown, unknown>, 'key' | 'maxVersion'>): number {
    const newest = Math.min(releaseApis(this.#release).get(key)![1], maxVersion)
    // Topics have names here.
    const limit = this.isVersion2
      ? key === produce.key
        ? 12
        : newest
      : (WITHOUT_VERSION_2.get(key) ?? newest)
    return Math.min(newest, limit)
  }

  async produce(
    what: string,
    topic: string,
    batch: Buffer,
    transactionalId: string | null = null,
  ): Promise<void> {
    const request = withDefaults(produce.tables.request, {
      transactionalId,
      acks: -1,
      timeoutMs: 1000,
      topics: [{ name: topic, partitions: [{ index: 0, records: batch }] }],
    })
    const answer = await this.#until(produce, request, (said) => said.topics[0]!.partitions[0]!.errorCode)
    const { errorCode, baseOffset, logAppendTimeMs, logStartOffset } = answer.topics[0]!.partitions[0]!
    const time = logAppendTimeMs === -1n ? 'own time' : 'append time'
    this.#say(what, `${errorCode} @${baseOffset} ${time} from ${logStartOffset}`)
  }

  async init(
    what: string,
    transactionalId: string | null,
    { expected = { producerId: -1n, producerEpoch: -1 }, timeoutMs = 60_000 } = {},
  ): Promise<Identity> {
    const request = { transactionalId, transactionTimeoutMs: timeoutMs, ...expected }
    const answer = await this.#until(initProducerId, request, (said) => said.errorCode)
    this.#say(what, `${answer.errorCode} ${this.#named(answer)}`)
    return answer
  }

  async find(what: string, keyType: number, key: string): Promise<void> {
    const request = { ...findCoordinatorRequest(TRANSACTION_KEY, key), keyType }
    const version = this.versionOf(findCoordinator)
    const code = (said: Parameters<typeof coordinatorOf>[0]): number =>
      coordinatorOf(said, version, key)!.errorCode
    const answer = await this.#until(findCoordinator, request, code)
    this.#say(what, `${code(answer)} ${coordinatorOf(answer, version, key)!.nodeId >= 0}`)
  }

  async add(what: string, id: string, identity: Identity, ...names: readonly string[]): Promise<void> {
    const topics = [WRITTEN_TOPIC, ...names].map((name) => ({ name, partitions: [0] }))
    const request = { transactionalId: id, ...picked(identity), topics }
    const codes = (said: { topics: { partitions: { errorCode: number }[] }[] }): number[] =>
      said.topics.flatMap((topic) => topic.partitions.map(({ errorCode }) => errorCode))
    const answer = await this.#until(addPartitionsToTxn, request, (said) => codes(said)[0]!)
    this.#say(what, codes(answer).sort().join(' '))
  }

  async addOffsets(what: string, id: string, identity: Identity, groupId: string): Promise<void> {
    const request = { transactionalId: id, ...picked(identity), groupId }
    const answer = await this.#until(addOffsetsToTxn, request, (said) => said.errorCode)
    this.#say(what, `${answer.errorCode}`)
  }

  async commitOffset(
    what: string,
    id: string,
    identity: Identity,
    { groupId = 'readers', topic = WRITTEN_TOPIC } = {},
  ): Promise<void> {
    const partition = { index: 0, committedOffset: 1n, committedMetadata: null }
    const request = withDefaults(txnOffsetCommit.tables.request, {
      transactionalId: id,
      groupId,
      ...picked(identity),
      topics: [{ name: topic, partitions: [partition] }],
    })
    const code = (said: { topics: { partitions: { errorCode: number }[] }[] }): number =>
      said.topics[0]!.partitions[0]!.errorCode
    this.#say(what, `${code(await this.#until(txnOffsetCommit, request, code))}`)
  }

  /** @returns who may go on. */
  async end(what: string, id: string, identity: Identity, committed: boolean): Promise<Identity> {
    const request = { transactionalId: id, ...picked(identity), committed }
    const answer = await this.#until(endTxn, request, (said) => said.errorCode)
    this.#say(what, `${answer.errorCode} ${this.#named(answer)}`)
    return answer.producerId === -1n ? identity : answer
  }

  /** Asks again while the answer is that the time has not come. */
  async #until<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    codeOf: (response: Response) => number,
  ): Promise<Response> {
    const version = this.versionOf(api)
    for (let attempt = 1; ; attempt++) {
      this.#client.write(encodeRequest(api, version, attempt, 'asking', request))
      const frame = await this.#client.answer()
      if (!frame) throw new Error(`the broker closed the connection on ${api.name} v${version}`)
      const { body } = decodeResponse(api, version, frame)
      if (!NOT_YET.has(codeOf(body)) || attempt === ATTEMPTS) return body
      await pause(20)
    }
  }

  #say(what: string, answer: string): void {
    this.said.push(`${what}: ${answer}`)
  }

  #named({ producerId, producerEpoch }: Identity): string {
    if (producerId === -1n) return `nobody ${producerEpoch}`
    const name = this.#names.get(producerId) ?? `p${this.#names.size}`
    this.#names.set(producerId, name)
    return `${name} ${producerEpoch}`
  }
}

const picked = ({ producerId, producerEpoch }: Identity): Identity => ({ producerId, producerEpoch })

/** Numbers of batches, by a producer id that no broker gave. */
export async function askAboutNumbers(talk: Conversation): Promise<void> {
  const by = (producerEpoch: number, producerId = 4242n): Identity => ({ producerId, producerEpoch })
  const ask = (what: string, identity: Identity, sequence: number, count = 1): Promise<void> =>
    talk.produce(what, NUMBERED_TOPIC, numberedBatch(identity, sequence, Array(count).fill('v')))
  await ask('the first batch', by(0), 0, 3)
  await ask('it again', by(0), 0, 3)
  await ask('a part of it', by(0), 0, 2)
  await ask('a gap', by(0), 4)
  for (let sequence = 3; sequence < 9; sequence++) await ask(`number ${sequence}`, by(0), sequence)
  await ask('the last one again', by(0), 8)
  await ask('the last but one again', by(0), 7)
  await ask('the first batch again, long after', by(0), 0, 3)
  await ask('a higher epoch, not from 0 on', by(1), 9)
  await ask('a higher epoch', by(1), 0)
  await ask('it again', by(1), 0)
  await ask('a lower epoch', by(0), 9)
  await ask('an unknown producer', by(0, 4243n), 7)
  await ask('the largest number, of another unknown producer', by(0, 4244n), 2147483647)
  await ask('number 0 behind it', by(0, 4244n), 0)
  await ask('a negative number', by(0, 4245n), -1)
}

/** Transactions, from start to end and fenced. */
export async function askAboutTransactions(talk: Conversation): Promise<void> {
  const id = 'tx'
  const batch = (identity: Identity, sequence: number, isTransactional = true): Buffer =>
    numberedBatch(identity, sequence, ['v'], { isTransactional })
  const write = (what: string, identity: Identity, sequence: number): Promise<void> =>
    talk.produce(what, WRITTEN_TOPIC, batch(identity, sequence), id)
  await talk.find('who coordinates', TRANSACTION_KEY, id)
  await talk.find('who coordinates a group', 0, 'readers')
  await talk.init('no time', 'timeless', { timeoutMs: 0 })
  await talk.init('too much time', 'timeless', { timeoutMs: 900_001 })
  await talk.init('no name', '')
  await talk.init('an id without an epoch', id, { expected: { producerId: 1n, producerEpoch: -1 } })
  let me = await talk.init('a new producer', id)
  await talk.end('nothing to commit', id, me, true)
  await talk.end('of nobody', 'nobody', me, true)
  await talk.add('an unknown topic', id, me, 'nobody-knows')
  await talk.add('a partition', id, me)
  await write('a batch', me, 0)
  await write('it again', me, 0)
  await talk.produce('a plain batch meanwhile', WRITTEN_TOPIC, batch(me, 1, false))
  const nameless = { producerId: 4300n, producerEpoch: 0 }
  await talk.produce('a batch of no transactional id', NUMBERED_TOPIC, batch(nameless, 0))
  await talk.produce('a batch for a partition that was not added', NOT_ADDED_TOPIC, batch(me, 0), id)
  await talk.commitOffset('offsets of a group that was not added', id, me, { groupId: 'writers' })
  await talk.addOffsets('a group', id, me, 'readers')
  await talk.commitOffset('offsets', id, me)
  await talk.commitOffset('offsets of no group', id, me, { groupId: '' })
  await talk.commitOffset('offsets of an unknown topic', id, me, { topic: 'nobody-knows' })
  let next = await talk.end('commit', id, me, true)
  await talk.end('commit again', id, me, true)
  await talk.end('abort after a commit', id, me, false)
  me = next
  await talk.add('a second transaction', id, me)
  await write('its batch', me, talk.isVersion2 ? 0 : 1)
  next = await talk.end('abort', id, me, false)
  await talk.end('abort again', id, me, false)
  me = next
  await talk.add('a third transaction', id, me)
  const successor = await talk.init('a successor', id)
  await talk.add('a partition of the older one', id, me)
  await write('a batch of the older one', me, 5)
  await talk.addOffsets('a group of the older one', id, me, 'readers')
  await talk.commitOffset('offsets of the older one', id, me)
  await talk.end('commit of the older one', id, me, true)
  await talk.init('the older one again', id, { expected: picked(me) })
  const bumped = await talk.init('the successor goes on', id, { expected: picked(successor) })
  await talk.init('it asks again', id, { expected: picked(successor) })
  await talk.add('a partition', id, bumped)
  await write('a batch', bumped, 0)
  const last = await talk.end('commit', id, bumped, true)
  await talk.end('abort of nothing', id, last, false)
}
