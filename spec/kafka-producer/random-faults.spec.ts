/**
 * KafkaProducer under random traffic and random faults, judged by invariants: with idempotence each record is stored once, in
 * the order of sending, where its metadata says; without it none is lost and none overtakes another. All memory comes back.
 */
import { expect } from 'chai'
import { KafkaProducer } from '../../lib/kafka-producer/kafka-producer.js'
import type { RecordMetadata } from '../../lib/kafka-producer/record-metadata.js'
import { silentLogger } from '../../lib/logger.js'
import {
  close,
  cutAnswer,
  delayMs,
  errorCode,
  type Fault,
  noAnswer,
  omitPartition,
  rawBytes,
  reset,
  TestCluster,
  throttle,
  wrongCorrelationId,
} from '../../lib/testing/index.js'
import { forEachSeed } from '../support/for-each-seed.js'
import { SeededRandom } from '../support/seeded-random.js'

const SEEDS = 40
const AT_A_TIME = 20
const RECORDS = 120
const PARTITIONS = 3
const BROKERS = 2
const STRINGS = 'org.apache.kafka.common.serialization.StringSerializer'
const ERAS = ['0.11', '2.8', '3.9', '4.3'] as const
/** Codes that say that nothing was stored, and that trying again helps. */
const RETRIABLE = [3, 5, 6, 19, 56]
const FAULTS: readonly ((random: SeededRandom) => Fault)[] = [
  (random) => errorCode(random.pick(RETRIABLE)),
  (random) => errorCode(random.pick(RETRIABLE)),
  () => noAnswer(),
  () => close('beforeStoring'),
  () => close('afterStoring'),
  () => reset('afterStoring'),
  () => rawBytes(Buffer.from('0000000affffffff', 'hex')),
  () => cutAnswer(10),
  () => wrongCorrelationId(),
  () => omitPartition(),
  (random) => delayMs(random.int(30)),
  () => throttle(10),
]

interface Sent {
  readonly partition: number
  readonly value: string
  readonly future: PromiseLike<RecordMetadata>
}

async function run(seed: number, isIdempotent: boolean): Promise<void> {
  const random = new SeededRandom(seed)
  const cluster = await TestCluster.start({ brokers: BROKERS, era: random.pick(ERAS) })
  const topic = `t${seed}`
  const bufferBytes = random.pick([4000, 1_000_000])
  cluster.createTopic(topic, { partitions: PARTITIONS })
  const producer = new KafkaProducer<string, string>(
    {
      'bootstrap.servers': cluster.bootstrap,
      'key.serializer': STRINGS,
      'value.serializer': STRINGS,
      'enable.idempotence': isIdempotent,
      acks: isIdempotent ? 'all' : random.pick(['1', 'all']),
      'linger.ms': random.pick([0, 0, 5]),
      'batch.size': random.pick([100, 500, 16_384]),
      'buffer.memory': bufferBytes,
      'compression.type': random.pick(['none', 'none', 'gzip', 'snappy', 'lz4']),
      'max.in.flight.requests.per.connection': random.pick([1, 2, 5]),
      'request.timeout.ms': 150,
      'delivery.timeout.ms': 60_000,
      'retry.backoff.ms': 5,
      'retry.backoff.max.ms': 20,
      'reconnect.backoff.ms': 5,
      'reconnect.backoff.max.ms': 20,
    },
    { logger: silentLogger },
  )
  const sent: Sent[] = []
  // A broker that has nothing of a producer takes any number for its first: what fails before that may be overtaken.
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const future = producer.send({ topic, partition, value: 'first' })
    sent.push({ partition, value: 'first', future })
    await future
  }
  for (let i = 0; i < RECORDS; i++) {
    const partition = random.int(PARTITIONS)
    const value = `${i}${'x'.repeat(random.int(60))}`
    const future = producer.send({ topic, partition, value })
    sent.push({ partition, value, future })
    // What waits for memory is limited as well.
    if (bufferBytes < 10_000) await future.appended
    if (random.int(8) === 0) cluster.faults.on('Produce', {}, random.pick(FAULTS)(random))
    if (random.int(40) === 0) cluster.faults.on('Metadata', {}, random.pick(FAULTS)(random))
    if (isIdempotent && random.int(60) === 0) cluster.faults.on('InitProducerId', {}, noAnswer())
    if (random.int(30) === 0) cluster.moveLeader(topic, random.int(PARTITIONS), random.int(BROKERS))
    if (random.int(5) === 0) await new Promise((resolve) => setTimeout(resolve, random.int(8)))
  }
  const outcomes = await Promise.all(sent.map(({ future }) => future))
  check(cluster, topic, sent, outcomes, isIdempotent)
  const memory = (name: string) => producer.metrics().find((metric) => metric.name === name)!.value
  expect(memory('buffer-available-bytes'), 'memory').to.equal(memory('buffer-total-bytes'))
  await producer.close()
  await cluster.close()
}

function check(
  cluster: TestCluster,
  topic: string,
  sent: readonly Sent[],
  outcomes: readonly RecordMetadata[],
  isIdempotent: boolean,
): void {
  const stored = cluster.messages(topic)
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const expected = sent.filter((record) => record.partition === partition).map(({ value }) => value)
    const found = stored
      .filter((message) => message.partition === partition)
      .map(({ value }) => value!.toString())
    const firsts = found.filter((value, at) => found.indexOf(value) === at)
    expect(isIdempotent ? found : firsts, `partition ${partition}`).to.deep.equal(expected)
  }
  for (const [i, { offset, partition }] of outcomes.entries()) {
    if (offset < 0n) continue
    const message = stored.find((one) => one.partition === partition && one.offset === offset)
    expect(message?.value?.toString(), `record ${i}`).to.equal(sent[i]!.value)
  }
}

describe('KafkaProducer under random faults', function () {
  this.timeout(120_000)

  it('stores each record once, in order and where it says, with idempotence', async () => {
    await forEachSeed(SEEDS, AT_A_TIME, (seed) => run(seed, true))
  })

  it('loses no record and lets none overtake another, without idempotence', async () => {
    await forEachSeed(SEEDS, AT_A_TIME, (seed) => run(seed, false))
  })
})
