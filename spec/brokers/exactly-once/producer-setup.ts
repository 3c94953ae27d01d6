export interface FixedSettings {
  /** Longest pause between two bursts of records, in milliseconds. */
  readonly paceMs?: number
  /** Of the producer's configuration. */
  readonly config?: Readonly<Record<string, string | number>>
}

/** What a producer process of an exactly-once run is given: its only argument, as JSON. */
export interface ProducerSetup {
  /** URL of the module that exports `KafkaProducer`: this library, or a build of it with a fault put in. */
  readonly library: string
  readonly bootstrap: readonly string[]
  readonly topic: string
  readonly partitions: number
  /** Also its `transactional.id` and its consumer group. */
  readonly chain: string
  readonly place: number
  readonly isTransactional: boolean
  readonly seed: number
  /** What it does not choose by its seed. */
  readonly fixed?: FixedSettings
  /** File to be written. */
  readonly journal: string
}

/** Longer than a short pause of a broker would make it lose answers; shorter than one that moves leaders. */
const REQUEST_TIMEOUT_MS = 1500
/** Some producers give records up while leaders move, others wait for as long as that takes. */
const DELIVERY_TIMEOUTS_MS = [4000, 120_000]

const STRINGS = 'org.apache.kafka.common.serialization.StringSerializer'

/** Configuration of the producer, different from seed to seed. */
export function configOf(
  { bootstrap, chain, isTransactional, fixed }: ProducerSetup,
  pick: <T>(values: readonly T[]) => T,
): Record<string, string | number | boolean> {
  return {
    'bootstrap.servers': bootstrap.join(','),
    'key.serializer': STRINGS,
    'value.serializer': STRINGS,
    'enable.idempotence': true,
    acks: 'all',
    'linger.ms': pick([0, 5, 20]),
    'batch.size': pick([500, 2000, 16_384]),
    'compression.type': pick(['none', 'none', 'gzip']),
    'max.in.flight.requests.per.connection': pick([1, 5, 5]),
    'request.timeout.ms': REQUEST_TIMEOUT_MS,
    'delivery.timeout.ms': pick(DELIVERY_TIMEOUTS_MS),
    'retry.backoff.ms': 50,
    'retry.backoff.max.ms': 500,
    'reconnect.backoff.ms': 50,
    'reconnect.backoff.max.ms': 500,
    'metadata.max.age.ms': 10_000,
    'max.block.ms': 15_000,
    ...(isTransactional && { 'transactional.id': chain, 'transaction.timeout.ms': 20_000 }),
    ...fixed?.config,
  }
}
