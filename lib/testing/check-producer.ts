/**
 * Whether a producer may write a numbered batch to a partition now: its transaction, where it has one, then its numbers.
 *
 * @see ReplicaManager, UnifiedLog and ProducerAppendInfo (Kafka 3.9, 4.0); docs/reference/wire-protocol.md#idempotence
 */
import type { Call } from './apis/api-handler.js'
import type { CheckedRecords, StoredPartition } from './checked-records.js'
import { codes } from './codes.js'
import type { BatchIdentity } from './producer-states.js'
import type { Partition } from './topics.js'

/** Records that are in order as such. */
interface Written {
  readonly topic: string
  readonly partition: Partition
  readonly checked: CheckedRecords
  readonly transactionalId: string | null
}

type ProducerCheck =
  | { readonly kind: 'next' }
  | { readonly kind: 'duplicate'; readonly stored: StoredPartition }
  | {
      readonly kind: 'refused'
      readonly code: number
      readonly reason: string
      /** Of the log, where that refused it, and nobody before it. */
      readonly logStartOffset?: bigint
    }

const FIRST_VERSION_WITH_ABORTABLE = 11
/** From here on a produce request adds its partitions to the transaction (KIP-890). */
const FIRST_VERSION_THAT_ADDS = 12

export function checkProducer(
  { topic, partition, checked, transactionalId }: Written,
  call: Call,
): ProducerCheck {
  const [{ batch } = {}] = checked
  if (!batch) return { kind: 'next' }
  const code = transactionCode(batch, topic, partition, transactionalId, call)
  if (code !== codes.NONE) return { kind: 'refused', code, reason: 'not in a transaction of its producer' }
  if (!batch.isTransactional && isOpen(batch, partition))
    return refusedByLog(codes.INVALID_TXN_STATE, 'a plain batch while its producer has a transaction open')
  const found = partition.log.producers.check(batch, call.era)
  switch (found.kind) {
    case 'next':
      return found
    case 'duplicate': {
      const { baseOffset, timestampMs } = found.batch
      const logAppendTimeMs = BigInt(timestampMs)
      return {
        kind: 'duplicate',
        stored: { errorCode: codes.NONE, baseOffset, logAppendTimeMs, logStartOffset: 0n },
      }
    }
    default: {
      const { producerId, producerEpoch, baseSequence, count } = batch
      const reason = `producer ${producerId} of epoch ${producerEpoch} sent ${count} from number ${baseSequence} on`
      return refusedByLog(codes[found.error], reason)
    }
  }
}

function refusedByLog(code: number, reason: string): ProducerCheck {
  return { kind: 'refused', code, reason, logStartOffset: 0n }
}

function isOpen({ producerId, producerEpoch }: BatchIdentity, { log }: Partition): boolean {
  return log.hasOpenTransaction(producerId, producerEpoch)
}

function transactionCode(
  batch: BatchIdentity,
  topic: string,
  partition: Partition,
  transactionalId: string | null,
  { era, version, transactions }: Call,
): number {
  if (!batch.isTransactional) return codes.NONE
  if (transactionalId === null && era.wantsNamesOfTransactions)
    return codes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  if (transactionalId === null || !era.verifiesTransactions) return codes.NONE
  const participant = { topic, partition: partition.id }
  const code =
    version >= FIRST_VERSION_THAT_ADDS
      ? transactions.add(transactionalId, batch, [participant])
      : transactions.verify(transactionalId, batch, participant)
  if (code === codes.PRODUCER_FENCED) return codes.INVALID_PRODUCER_EPOCH
  const isTooOld = code === codes.TRANSACTION_ABORTABLE && version < FIRST_VERSION_WITH_ABORTABLE
  return isTooOld ? codes.INVALID_TXN_STATE : code
}
