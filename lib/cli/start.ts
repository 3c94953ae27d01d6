/**
 * The first five minutes: without arguments, an embedded cluster, the sample messages in sync and in async mode, and
 * what the cluster stored, as a table. With arguments, the console producer.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { ProducerConfig } from '../config/producer-config.js'
import { counted } from '../counted.js'
import { KeyedMessage } from '../keyed-message.js'
import { Producer } from '../producer/producer.js'
import { type StoredMessage, TestCluster } from '../testing/index.js'
import { type ConsoleStreams, main } from './console-producer.js'
import { LineReader } from './line-reader.js'
import { LineSplitter } from './line-splitter.js'

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
    for (const type of ['sync', 'async']) {
      const topic = `demo-${type}`
      cluster.createTopic(topic, { partitions: 3 })
      const sent = await produce(join(root, 'config'), cluster.bootstrap, type, topic)
      say(
        `\n${counted(sent, 'message')} of config/sample-messages.txt, sent with config/producer.properties, producer.type=${type}:\n`,
      )
      say(storedTable(topic, cluster.messages(topic)))
    }
    say(
      '\nMessages with the same key are in the same partition, in their order; those without a key share one.',
    )
    say('To send to your own brokers, a line a message:')
    say('  npm start -- --broker-list host:9092 --topic my-topic')
  } finally {
    await cluster.close()
  }
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

function storedTable(topic: string, messages: readonly StoredMessage[]): string {
  const rows = messages.map(({ partition, offset, key, value }) => [
    topic,
    String(partition),
    String(offset),
    key === null ? '(none)' : key.toString(),
    value === null ? '(null)' : value.toString(),
  ])
  return table(['topic', 'partition', 'offset', 'key', 'value'], rows)
}

/** Rows as aligned text, for people. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd()
  return [line(header), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n')
}
