/**
 * The first five minutes: without arguments, an embedded cluster, both producers, and what the cluster stored, as tables.
 * With arguments, the console producer.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { ProducerConfig } from '../config/producer-config.js'
import { counted } from '../counted.js'
import { KeyedMessage } from '../keyed-message.js'
import { Producer } from '../producer/producer.js'
import { TestCluster } from '../testing/index.js'
import { type ConsoleStreams, main } from './console-producer.js'
import { demonstrateKafkaProducer } from './kafka-producer-demo.js'
import { LineReader } from './line-reader.js'
import { LineSplitter } from './line-splitter.js'
import { storedTable } from './stored-table.js'

const MAX_LINE_BYTES = 1_000_000

/** @param root - the folder of the package. @returns the exit status. */
export async function start(
  argv: readonly string[],
  streams: ConsoleStreams,
  root: string,
  version: string,
): Promise<number> {
  if (argv.length > 0) return main(argv, streams, version)
  await demo(root, streams.output)
  return 0
}

async function demo(root: string, output: Writable): Promise<void> {
  const say = (text: string): void => void output.write(`${text}\n`)
  const cluster = await TestCluster.start({ brokers: 3 })
  try {
    say(`An embedded Kafka cluster of three brokers is up: ${cluster.bootstrap}`)
    await demonstrateProducer(cluster, join(root, 'config'), say)
    await demonstrateKafkaProducer(cluster, say)
    say('\nTo send to your own brokers, a line a message:')
    say('  npm start -- --broker-list host:9092 --topic my-topic')
  } finally {
    await cluster.close()
  }
}

/** The classic producer: the sample messages in sync and in async mode. */
async function demonstrateProducer(
  cluster: TestCluster,
  configFolder: string,
  say: (text: string) => void,
): Promise<void> {
  for (const type of ['sync', 'async']) {
    const topic = `demo-${type}`
    cluster.createTopic(topic, { partitions: 3 })
    const sent = await produce(configFolder, cluster.bootstrap, type, topic)
    say(
      `\nProducer: ${counted(sent, 'message')} of config/sample-messages.txt, sent with config/producer.properties, producer.type=${type}:\n`,
    )
    say(storedTable(topic, cluster.messages(topic)))
  }
  say(
    '\nMessages with the same key are in the same partition, in their order; those without a key share one.',
  )
}

async function produce(
  configFolder: string,
  bootstrap: string,
  type: string,
  topic: string,
): Promise<number> {
  const config = ProducerConfig.fromFile(join(configFolder, 'producer.properties'), {
    overrides: new Map([
      ['metadata.broker.list', bootstrap],
      ['producer.type', type],
    ]),
  })
  const messages = sampleMessages(join(configFolder, 'sample-messages.txt'), topic)
  const producer = new Producer<Buffer, Buffer>(config)
  for (const message of messages) await producer.send(message)
  await producer.close()
  return messages.length
}

/** One message a line, `key<TAB>value`, or a value alone. */
function sampleMessages(path: string, topic: string): KeyedMessage<Buffer, Buffer>[] {
  const splitter = new LineSplitter(MAX_LINE_BYTES)
  const reader = new LineReader(
    new Map([
      ['parse.key', 'true'],
      ['ignore.error', 'true'],
    ]),
  )
  return [...splitter.push(readFileSync(path))].map((line) => {
    const { key, value } = reader.read(line)
    return new KeyedMessage(topic, key, value)
  })
}
