/**
 * What a broker of each era does where Kafka releases differ. Versions come from the table of releases; a row says the
 * rest: what is refused, and how. The row 0.8 is what Kafka 0.8.2.2 was seen to do.
 *
 * @see docs/reference/wire-protocol.md#versions-by-release, #finding-out-versions, #message-formats, #what-brokers-refuse, #idempotence, #transactions
 */
export interface Era {
  readonly name: string
  /** Whose versions it takes, in the table of releases. */
  readonly release: string
  /**
   * An API that it does not know, and a body that it cannot read: brokers of 0.9 never answer, and the connection goes
   * on working.
   */
  readonly onUnknownApi: 'close' | 'silence'
  /**
   * A version that it does not know. Before 0.10 brokers do not look at it: the request is read as version 0, and 0.9
   * answers produce requests above 0 in the shape of 1.
   */
  readonly onUnknownVersion: 'answerAsVersion0' | 'answerProduceAsVersion1' | 'close'
  /** What it lists beside error 35 when asked in an unknown version of ApiVersions. */
  readonly listsWithUnsupportedVersion: 'nothing' | 'ApiVersions'
  /** Highest codec id that messages may have. */
  readonly lastCodecId: number
  /** Anything but one record batch where the version wants just that. */
  readonly onWrongFormat: 'close' | 'INVALID_RECORD'
  /** A batch whose records are not what they should be: counts that differ, a key missing in a compacted topic. */
  readonly onInvalidRecord: 'CORRUPT_MESSAGE' | 'INVALID_RECORD'
  /**
   * Acks beyond −1, 0 and 1. 0.8: above 1 is a number of replicas to wait for, which one replica never makes: stored,
   * and answered REQUEST_TIMED_OUT with the offset; below −1 is as −1. Later: INVALID_REQUIRED_ACKS.
   */
  readonly onOtherAcks: 'waitForReplicas' | 'refuse'
  /** With automatic creation an illegal name fails the whole metadata answer, without brokers, or its topic alone. */
  readonly onIllegalTopic: 'failAllTopics' | 'failTopic'
  /** Whether an illegal name is called so without automatic creation, too, or just unknown. */
  readonly isIllegalTopicNamed: boolean
  /** What a topic answers that is just being created. */
  readonly onCreated: 'LEADER_NOT_AVAILABLE' | 'UNKNOWN_TOPIC_OR_PARTITION'
  /** Whether topics that exist come first in metadata answers, or all in the order asked for. */
  readonly answersExistingTopics: 'inOrder' | 'first'
  /** Kafka's own topic is refused by its name, or only where it exists. */
  readonly refusesInternalTopic: 'always' | 'whereItExists'
  /** Whether a compacted topic refuses messages without keys. */
  readonly wantsKeysToCompact: boolean
  /** Format that older messages are made into before their size is looked at; null where they are left as they are. */
  readonly convertsTo: null | 1 | 2
  /** Batches of each producer and partition that are recognised when they come again. */
  readonly rememberedBatches: 1 | 5
  /** A batch that does not start at number 0, of a producer that the partition knows nothing of. */
  readonly onUnknownProducer: 'OUT_OF_ORDER_SEQUENCE_NUMBER' | 'UNKNOWN_PRODUCER_ID' | 'store'
  /** Whether a transactional batch needs a transactional id, and offsets of a transaction the id of a group. */
  readonly wantsNamesOfTransactions: boolean
  /** Whether leaders ask the coordinator if a partition belongs to the transaction before they store for it (KIP-890). */
  readonly verifiesTransactions: boolean
  /** Level of `transaction.version` that it can have; 0 where the feature is not known. */
  readonly transactionVersion: 0 | 2
  /** In 0.8, until there is a first topic, metadata answers list no brokers at all. */
  readonly listsBrokersOf: 'clustersWithTopics' | 'allClusters'
}

const of0_8 = {
  name: '0.8',
  release: '0.8.2',
  onUnknownApi: 'close',
  onUnknownVersion: 'answerAsVersion0',
  listsWithUnsupportedVersion: 'nothing',
  lastCodecId: 3,
  onWrongFormat: 'close',
  onInvalidRecord: 'CORRUPT_MESSAGE',
  onOtherAcks: 'waitForReplicas',
  onIllegalTopic: 'failAllTopics',
  isIllegalTopicNamed: false,
  onCreated: 'LEADER_NOT_AVAILABLE',
  answersExistingTopics: 'inOrder',
  refusesInternalTopic: 'always',
  wantsKeysToCompact: false,
  convertsTo: null,
  rememberedBatches: 1,
  onUnknownProducer: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  wantsNamesOfTransactions: false,
  verifiesTransactions: false,
  transactionVersion: 0,
  listsBrokersOf: 'clustersWithTopics',
} as const satisfies Era

const of0_9 = {
  ...of0_8,
  name: '0.9',
  release: '0.9.0',
  onUnknownApi: 'silence',
  onUnknownVersion: 'answerProduceAsVersion1',
  onOtherAcks: 'refuse',
  onIllegalTopic: 'failTopic',
  wantsKeysToCompact: true,
  answersExistingTopics: 'first',
  listsBrokersOf: 'allClusters',
} as const satisfies Era

const of0_10 = {
  ...of0_9,
  name: '0.10',
  release: '0.10.2',
  onUnknownApi: 'close',
  onUnknownVersion: 'close',
  convertsTo: 1,
} as const satisfies Era

const of0_11 = {
  ...of0_10,
  name: '0.11',
  release: '0.11.0',
  refusesInternalTopic: 'whereItExists',
  convertsTo: 2,
} as const satisfies Era

const of1_1 = {
  ...of0_11,
  name: '1.1',
  release: '1.1',
  rememberedBatches: 5,
  onUnknownProducer: 'UNKNOWN_PRODUCER_ID',
} as const satisfies Era

const of2_8 = {
  ...of1_1,
  name: '2.8',
  release: '2.8',
  listsWithUnsupportedVersion: 'ApiVersions',
  lastCodecId: 4,
  onWrongFormat: 'INVALID_RECORD',
  onInvalidRecord: 'INVALID_RECORD',
  isIllegalTopicNamed: true,
  onUnknownProducer: 'store',
  wantsNamesOfTransactions: true,
} as const satisfies Era

const of3_9 = {
  ...of2_8,
  name: '3.9',
  release: '3.9',
  onCreated: 'UNKNOWN_TOPIC_OR_PARTITION',
  verifiesTransactions: true,
} as const satisfies Era

// Oldest first.
const all = [
  of0_8,
  of0_9,
  of0_10,
  of0_11,
  of1_1,
  of2_8,
  of3_9,
  { ...of3_9, name: '4.3', release: '4.3', transactionVersion: 2 },
] as const satisfies readonly Era[]

/** Names that `era` may have. */
export type EraName = (typeof all)[number]['name']

/** All of them, oldest first. */
export const eraNames: readonly EraName[] = all.map(({ name }) => name)

/** @throws {RangeError} for a name that is not in the table. */
export function eraNamed(name: string): Era {
  const era = all.find((candidate) => candidate.name === name)
  if (era) return era
  throw new RangeError(`era ${name} is not known; these are: ${eraNames.join(', ')}`)
}
