/**
 * What a broker of each era speaks, what it does with a request it does not know, and its own ways where releases
 * differ. The row 0.8 is what Kafka 0.8.2.2 was seen to do.
 *
 * @see wire-protocol reference §1 and §2.1
 */
export interface Era {
  readonly name: string
  /** API key → versions. */
  readonly apis: ReadonlyMap<number, readonly [first: number, last: number]>
  /** Brokers of 0.8 close the connection on an API they do not know. */
  readonly onUnknownApi: 'close'
  /** Brokers of 0.8 do not look at the version: every request is read and answered as version 0. */
  readonly onUnknownVersion: 'readAsVersion0'
  /** Highest codec id that messages may have. */
  readonly lastCodecId: number
  /**
   * Acks beyond −1, 0 and 1. Above 1 is a number of replicas to wait for, which one replica never makes: stored, and
   * answered REQUEST_TIMED_OUT with the offset; below −1 is as −1.
   */
  readonly onOtherAcks: 'waitForReplicas'
  /** With automatic creation, one illegal topic name makes the whole metadata answer one of errors, without brokers. */
  readonly onIllegalTopic: 'failAllTopics'
  /** Until there is a first topic, metadata answers list no brokers at all. */
  readonly listsBrokersOf: 'clustersWithTopics'
}

const PRODUCE = 0
const METADATA = 3

const all: readonly Era[] = [
  {
    name: '0.8',
    apis: new Map([
      [PRODUCE, [0, 0]],
      [METADATA, [0, 0]],
    ]),
    onUnknownApi: 'close',
    onUnknownVersion: 'readAsVersion0',
    lastCodecId: 3,
    onOtherAcks: 'waitForReplicas',
    onIllegalTopic: 'failAllTopics',
    listsBrokersOf: 'clustersWithTopics',
  },
]

/** Names that `era` may have. */
export type EraName = '0.8'

/** @throws {RangeError} for a name that is not in the table. */
export function eraNamed(name: string): Era {
  const era = all.find((candidate) => candidate.name === name)
  if (era) return era
  throw new RangeError(
    `era ${name} is not known; these are: ${all.map((candidate) => candidate.name).join(', ')}`,
  )
}
