/**
 * The product: `KafkaProducer` of a built folder, with the settings that Kafka's own perf tool is run with. Mode `async`: a callback for
 * each record, and no record before the one before it is in the buffer; other modes: each call awaits its record's outcome.
 *
 * Variant `idempotent`: with idempotence, which is the default of the Java client, and acks all; `timed`: one call after the other,
 * linger 0, each one timed; `defaults`: nothing else is set than what has to be.
 */
import { drive, driveTimed, type Message, type Target } from '../support/drive.js'
import { measured } from '../support/measured.js'
import { planOfProcess } from '../support/plan.js'
import { type KafkaClient, kafkaProductOf, type RecordLike, tlsProperties } from '../support/product.js'

/** Of `ProducerPerformance`, so that both fill the same batches. */
const BATCH_BYTES = 65_536
const STRING_SERIALIZER = 'org.apache.kafka.common.serialization.StringSerializer'
const BYTES_SERIALIZER = 'org.apache.kafka.common.serialization.ByteArraySerializer'

const plan = planOfProcess()
const { workload, variant } = plan

function propertiesOf(): Record<string, string> {
  const { acks, lingerMs, codec } = workload
  const needed = {
    'bootstrap.servers': plan.bootstrap,
    'key.serializer': STRING_SERIALIZER,
    ...tlsProperties(plan),
    'value.serializer': workload.value === 'string' ? STRING_SERIALIZER : BYTES_SERIALIZER,
  }
  if (variant === 'defaults') return needed
  const isIdempotent = variant === 'idempotent'
  return {
    ...needed,
    acks: isIdempotent ? 'all' : String(acks),
    'enable.idempotence': String(isIdempotent),
    'linger.ms': variant === 'timed' ? '0' : String(lingerMs),
    'batch.size': String(BATCH_BYTES),
    ...(codec !== 'none' && { 'compression.type': codec }),
  }
}

const { KafkaProducer } = kafkaProductOf(plan)
const producer: KafkaClient = new KafkaProducer(propertiesOf())

let failures = 0
const onOutcome = (_: unknown, error: Error | null): void => {
  if (error) failures++
}

function recordOf({ topic, key, message }: Message): RecordLike {
  return key === undefined ? { topic, value: message } : { topic, key, value: message }
}

function targetOf(): Target {
  const flush = async (): Promise<void> => {
    await producer.flush()
    if (failures > 0) throw new Error(`${failures} records failed`)
  }
  if (workload.mode !== 'async') return { one: async (message) => producer.send(recordOf(message)), flush }
  return { one: (message) => producer.send(recordOf(message), onOutcome).appended, flush }
}

const target = targetOf()
if (variant === 'timed') {
  const latenciesUs: number[] = []
  await measured(workload.messages, driveTimed(workload, latenciesUs, target.one), latenciesUs)
} else {
  await measured(workload.messages, drive(workload, target))
}
await producer.close()
process.exit(0)
