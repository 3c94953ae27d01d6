import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { ProducerConfig } from '../../lib/config/producer-config.js'
import { ConfigError } from '../../lib/errors.js'
import { DefaultEncoder } from '../../lib/handler/encoders/default-encoder.js'
import { NullEncoder } from '../../lib/handler/encoders/null-encoder.js'
import { IntegerEncoder, LongEncoder } from '../../lib/handler/encoders/number-encoders.js'
import { StringEncoder } from '../../lib/handler/encoders/string-encoder.js'
import { ByteArrayPartitioner } from '../../lib/handler/partitioners/byte-array-partitioner.js'
import { DefaultPartitioner } from '../../lib/handler/partitioners/default-partitioner.js'
import { silentLogger } from '../../lib/logger.js'
import { type Classes, encodersOf, partitionerOf } from '../../lib/producer/classes.js'

function configOf(properties: Record<string, unknown>): ProducerConfig {
  return new ProducerConfig({ 'metadata.broker.list': 'h:1', ...properties }, { logger: silentLogger })
}

function encoders(properties: Record<string, unknown>, classes: Classes = {}) {
  return encodersOf(configOf(properties), classes)
}

function partitioner(name: string, classes: Classes = {}, more: Record<string, unknown> = {}) {
  return partitionerOf(configOf({ 'partitioner.class': name, ...more }), classes)
}

function errorOf(run: () => unknown): ConfigError {
  try {
    run()
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError)
    return error as ConfigError
  }
  throw new Error('nothing was thrown')
}

class Upper {
  toBytes(value: unknown): string {
    return String(value).toUpperCase()
  }
}

describe('encodersOf', () => {
  for (const [name, kind] of [
    ['kafka.serializer.DefaultEncoder', DefaultEncoder],
    ['kafka.serializer.StringEncoder', StringEncoder],
    ['kafka.serializer.NullEncoder', NullEncoder],
    ['kafka.serializer.LongEncoder', LongEncoder],
    ['kafka.serializer.IntegerEncoder', IntegerEncoder],
  ] as const) {
    it(`finds the built-in class ${name}`, () => {
      expect(encoders({ 'serializer.class': name }).value).to.be.instanceOf(kind)
    })
  }

  it('takes DefaultEncoder for both where none is named', () => {
    const { key, value } = encoders({})
    expect(value).to.be.instanceOf(DefaultEncoder)
    expect(key).to.equal(value)
  })

  it('takes serializer.class for keys where key.serializer.class is not named', () => {
    const { key, value } = encoders({ 'serializer.class': 'Upper' }, { Upper })
    expect(value).to.be.instanceOf(Upper)
    expect(key).to.equal(value)
  })

  it('takes key.serializer.class for keys', () => {
    const { key, value } = encoders({
      'serializer.class': 'kafka.serializer.StringEncoder',
      'key.serializer.class': 'kafka.serializer.LongEncoder',
    })
    expect(value).to.be.instanceOf(StringEncoder)
    expect(key).to.be.instanceOf(LongEncoder)
  })

  it('gives the class the configuration, keys of its own included', () => {
    class Prefixing {
      readonly #prefix: string
      constructor(config: ProducerConfig) {
        this.#prefix = config.get('my.prefix') ?? ''
      }
      toBytes(value: unknown): string {
        return this.#prefix + String(value)
      }
    }
    const { value } = encoders(
      { 'serializer.class': 'com.acme.Prefixing', 'my.prefix': 'p:' },
      { 'com.acme.Prefixing': Prefixing },
    )
    expect(value.toBytes('a')).to.equal('p:a')
  })

  it('uses an instance as it is', () => {
    const mine = { toBytes: () => 'mine' }
    expect(encoders({ 'serializer.class': 'Mine' }, { Mine: mine }).value).to.equal(mine)
  })

  it('prefers a class that the application registered under a built-in name', () => {
    const name = 'kafka.serializer.StringEncoder'
    expect(encoders({ 'serializer.class': name }, { [name]: Upper }).value).to.be.instanceOf(Upper)
  })

  it('gives the charset to StringEncoder', () => {
    const { value } = encoders({
      'serializer.class': 'kafka.serializer.StringEncoder',
      'serializer.encoding': 'latin1',
    })
    expect(value.toBytes('ü')).to.deep.equal(Buffer.from([0xfc]))
  })
})

describe('partitionerOf', () => {
  it('finds the built-in ones, and DefaultPartitioner where none is named', () => {
    expect(partitioner('kafka.producer.DefaultPartitioner')).to.be.instanceOf(DefaultPartitioner)
    expect(partitioner('kafka.producer.ByteArrayPartitioner')).to.be.instanceOf(ByteArrayPartitioner)
    expect(partitionerOf(configOf({}), {})).to.be.instanceOf(DefaultPartitioner)
  })

  it('gives them partitioner.compatibility', () => {
    const of = (release: string): number =>
      partitioner(
        'kafka.producer.DefaultPartitioner',
        {},
        { 'partitioner.compatibility': release },
      ).partition('Zürich', 7)
    expect([of('0.8.2'), of('0.8.1')]).to.deep.equal([2, 0])
  })

  it('takes a class and an instance of the application', () => {
    class Last {
      partition(_: unknown, count: number): number {
        return count - 1
      }
    }
    expect(partitioner('Last', { Last }).partition('k', 5)).to.equal(4)
    expect(partitioner('Last', { Last: new Last() }).partition('k', 5)).to.equal(4)
  })
})

