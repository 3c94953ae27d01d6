/** Numbered batches where brokers know them (0.11), and what happens before. */
import { expect } from 'chai'
import { type Logger, UnsupportedVersionError } from '../../../../../lib/index.js'
import type { ContractCase } from '../../contract-case.js'
import { rejectionOf } from '../../rejection.js'
import { sendAll } from './sent-records.js'

const FIRST = '0.11'
const TOPIC = 'kafka-producer-idempotence'
const OFF_TOPIC = 'kafka-producer-idempotence-off'

function keepingLogger(warnings: string[]): Logger {
  return { debug() {}, info() {}, warn: (text: string) => void warnings.push(text), error() {} } as Logger
}

const records = (topic: string, prefix: string) =>
  Array.from({ length: 60 }, (_, i) => ({ topic, key: `k${i % 7}`, value: `${prefix} ${i}` }))

export const idempotenceCases: readonly ContractCase[] = [
  {
    name: 'idempotence',
    title: 'numbers its batches, asked for or not',
    group: 'idempotence',
    since: FIRST,
    topics: [TOPIC],
    write: async ({ kafkaProducer }) => {
      const warnings: string[] = []
      const byDefault = kafkaProducer({}, keepingLogger(warnings))
      const expected = await sendAll(byDefault, records(TOPIC, 'by default'))
      expect(warnings).to.deep.equal([])
      const explicit = kafkaProducer({ 'enable.idempotence': true })
      const more = await sendAll(explicit, records(TOPIC, 'explicitly'))
      return { topics: [{ topic: TOPIC, records: [...expected, ...more], isText: true, isNumbered: true }] }
    },
  },
  {
    name: 'idempotence off',
    title: 'does not number its batches with enable.idempotence=false',
    group: 'idempotence',
    since: FIRST,
    topics: [OFF_TOPIC],
    write: async ({ kafkaProducer }) => {
      const expected = await sendAll(
        kafkaProducer({ 'enable.idempotence': false }),
        records(OFF_TOPIC, 'off'),
      )
      return { topics: [{ topic: OFF_TOPIC, records: expected, isText: true, isNumbered: false }] }
    },
  },
  {
    name: 'idempotence given up, or refused',
    title: 'stores records without numbers, with one warning; where idempotence was asked for it fails them',
    group: 'old formats',
    before: FIRST,
    topics: [TOPIC],
    write: async ({ kafkaProducer, version }) => {
      const warnings: string[] = []
      const byDefault = kafkaProducer({}, keepingLogger(warnings))
      const expected = await sendAll(byDefault, records(TOPIC, 'first'))
      const more = await sendAll(byDefault, records(TOPIC, 'second'))
      expect(warnings.filter((text) => text.includes('enable.idempotence'))).to.have.lengthOf(1)

      const explicit = kafkaProducer({ 'enable.idempotence': true })
      const error = await rejectionOf(Promise.resolve(explicit.send({ topic: TOPIC, value: 'refused' })))
      expect(error, version).to.be.instanceOf(UnsupportedVersionError)
      expect((error as UnsupportedVersionError).persistence).to.equal('not-persisted')
      return { topics: [{ topic: TOPIC, records: [...expected, ...more], isText: true }] }
    },
  },
]
