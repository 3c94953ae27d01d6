import { expect } from 'chai'
import { GivenProperties } from '../../lib/config/given-properties.js'
import { hintsOn, missingHint } from '../../lib/config/hints.js'
import { KnownKeys } from '../../lib/config/known-keys.js'
import { fieldOf, type Setting } from '../../lib/config/setting.js'
import { SettingReader } from '../../lib/config/setting-reader.js'
import { ConfigError } from '../../lib/errors.js'

/** Settings that the classic producer does not have. */
const settings = [
  { key: 'linger.ms', type: 'int', default: '0', min: 0, source: 'ours', since: '9', doc: 'Waits.' },
  { key: 'bootstrap.servers', type: 'brokers', source: 'ours', since: '9', doc: 'Brokers.' },
  {
    key: 'acks',
    type: 'string',
    default: 'all',
    choices: ['all', '0', '1'],
    source: 'ours',
    since: '9',
    doc: 'Acknowledgement.',
  },
] as const satisfies readonly Setting[]

const foreignKeys = [
  {
    whose: 'is a setting of the old producer',
    keys: [
      { key: 'request.required.acks', instead: 'acks' },
      { key: 'metadata.broker.list', instead: 'bootstrap.servers' },
    ],
  },
]

const keys = new KnownKeys(settings, foreignKeys, [{ prefix: 'old.', says: 'not used' }])

const given = (properties: Record<string, unknown>) => GivenProperties.fromValues(properties, keys)

describe('A table of settings of another producer', () => {
  it('names the fields of its configuration', () => {
    expect(keys.settings.map(fieldOf)).to.deep.equal(['lingerMs', 'bootstrapServers', 'acks'])
  })

  it('is what values are read by', () => {
    const read = new SettingReader(given({ 'linger.ms': 5, 'bootstrap.servers': ['a:1', 'b:2'] }), keys)
    expect([read.int('linger.ms'), read.choice('acks')]).to.deep.equal([5, 'all'])
    expect(read.brokers('bootstrap.servers')).to.have.length(2)
  })

  it('is what values are refused by', () => {
    const read = new SettingReader(given({ 'linger.ms': -1 }), keys)
    expect(() => read.int('linger.ms')).to.throw(
      ConfigError,
      'linger.ms is "-1": expected an integer of at least 0',
    )
  })

  it('is what hints on keys of the classic producer refer to', () => {
    const hints = hintsOn({
      given: given({ 'request.required.acks': '1', 'old.key': 'x', 'lingr.ms': '1' }),
      keys,
      effective: new Map([
        ['acks', 'all'],
        ['linger.ms', '0'],
      ]),
      own: [{ level: 'info', text: 'own' }],
      classNameFor: () => undefined,
    })
    expect(hints.map(({ text }) => text)).to.deep.equal([
      'own',
      'old.key: not used',
      'lingr.ms is not a setting of this producer, did you mean linger.ms? Ignored, linger.ms stays 0; write linger.ms=1',
      'request.required.acks is a setting of the old producer: ignored, acks stays all; write acks=1',
    ])
  })

  it('is what a missing setting may have been written as', () => {
    const properties = given({ 'metadata.broker.list': 'a:1' })
    expect(missingHint('bootstrap.servers', properties, keys)).to.equal(
      '; metadata.broker.list is a setting of the old producer and is not read',
    )
  })

  it('says which of its settings an array may be given for', () => {
    expect(() => given({ 'linger.ms': ['1'] })).to.throw('linger.ms is an array: expected a string, a number')
    expect(() => given({ 'request.required.acks': {} })).to.throw(
      'request.required.acks is a setting of the old producer, write acks',
    )
  })
})
