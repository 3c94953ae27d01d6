/** The console producer with a producer.properties of 2013, on whatever broker there is. */
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { main } from '../../../../lib/cli/console-producer.js'
import { ByteArrayPartitioner } from '../../../../lib/index.js'
import { type ContractCase, PARTITIONS } from '../contract-case.js'
import { plainKeys } from '../vector-keys.js'

const TOPIC = 'console'
const partitioner = new ByteArrayPartitioner({ partitionerCompatibility: '0.8.2' })
const FILE = fileURLToPath(new URL('../producer-0.8.properties', import.meta.url))

export const oldConfigurationCases: readonly ContractCase[] = [
  {
    name: 'old producer.properties',
    title: 'takes an unchanged producer.properties of Kafka 0.8 in the console producer',
    group: 'old configuration',
    topics: [TOPIC],
    write: async ({ address }) => {
      const lines = plainKeys.map(({ text }, i) => `${text}\tline ${i}\n`)
      const streams = {
        input: Readable.from(lines.map((line) => Buffer.from(line))),
        output: new PassThrough(),
        errors: new PassThrough(),
      }
      const said = text(streams.errors)
      const args = ['--broker-list', address, '--topic', TOPIC, '--producer.config', FILE]
      const status = await main([...args, '--property', 'parse.key=true'], streams, '0')
      streams.errors.end()
      expect(status, await said).to.equal(0)
      // To the tool a key is bytes; how those are placed, the case with the binary keys of the vectors shows.
      const records = plainKeys.map(({ text }, i) => {
        const key = Buffer.from(text)
        return { partition: partitioner.partition(key, PARTITIONS), key, value: Buffer.from(`line ${i}`) }
      })
      return { topics: [{ topic: TOPIC, records, codec: 'gzip', isText: true }] }
    },
  },
]
