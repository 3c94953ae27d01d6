/** Writes one case of the contract, within a time limit, with producers that are closed afterwards. */
import { KafkaProducer, type Logger, Producer } from '../../../lib/index.js'
import type { KafkaCluster } from '../support/index.js'
import type { CaseOutcome, ContractCase, ContractContext, ProducerSettings, Scope } from './contract-case.js'

const CASE_LIMIT_MS = 60_000
const CLOSE_LIMIT_MS = 20_000
const STRINGS = 'org.apache.kafka.common.serialization.StringSerializer'

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Rejects as the case does. */
export async function writeOnce(
  one: ContractCase,
  cluster: KafkaCluster,
  scope: Scope,
): Promise<CaseOutcome> {
  const producers: { close(options: { timeoutMs: number }): Promise<void> }[] = []
  const address = cluster.bootstrap[0]!
  const context: ContractContext = {
    version: cluster.version.version,
    scope,
    address,
    producer(settings = {}, options = {}) {
      const config = texts({ ...classicSettings(address), ...settings })
      const producer = new Producer<never, never>(config, { logger: quiet, ...options })
      producers.push(producer)
      return producer as never
    },
    kafkaProducer(settings = {}, logger = quiet) {
      const config = texts({ ...kafkaSettings(address), ...settings })
      const producer = new KafkaProducer<never, never>(config, { logger })
      producers.push(producer)
      return producer as never
    },
  }
  try {
    return await limited(one.write(context))
  } finally {
    await Promise.all(producers.map((producer) => producer.close({ timeoutMs: CLOSE_LIMIT_MS })))
  }
}

/** As a file has them. */
function texts(settings: ProducerSettings): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, String(value)]))
}

function classicSettings(address: string): ProducerSettings {
  return {
    'metadata.broker.list': address,
    'serializer.class': 'kafka.serializer.StringEncoder',
    'request.required.acks': 1,
  }
}

function kafkaSettings(address: string): ProducerSettings {
  return { 'bootstrap.servers': address, 'key.serializer': STRINGS, 'value.serializer': STRINGS }
}

async function limited<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    const late = () => reject(new Error(`the case took longer than ${CASE_LIMIT_MS} ms`))
    timer = setTimeout(late, CASE_LIMIT_MS)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