describe('a class that is not available', () => {
  it('causes a ConfigError that names key and class, lists the known ones, and explains how to pass one', () => {
    const error = errorOf(() =>
      partitioner('com.acme.Mine', {
        'com.acme.Other': new DefaultPartitioner({ partitionerCompatibility: '0.8.2' }),
      }),
    )
    expect(error).to.include({ code: 'KAFKA_CONFIG', key: 'partitioner.class' })
    expect(error.message)
      .to.contain('partitioner.class=com.acme.Mine names a class that is not known here. ')
      .and.contain('kafka.producer.ByteArrayPartitioner')
      .and.contain('com.acme.Other')
      .and.contain("classes: { 'com.acme.Mine': YourClass }")
  })

  it('causes an error that explains classes of the modern client', () => {
    const { message } = errorOf(() =>
      encoders({ 'serializer.class': 'org.apache.kafka.common.serialization.StringSerializer' }),
    )
    expect(message).not.to.contain('not known here')
  })

  it('causes an error that names the key of the setting', () => {
    expect(errorOf(() => encoders({ 'serializer.class': 'X' })).key).to.equal('serializer.class')
    expect(errorOf(() => encoders({ 'key.serializer.class': 'X' })).key).to.equal('key.serializer.class')
  })

  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'prototype']) {
    it(`may not be an inherited property: ${name}`, () => {
      expect(errorOf(() => partitioner(name)).key).to.equal('partitioner.class')
      expect(errorOf(() => encoders({ 'serializer.class': name })).key).to.equal('serializer.class')
    })
  }

  it('may have the name of an inherited property where the application registered it', () => {
    const classes = JSON.parse('{"__proto__": null}') as Record<string, never>
    Object.defineProperty(classes, '__proto__', { value: Upper, enumerable: true })
    expect(encoders({ 'serializer.class': '__proto__' }, classes).value).to.be.instanceOf(Upper)
  })

  it('appears escaped and shortened in the error', () => {
    const { message } = errorOf(() => partitioner(`a\u001b[31m${'b'.repeat(500)}`))
    expect(message).to.contain('a\\u{1b}[31mb').and.not.contain('b'.repeat(201))
  })

  for (const [title, registered] of [
    ['null', null],
    ['a number', 7],
    ['a string', 'Upper'],
    ['an object of another kind', {}],
    ['an encoder', new Upper()],
    ['a class of another kind', Date],
    [
      'a class with a method that is none',
      class {
        partition = 7
      },
    ],
  ] as const) {
    it(`causes a ConfigError where ${title} was registered as a partitioner`, () => {
      const error = errorOf(() => partitioner('P', { P: registered as never }))
      expect(error.message).to.equal('partitioner.class=P has no method partition()')
    })
  }

  it('causes a ConfigError where an arrow function was registered', () => {
    const error = errorOf(() => partitioner('P', { P: (() => ({ partition: () => 0 })) as never }))
    expect(error.message).to.match(/^partitioner\.class=P: its constructor threw TypeError/)
  })

  it('causes a ConfigError where its constructor throws, with the cause but without its text', () => {
    const cause = new RangeError('secret')
    class Throwing {
      constructor() {
        throw cause
      }
      toBytes(): null {
        return null
      }
    }
    const error = errorOf(() => encoders({ 'serializer.class': 'Throwing' }, { Throwing }))
    expect(error).to.include({
      message: 'serializer.class=Throwing: its constructor threw RangeError',
      cause,
    })
  })

  it('fails with the message of the constructor where that is a KafkaError', () => {
    class Picky {
      constructor(config: ProducerConfig) {
        config.getInt('my.size')
      }
      toBytes(): null {
        return null
      }
    }
    const error = errorOf(() => encoders({ 'serializer.class': 'Picky', 'my.size': 'big' }, { Picky }))
    expect(error.message).to.equal(
      'serializer.class=Picky: its constructor threw ConfigError: my.size is not an integer of 32 bits',
    )
  })
})

// docs/reference/faults.md#names-from-files
describe('a class name from a file', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'classes-'))
    writeFileSync(
      join(folder, 'trap.cjs'),
      'globalThis.trapWasSprung = true; module.exports = class { toBytes() {} partition() {} }',
    )
    writeFileSync(
      join(folder, 'trap.mjs'),
      'globalThis.trapWasSprung = true; export default class { toBytes() {} partition() {} }',
    )
  })
  after(() => {
    rmSync(folder, { recursive: true })
  })

  for (const [title, nameOf] of [
    ['an absolute path', () => join(folder, 'trap.cjs')],
    ['a path upwards', () => relative(process.cwd(), join(folder, 'trap.cjs'))],
    ['a file: URL', () => pathToFileURL(join(folder, 'trap.mjs')).href],
    ['a data: URL', () => 'data:text/javascript,globalThis.trapWasSprung=true'],
    ['a package', () => 'sinon/pkg/sinon'],
  ] as const) {
    it(`never loads a module: ${title}`, async () => {
      const name = nameOf()
      errorOf(() => encoders({ 'serializer.class': name }))
      errorOf(() => partitioner(name))
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(globalThis).not.to.have.property('trapWasSprung')
    })
  }

  for (const name of ['node:wasi', 'wasi']) {
    it(`never loads a module of Node: ${name}`, () => {
      errorOf(() => encoders({ 'serializer.class': name }))
      const loaded = (process as unknown as { moduleLoadList: string[] }).moduleLoadList
      expect(loaded.filter((module) => module.endsWith(' wasi'))).to.deep.equal([])
    })
  }
})
