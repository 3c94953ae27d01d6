/**
 * A process with one producer, to be killed, paused and fenced from outside: `producer-process.ts SETUP`, with a
 * {@link ProducerSetup} as JSON. Ends by itself when its standard input does, or when the producer has failed.
 */
import type * as Library from '../../../lib/kafka-producer/index.js'
import { SeededRandom } from '../../support/seeded-random.js'
import { JournalFile } from './journal-file.js'
import { configOf, type ProducerSetup } from './producer-setup.js'
import { Traffic } from './traffic.js'

const setup = JSON.parse(process.argv[2] ?? '') as ProducerSetup
const { KafkaProducer } = (await import(setup.library)) as typeof Library
const random = new SeededRandom(setup.seed)
const journal = new JournalFile(setup.journal)
const producer = new KafkaProducer<string, string>(configOf(setup, (values) => random.pick(values)))

let isEnding = false
process.stdin.once('end', () => {
  isEnding = true
})
process.stdin.resume()

const traffic = new Traffic({ setup, producer, journal, random, isEnding: () => isEnding })
try {
  await (setup.isTransactional ? traffic.transactional() : traffic.idempotent())
  await producer.close()
  journal.write(['closed'])
} catch (error) {
  await producer.close({ timeoutMs: 0 })
  const { name, message, cause } = error as Error
  journal.write(['failed', name, cause instanceof Error ? `${message}: ${cause.message}` : message])
}
process.stdin.destroy()
