/** The console producer with the producer.properties of a Java client, on whatever broker there is. */
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { main } from '../../../../../lib/cli/console-producer.js'
import type { ContractCase } from '../../contract-case.js'
import { plainMurmurKeys } from '../../vector-keys.js'

const TOPIC = 'kafka-producer-console'
const FILE = fileURLToPath(new URL('../../kafka-producer.properties', import.meta.url))

export const configurationFileCases: readonly ContractCase[] = [
  {
    name: 'producer.properties of Java',
    title: 'takes the producer.properties of a Java client in the console producer',
    group: 'configuration file',
    topics: [TOPIC],
    write: async ({ address }) => {
      const lines = plainMurmurKeys.map(({ text: key }, i) => `${key}\tline ${i}\n`)
      const streams = {
        input: Readable.from(lines.map((line) => Buffer.from(line))),
        output: new PassThrough(),
        errors: new PassThrough(),
      }
      const said = text(streams.errors)
      const args = ['--new-producer', '--bootstrap-server', address, '--topic', TOPIC]
      const more = ['--producer.config', FILE, '--property', 'parse.key=true']
      const status = await main([...args, ...more], streams, '0')
      streams.errors.end()
      expect(status, await said).to.equal(0)
      const records = plainMurmurKeys.map(({ text: key, partition }, i) => {
        return { partition, key: Buffer.from(key), value: Buffer.from(`line ${i}`) }
      })
      return { topics: [{ topic: TOPIC, records, codec: 'gzip', isText: true }] }
    },
  },
]
