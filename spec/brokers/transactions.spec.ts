/** The decisions of TransactionManager and the tables of its requests, against real coordinators of several releases. */
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import type { OutgoingRequest } from '../../lib/kafka-producer/request-queue.js'
import { TransactionManager } from '../../lib/kafka-producer/transaction-manager.js'
import type { TransactionalResult } from '../../lib/kafka-producer/transactional-result.js'
import { BrokerVersions } from '../../lib/network/broker-versions.js'
import type { Api } from '../../lib/protocol/api.js'
import { apiVersions, initProducerId } from '../../lib/protocol/messages/index.js'
import { decodeResponse, encodeRequest } from '../../lib/protocol/request-response.js'
import { RawClient } from '../support/scripted/raw-client.js'

import { KafkaCluster } from './support/index.js'
import { useTransactionVersion2 } from './support/transaction-version.js'

const group = { groupId: 'readers', generationId: -1, memberId: '', groupInstanceId: null }
const offsets = [{ topic: 'logs', partition: 0, offset: 7n }]

/** Sends the requests of one manager over one connection to the only broker. */
class Sender {
  readonly manager: TransactionManager
  readonly sent: string[] = []
  /** Of transaction.version. */
  readonly level: number
  readonly #client: RawClient
  readonly #versions: BrokerVersions

  private constructor(
    client: RawClient,
    versions: BrokerVersions,
    level: number,
    transactionalId: string | null,
  ) {
    this.#client = client
    this.#versions = versions
    this.level = level
    this.manager = new TransactionManager({
      transactionalId,
      transactionTimeoutMs: 30_000,
      retryBackoffMs: 50,
    })
    this.manager.learnTransactionVersion(level)
    this.manager.coordinatorReady(versions.versionOf(initProducerId, 'the broker'))
  }

  static async connect(cluster: KafkaCluster, transactionalId: string | null): Promise<Sender> {
    const client = await RawClient.connect(portOf(cluster))
    const names = { clientSoftwareName: 'spec', clientSoftwareVersion: '1' }
    const first = await exchange(client, apiVersions, 0, names)
    const { maxVersion } = first.apiKeys.find(({ apiKey }) => apiKey === apiVersions.key)!
    const listed = await exchange(client, apiVersions, Math.min(maxVersion, apiVersions.maxVersion), names)
    const feature = listed.finalizedFeatures.find(({ name }) => name === 'transaction.version')
    return new Sender(client, BrokerVersions.listed(listed), feature?.maxVersionLevel ?? 0, transactionalId)
  }

  /** Sends what there is to send until the call has ended; then how it ended. */
  async ended(result: TransactionalResult): Promise<string> {
    for (let out = this.#next(); out && !result.isDone; out = this.#next()) await this.#send(out)
    result.markSeen()
    return result.isDone ? (result.error?.name ?? 'done') : 'pending'
  }

  /** Sends until nothing is left. */
  async settle(): Promise<void> {
    for (let out = this.#next(); out; out = this.#next()) await this.#send(out)
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  #next(): OutgoingRequest | null {
    return this.manager.nextRequest(false)
  }

  async #send({ request, afterMs }: OutgoingRequest): Promise<void> {
    if (afterMs > 0) await pause(afterMs)
    const version = this.#versions.newestUpTo(request.newestVersion, request.api, 'the broker')
    this.sent.push(`${request.kind} v${version}`)
    this.manager.answered(request, version, await exchange(this.#client, request.api, version, request.body))
  }
}

async function exchange<Request, Response>(
  client: RawClient,
  api: Api<Request, Response>,
  version: number,
  body: Request,
): Promise<Response> {
  client.write(encodeRequest(api, version, 1, 'spec', body))
  const frame = await client.answer()
  if (!frame) throw new Error(`the broker closed the connection on ${api.name} v${version}`)
  const { body: response, trailingBytes } = decodeResponse(api, version, frame)
  expect(trailingBytes, `${api.name} v${version}`).to.equal(0)
  return response
}

const portOf = (cluster: KafkaCluster): number => Number(cluster.bootstrap[0]!.split(':')[1])

const RUNS = [
  { version: '0.11.0.3', isVersion2: false },
  { version: '2.8.2', isVersion2: false },
  { version: '3.9.2', isVersion2: false },
  { version: '4.3.1', isVersion2: false },
  { version: '4.3.1', isVersion2: true },
] as const

for (const { version, isVersion2 } of RUNS) {
  const what = isVersion2 ? ' with transaction version 2' : ''

  describe(`TransactionManager and a real Kafka ${version}${what}`, () => {
    let cluster: KafkaCluster
    const senders: Sender[] = []

    before(async () => {
      cluster = await KafkaCluster.start({ version, brokers: 1 })
      await cluster.createTopic('logs')
      if (isVersion2) await useTransactionVersion2(portOf(cluster))
    })

    afterEach(async () => {
      await Promise.all(senders.splice(0).map((sender) => sender.close()))
    })

    after(() => cluster.stop())

    async function connect(transactionalId: string | null): Promise<Sender> {
      const sender = await Sender.connect(cluster, transactionalId)
      senders.push(sender)
      return sender
    }

    async function ready(transactionalId: string): Promise<Sender> {
      const sender = await connect(transactionalId)
      expect(await sender.ended(sender.manager.initTransactions())).to.equal('done')
      return sender
    }

    it('get a producer id for idempotence alone', async () => {
      const sender = await connect(null)
      await sender.settle()
      const { state, sequences } = sender.manager
      expect([state, sequences.hasIdentity]).to.deep.equal(['READY', true])
    })

    it('commit offsets with a transaction, twice', async () => {
      const sender = await ready('committing')
      const { manager } = sender
      const { epoch } = manager.sequences.identity
      for (let i = 0; i < 2; i++) {
        manager.beginTransaction()
        expect(await sender.ended(manager.sendOffsets(offsets, group))).to.equal('done')
        expect(await sender.ended(manager.commitTransaction())).to.equal('done')
      }
      expect(manager.sequences.identity.epoch).to.equal(isVersion2 ? epoch + 2 : epoch)
      const kinds = sender.sent.map((text) => text.split(' ')[0])
      expect(kinds.includes('AddOffsetsToTxn')).to.equal(!isVersion2)
    })

    it('abort a transaction after offsets, and go on with another', async () => {
      const sender = await ready('aborting')
      const { manager } = sender
      manager.beginTransaction()
      if (!isVersion2) {
        manager.addPartition('logs', 0)
        await sender.settle()
        expect(manager.mayWriteTo('logs', 0), 'the partition was added').to.equal(true)
      }
      expect(await sender.ended(manager.sendOffsets(offsets, group))).to.equal('done')
      expect(await sender.ended(manager.abortTransaction())).to.equal('done')
      manager.beginTransaction()
      expect(await sender.ended(manager.sendOffsets(offsets, group))).to.equal('done')
      expect(await sender.ended(manager.commitTransaction())).to.equal('done')
    })

    it('notice a second producer with the same transactional id', async () => {
      const first = await ready('shared')
      first.manager.beginTransaction()
      expect(await first.ended(first.manager.sendOffsets(offsets, group))).to.equal('done')
      await ready('shared')
      expect(await first.ended(first.manager.commitTransaction())).to.equal('ProducerFencedError')
      expect(first.manager.state).to.equal('FATAL_ERROR')
    })
  })
}
