import { expect } from 'chai'
import { foreignKeys, foreignPrefixes } from '../../lib/config/foreign-keys.js'
import { producerKeys, type SettingKey } from '../../lib/config/producer-keys.js'
import type { Setting } from '../../lib/config/setting.js'
import { acceptedBy } from '../../lib/config/setting.js'

const rows: readonly Setting[] = producerKeys.settings

describe('the rows of lib/config/', () => {
  it('name every key of the Scala producer, and no other as classic', () => {
    const classic = rows.filter(({ source }) => source === 'classic').map(({ key }) => key)
    expect(classic).to.have.members([
      ...[
        'metadata.broker.list',
        'request.required.acks',
        'request.timeout.ms',
        'client.id',
        'producer.type',
      ],
      ...['serializer.class', 'key.serializer.class', 'partitioner.class', 'serializer.encoding'],
      ...['compression.codec', 'compressed.topics', 'message.send.max.retries', 'retry.backoff.ms'],
      ...['topic.metadata.refresh.interval.ms', 'queue.buffering.max.ms', 'queue.buffering.max.messages'],
      ...['queue.enqueue.timeout.ms', 'batch.num.messages', 'send.buffer.bytes'],
    ])
  })

  it('name each key once', () => {
    expect(new Set(rows.map(({ key }) => key)).size).to.equal(rows.length)
  })

  it('have defaults inside their own ranges', () => {
    for (const { key, default: value, min = -Infinity, max = Infinity, choices, canBeOff } of rows) {
      if (value === undefined || (canBeOff && value === 'off')) continue
      if (choices !== undefined) expect(choices, key).to.include(value)
      const number = Number(value)
      if (value !== '' && !Number.isNaN(number)) expect(number >= min && number <= max, key).to.equal(true)
    }
  })

  it('describe their effect in a sentence', () => {
    for (const { key, doc } of rows) expect(doc, key).to.match(/^\S.{20,}\.$/)
  })

  it('require nothing but the broker list', () => {
    expect(rows.filter((row) => row.default === undefined).map(({ key }) => key)).to.deep.equal([
      'metadata.broker.list',
    ])
  })
})

describe('the tables of foreign keys', () => {
  const all = foreignKeys.flatMap(({ keys }) => keys)

  it('name each key once, and none that is a setting', () => {
    const keys = all.map(({ key }) => key)
    expect(new Set(keys).size).to.equal(keys.length)
    for (const key of keys) expect(producerKeys.find(key), key).to.equal(undefined)
  })

  it('send users to settings that exist', () => {
    for (const { key, instead } of all) {
      if (instead !== undefined) expect(producerKeys.find(instead), key).to.not.equal(undefined)
    }
  })

  it('have prefixes that hide no setting and no row of their own', () => {
    for (const { prefix } of foreignPrefixes) {
      const hidden = [...rows, ...all].filter(({ key }) => key.startsWith(prefix)).map(({ key }) => key)
      expect(hidden, prefix).to.deep.equal([])
    }
  })
})

describe('acceptedBy', () => {
  const cases: [SettingKey, string][] = [
    ['request.required.acks', 'an integer from -1 to 1'],
    ['retry.backoff.ms', 'an integer of at least 0 (ms)'],
    ['send.buffer.bytes', 'an integer (bytes)'],
    ['delivery.timeout.ms', 'an integer of at least 1 (ms), or off'],
    ['producer.type', 'sync or async'],
    ['compression.codec', 'none, gzip, snappy, lz4, zstd, or 0 to 4'],
    ['client.id', 'letters, digits and the characters . _ -'],
    ['serializer.encoding', 'a text'],
  ]
  for (const [key, text] of cases) {
    it(`says for ${key}: ${text}`, () => {
      expect(acceptedBy(producerKeys.settingOf(key))).to.equal(text)
    })
  }
})
