/** A TransactionManager and the coordinator it talks with, by plain values. */
import { expect } from 'chai'
import { ConnectionError, type KafkaError } from '../../../lib/errors.js'
import type { OutgoingRequest } from '../../../lib/kafka-producer/request-queue.js'
import { TransactionManager } from '../../../lib/kafka-producer/transaction-manager.js'
import type { RequestKind } from '../../../lib/kafka-producer/transaction-requests.js'
import type { TransactionalResult } from '../../../lib/kafka-producer/transactional-result.js'
import type { NumberedBatch } from '../../../lib/produce/partition-sequences.js'

export const RETRY_BACKOFF_MS = 100
const FIRST_INIT_WITH_EPOCH = 3

interface Topics {
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly (number | { index: number })[]
  }[]
}

export class Conversation {
  readonly manager: TransactionManager
  hasIncompleteBatches = false
  /** What was sent last and is not answered. */
  #out: OutgoingRequest | null = null

  constructor(transactionalId: string | null = 'tx') {
    this.manager = new TransactionManager({
      transactionalId,
      transactionTimeoutMs: 60_000,
      retryBackoffMs: RETRY_BACKOFF_MS,
    })
  }

  /** After initTransactions, with producer id 1000 and epoch 0. */
  static ready({ canRaiseEpoch = true, transactionVersion = 0 } = {}): Conversation {
    const talk = new Conversation()
    talk.manager.learnTransactionVersion(transactionVersion)
    const result = talk.manager.initTransactions()
    talk.findsCoordinator()
    talk.manager.coordinatorReady(canRaiseEpoch ? FIRST_INIT_WITH_EPOCH : FIRST_INIT_WITH_EPOCH - 1)
    talk.grants(1000n, 0)
    result.markSeen()
    return talk
  }

  /** In a transaction to which these partitions of topic t were added. */
  static inTransaction(
    partitions: readonly number[] = [0],
    options?: Parameters<typeof Conversation.ready>[0],
  ) {
    const talk = Conversation.ready(options)
    talk.begin(...partitions)
    return talk
  }

  begin(...partitions: number[]): void {
    this.manager.beginTransaction()
    for (const partition of partitions) this.manager.addPartition('t', partition)
    if (partitions.length > 0 && !this.manager.mayWriteTo('t', partitions[0]!)) this.addsPartitions()
  }

  /** The next request, or null. */
  next(): OutgoingRequest | null {
    this.#out = this.manager.nextRequest(this.hasIncompleteBatches)
    return this.#out
  }

  /** The kind of the next request, which is expected to be this one. */
  sends<Body = Record<string, unknown>>(kind: RequestKind): Body {
    expect(this.next()?.request.kind ?? 'nothing').to.equal(kind)
    return this.#out!.request.body as Body
  }

  sendsNothing(): void {
    expect(this.next()?.request.kind ?? 'nothing').to.equal('nothing')
  }

  /** To the request that was sent last. */
  answers(response: object): KafkaError | null {
    const { request } = this.#out!
    return this.manager.answered(request, request.newestVersion, response)
  }

  /** The same, with one code for all that was asked for. */
  answersCode(errorCode: number): KafkaError | null {
    const { kind, body, key } = this.#out!.request
    if (kind === 'FindCoordinator') {
      return this.answers({ coordinators: [{ key, nodeId: -1, host: '', port: -1, errorCode }] })
    }
    if (kind === 'AddPartitionsToTxn' || kind === 'TxnOffsetCommit') {
      return this.answers(allWith(errorCode, body as Topics))
    }
    return this.answers({ errorCode, producerId: -1n, producerEpoch: -1 })
  }

  loses(error: KafkaError = new ConnectionError('reset')): void {
    this.manager.unanswered(this.#out!.request, error)
  }

  findsCoordinator(nodeId = 1): void {
    const { coordinatorKeys } = this.sends<{ coordinatorKeys: string[] }>('FindCoordinator')
    const [key] = coordinatorKeys
    this.answers({ coordinators: [{ key, nodeId, host: 'b', port: 9092, errorCode: 0, errorMessage: null }] })
  }

  grants(producerId: bigint, producerEpoch: number): void {
    this.sends('InitProducerId')
    this.answers({ errorCode: 0, producerId, producerEpoch })
  }

  addsPartitions(): void {
    this.sends('AddPartitionsToTxn')
    this.answersCode(0)
  }

  /** @returns whether it was a commit. */
  endsTransaction(): boolean {
    const { committed } = this.sends<{ committed: boolean }>('EndTxn')
    this.answersCode(0)
    return committed
  }

  /** A batch of one record for partition 0 of t. */
  writes(): NumberedBatch {
    const { sequences } = this.manager
    return sequences.start(sequences.partition('t', 0), 1)
  }
}

function allWith(errorCode: number, { topics }: Topics): object {
  return {
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((one) => ({ index: typeof one === 'number' ? one : one.index, errorCode })),
    })),
  }
}

/** How a call ended: `pending`, `done`, or the name of its error. */
export function endOf(result: TransactionalResult): string {
  if (!result.isDone) return 'pending'
  return result.error?.name ?? 'done'
}

/** What a call throws, and its cause. */
export function thrownBy(call: () => unknown): string {
  try {
    call()
    return 'nothing'
  } catch (error) {
    const { name, cause } = error as Error
    return cause instanceof Error ? `${name} < ${cause.name}` : name
  }
}
