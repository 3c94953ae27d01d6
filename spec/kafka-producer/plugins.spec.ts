import { expect } from 'chai'
import { ConfigError } from '../../lib/errors.js'
import {
  DefaultPartitioner,
  RotatingPartitioner,
  UniformStickyPartitioner,
} from '../../lib/kafka-producer/partitioners/legacy-partitioners.js'
import { RoundRobinPartitioner } from '../../lib/kafka-producer/partitioners/round-robin-partitioner.js'
import {
  interceptorsNamed,
  type PluginClasses,
  partitionerNamed,
  serializerNamed,
} from '../../lib/kafka-producer/plugins.js'
import { StringSerializer } from '../../lib/kafka-producer/serializers.js'

const config = { get: (key: string) => (key === 'serializer.encoding' ? 'UTF-16BE' : undefined) }
const CLIENTS = 'org.apache.kafka.clients.producer.'

class Own {
  configured: unknown[] = []

  configure(...given: unknown[]): void {
    this.configured = given
  }

  serialize(): null {
    return null
  }

  partition(): number {
    return 0
  }
}

describe('serializerNamed', () => {
  it('a serializer of Kafka is made by its name and configured', () => {
    const serializer = serializerNamed(
      'org.apache.kafka.common.serialization.StringSerializer',
      true,
      config,
      {},
    )
    expect(serializer).to.be.instanceOf(StringSerializer)
    expect(serializer.serialize('t', 'a', undefined as never)).to.deep.equal(Buffer.from('0061', 'hex'))
  })

  it('a class of the application is made and configured, an instance is taken as it is', () => {
    const made = serializerNamed('a.Own', false, config, { 'a.Own': Own }) as Own
    expect(made.configured).to.deep.equal([config, false])
    const instance = new Own()
    expect(serializerNamed('a.Own', false, config, { 'a.Own': instance })).to.equal(instance)
    expect(instance.configured).to.deep.equal([])
  })

  const broken: [title: string, plugin: unknown, text: RegExp][] = [
    ['has no method serialize', class {}, /^key.serializer=a.X has no method serialize\(\)$/],
    ['is null', null, /has no method serialize/],
    [
      'throws when it is made',
      class {
        constructor() {
          throw new RangeError('secret')
        }
      },
      /cannot be made: RangeError$/,
    ],
    [
      'throws when it is configured',
      class extends Own {
        override configure(): void {
          throw new RangeError('secret')
        }
      },
      /cannot be made: RangeError$/,
    ],
  ]
  for (const [title, plugin, text] of broken) {
    it(`a class that ${title} is a mistake in the configuration`, () => {
      expect(() => serializerNamed('a.X', true, config, { 'a.X': plugin } as PluginClasses)).to.throw(
        ConfigError,
        text,
      )
    })
  }

  it('an unknown name is refused with the known ones, and a name of Object is none', () => {
    expect(() => serializerNamed('a.X', true, config, { 'a.Own': Own })).to.throw(
      ConfigError,
      /key.serializer=a.X names a class that is not known here. Known are .*UUIDSerializer.*, a.Own; pass your own/,
    )
    expect(() => serializerNamed('constructor', true, config, {})).to.throw(ConfigError, /not known here/)
  })
})

describe('partitionerNamed', () => {
  const rows: [name: string | null, rule: 'rotate' | 'sticky' | 'adaptive', type: unknown][] = [
    [null, 'adaptive', null],
    [null, 'sticky', DefaultPartitioner],
    [null, 'rotate', RotatingPartitioner],
    [`${CLIENTS}internals.DefaultPartitioner`, 'rotate', RotatingPartitioner],
    [`${CLIENTS}internals.DefaultPartitioner`, 'sticky', DefaultPartitioner],
    [`${CLIENTS}internals.DefaultPartitioner`, 'adaptive', DefaultPartitioner],
    [`${CLIENTS}RoundRobinPartitioner`, 'adaptive', RoundRobinPartitioner],
    [`${CLIENTS}UniformStickyPartitioner`, 'rotate', UniformStickyPartitioner],
  ]
  for (const [name, rule, type] of rows) {
    it(`partitioner.class=${name ?? '(not set)'} with the rule ${rule} is ${type === null ? 'the built-in one' : (type as { name: string }).name}`, () => {
      expect(partitionerNamed(name, rule, config, {})?.constructor ?? null).to.equal(type)
    })
  }

  it('a partitioner of the application is configured', () => {
    expect((partitionerNamed('a.Own', 'adaptive', config, { 'a.Own': Own }) as Own).configured).to.deep.equal(
      [config],
    )
  })
})

describe('interceptorsNamed', () => {
  it('interceptors are made in their order', () => {
    const instance = {}
    const made = interceptorsNamed(['a.Own', 'b'], { 'a.Own': Own, b: instance })
    expect([made[0], made[1]]).to.deep.equal([new Own(), instance])
    expect(() => interceptorsNamed(['c'], {})).to.throw(
      ConfigError,
      /interceptor.classes=c names a class that is not known here. pass your own/,
    )
  })
})
