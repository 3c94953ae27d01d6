import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { expect } from 'chai'
import { ProducerConfig } from '../../lib/config/producer-config.js'
import { producerKeys } from '../../lib/config/producer-keys.js'
import { fieldOf } from '../../lib/config/setting.js'
import { ConfigError } from '../../lib/errors.js'
import { silentLogger } from '../../lib/logger.js'
import { recordingLogger } from './recording-logger.js'

type Properties = Record<string, unknown>

const BROKERS = { 'metadata.broker.list': 'localhost:9092' }

const configOf = (properties: Properties = {}) =>
  new ProducerConfig({ ...BROKERS, ...properties }, { logger: silentLogger })

function errorOf(make: () => unknown): ConfigError {
  try {
    make()
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError)
    return error as ConfigError
  }
  return expect.fail('nothing was thrown')
}

describe('ProducerConfig', () => {
  describe('with the broker list alone', () => {
    const expected = {
      metadataBrokerList: [{ host: 'localhost', port: 9092 }],
      clientId: '',
      requestTimeoutMs: 10000,
      topicMetadataRefreshIntervalMs: 600000,
      sendBufferBytes: 102400,
      maxInFlightRequestsPerConnection: 1,
      receiveMessageMaxBytes: 104857600,
      connectionsMaxIdleMs: -1,
      brokerVersion: 'auto',
      producerType: 'sync',
      requestRequiredAcks: 0,
      messageSendMaxRetries: 3,
      retryBackoffMs: 100,
      serializerClass: 'kafka.serializer.DefaultEncoder',
      keySerializerClass: 'kafka.serializer.DefaultEncoder',
      serializerEncoding: 'UTF8',
      partitionerClass: 'kafka.producer.DefaultPartitioner',
      partitionerCompatibility: '0.8.2',
      compressionCodec: 'none',
      compressedTopics: new Set(),
      headersOnOldBrokers: 'fail',
      copyBuffers: false,
      queueBufferingMaxMs: 5000,
      queueBufferingMaxMessages: 10000,
      queueEnqueueTimeoutMs: -1,
      batchNumMessages: 200,
      queueBufferingMaxBytes: null,
      deliveryTimeoutMs: null,
      closeTimeoutMs: null,
      enableIdempotence: false,
    }

    it('has the defaults of the original, and new features off', () => {
      expect({ ...configOf() }).to.deep.equal(expected)
    })

    it('has one field for each row of config/, and no other', () => {
      expect(Object.keys(configOf())).to.have.members(producerKeys.settings.map(fieldOf))
    })

    it('cannot be changed', () => {
      expect(configOf()).to.be.frozen
      expect(configOf().metadataBrokerList).to.be.frozen
    })
  })

  describe('reads', () => {
    const cases: [string, unknown, keyof ProducerConfig, unknown][] = [
      ['request.required.acks', '+1', 'requestRequiredAcks', 1],
      ['request.required.acks', ' -1 ', 'requestRequiredAcks', -1],
      ['request.required.acks', '-0', 'requestRequiredAcks', 0],
      ['request.timeout.ms', '2147483647', 'requestTimeoutMs', 2147483647],
      ['request.timeout.ms', 1, 'requestTimeoutMs', 1],
      ['producer.type', 'async', 'producerType', 'async'],
      ['compression.codec', 'GZip', 'compressionCodec', 'gzip'],
      ['compression.codec', '2', 'compressionCodec', 'snappy'],
      ['compression.codec', 3, 'compressionCodec', 'lz4'],
      ['compression.codec', 4, 'compressionCodec', 'zstd'],
      ['headers.on.old.brokers', 'drop', 'headersOnOldBrokers', 'drop'],
      ['enable.idempotence', 'TRUE', 'enableIdempotence', true],
      ['enable.idempotence', false, 'enableIdempotence', false],
      ['copy.buffers', 'true', 'copyBuffers', true],
      ['copy.buffers', true, 'copyBuffers', true],
      ['copy.buffers', false, 'copyBuffers', false],
      ['compression.codec', '+0', 'compressionCodec', 'none'],
      ['compressed.topics', ' a, b,,a ', 'compressedTopics', new Set(['a', 'b'])],
      ['compressed.topics', ['a', 'b'], 'compressedTopics', new Set(['a', 'b'])],
      ['message.send.max.retries', '-1', 'messageSendMaxRetries', -1],
      ['queue.enqueue.timeout.ms', '0', 'queueEnqueueTimeoutMs', 0],
      ['queue.buffering.max.ms', '-5', 'queueBufferingMaxMs', -5],
      ['batch.num.messages', '0', 'batchNumMessages', 0],
      ['send.buffer.bytes', '-1', 'sendBufferBytes', -1],
      ['serializer.encoding', 'no such charset', 'serializerEncoding', 'no such charset'],
      ['queue.buffering.max.bytes', '9007199254740991', 'queueBufferingMaxBytes', 9007199254740991],
      ['queue.buffering.max.bytes', 'OFF', 'queueBufferingMaxBytes', null],
      ['delivery.timeout.ms', '1', 'deliveryTimeoutMs', 1],
      ['close.timeout.ms', '0', 'closeTimeoutMs', 0],
      ['broker.version', '0.8.2.2', 'brokerVersion', '0.8.2'],
      ['partitioner.compatibility', '0.8.1', 'partitionerCompatibility', '0.8.1'],
    ]
    for (const [key, value, field, expected] of cases) {
      it(`${key}=${inspect(value)}`, () => {
        expect(configOf({ [key]: value })[field]).to.deep.equal(expected)
      })
    }

    it('serializer.class for keys as well, unless key.serializer.class is given', () => {
      expect(configOf({ 'serializer.class': 'a.B' }).keySerializerClass).to.equal('a.B')
      expect(
        configOf({ 'serializer.class': 'a.B', 'key.serializer.class': 'c.D' }).keySerializerClass,
      ).to.equal('c.D')
    })
  })

  describe('refuses', () => {
    const cases: [string, unknown, string][] = [
      [
        'request.required.acks',
        'all',
        'is "all": expected an integer from -1 to 1; write request.required.acks=-1',
      ],
      ['request.required.acks', '2', 'is "2": expected an integer from -1 to 1'],
      ['request.required.acks', '', 'is empty: expected an integer from -1 to 1'],
      ['request.timeout.ms', '0', 'expected an integer from 1 to 2147483647 (ms)'],
      ['request.timeout.ms', '2147483648', 'expected an integer'],
      ['request.timeout.ms', '0x10', 'expected an integer'],
      ['request.timeout.ms', '1e3', 'expected an integer'],
      ['request.timeout.ms', '1 000', 'expected an integer'],
      ['request.timeout.ms', '10s', 'expected an integer'],
      ['request.timeout.ms', 1.5, 'is "1.5": expected an integer'],
      ['request.timeout.ms', Number.NaN, 'is "NaN": expected an integer'],
      ['message.send.max.retries', '-2147483649', 'expected an integer'],
      ['retry.backoff.ms', '-5', 'expected an integer of at least 0 (ms)'],
      ['producer.type', 'Async', 'expected sync or async; write producer.type=async'],
      ['producer.type', true, 'is "true": expected sync or async'],
      ['copy.buffers', 'yes', 'is "yes": expected false or true'],
      ['compression.codec', 'bzip2', 'is "bzip2": expected none, gzip, snappy, lz4, zstd, or 0 to 4'],
      ['compression.codec', '-1', 'is "-1": expected none'],
      ['client.id', 'a b', 'is "a b": expected letters, digits and the characters . _ -'],
      ['client.id', 'x'.repeat(32768), 'has more than 32767 characters'],
      ['batch.num.messages', 20000, 'is 20000 and exceeds queue.buffering.max.messages, which is 10000'],
      ['queue.buffering.max.messages', 100, 'is 100 and is less than batch.num.messages, which is 200'],
      ['max.in.flight.requests.per.connection', 0, 'of at least 1'],
      ['receive.message.max.bytes', 1023, 'of at least 1024'],
      ['queue.buffering.max.bytes', 0, 'an integer of at least 1 (bytes), or off'],
      ['delivery.timeout.ms', 'none', 'an integer of at least 1 (ms), or off'],
      ['close.timeout.ms', -1, 'an integer of at least 0 (ms), or off'],
      ['broker.version', '0.8', 'is "0.8": expected auto, or a release from 0.8.0 to 4.4'],
      ['partitioner.compatibility', '0.9', 'expected 0.8.2 or 0.8.1'],
      ['metadata.broker.list', ':9092', 'entry 1, ":9092", has no host'],
      ['metadata.broker.list', '', 'names no broker'],
      ['metadata.broker.list', [], 'names no broker'],
    ]
    for (const [key, value, problem] of cases) {
      it(`${key}=${inspect(value).slice(0, 40)}: ${problem}`, () => {
        const error = errorOf(() => configOf({ [key]: value }))
        expect(error.message)
          .to.match(new RegExp(`^${key} `))
          .and.include(problem)
        expect(error.key).to.equal(key)
        expect(error.code).to.equal('KAFKA_CONFIG')
        expect(error.retriable).to.equal(false)
      })
    }

    it('request.required.acks=constructor, without advice', () => {
      expect(errorOf(() => configOf({ 'request.required.acks': 'constructor' })).message).to.equal(
        'request.required.acks is "constructor": expected an integer from -1 to 1',
      )
    })

    it('a queue without room for a message', () => {
      const error = errorOf(() => configOf({ 'queue.buffering.max.messages': -1, 'batch.num.messages': -1 }))
      expect(error.message).to.include(
        'queue.buffering.max.messages is "-1": expected an integer of at least 1',
      )
    })

    it('a security.protocol that is none, without repeating it', () => {
      const error = errorOf(() => configOf({ 'security.protocol': 'hunter2' }))
      expect(error.key).to.equal('security.protocol')
      expect(error.message).to.equal('security.protocol is none of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL')
    })

    it('a missing broker list, and names the key to write', () => {
      const error = errorOf(() => new ProducerConfig({}))
      expect(error.key).to.equal('metadata.broker.list')
      expect(error.message).to.equal(
        'metadata.broker.list is missing: write metadata.broker.list=host1:9092,host2:9092',
      )
    })

    for (const [key, whose] of [
      ['bootstrap.servers', 'is a setting of the modern Java producer and is not read'],
      ['broker.list', 'is a spelling from before Kafka 0.8 and is not read'],
      ['zk.connect', 'is a spelling from before Kafka 0.8 and is not read'],
      ['kafkaHost', 'is an option of kafka-node or no-kafka and is not read'],
      ['metadata.broker.lst', 'did you mean metadata.broker.list?'],
    ] as const) {
      it(`a missing broker list, and explains ${key} where that was given`, () => {
        expect(errorOf(() => new ProducerConfig({ [key]: 'hunter2' })).message)
          .to.include(`; ${key} `)
          .and.include(whose)
          .and.not.include('hunter')
      })
    }
  })

  describe('with enable.idempotence=true', () => {
    const idempotent = { 'enable.idempotence': true }

    it('ProducerConfig has acks -1 where they are not set, and says so in what is in force', () => {
      const config = configOf(idempotent)
      expect([config.requestRequiredAcks, config.toJSON()['request.required.acks']]).to.deep.equal([-1, '-1'])
      expect(configOf({ ...idempotent, 'request.required.acks': -1 }).requestRequiredAcks).to.equal(-1)
    })

    it('ProducerConfig keeps the retries of the original where they are not set', () => {
      expect(configOf(idempotent).messageSendMaxRetries).to.equal(3)
    })

    const conflicts: [string, number, string][] = [
      ['request.required.acks', 0, '-1: set it to -1, or leave it out'],
      ['request.required.acks', 1, '-1: set it to -1, or leave it out'],
      ['message.send.max.retries', 0, 'at least 1'],
      ['message.send.max.retries', -1, 'at least 1'],
      ['max.in.flight.requests.per.connection', 6, 'at most 5'],
    ]
    for (const [key, value, needed] of conflicts) {
      it(`ProducerConfig refuses ${key}=${value} beside enable.idempotence=true, and takes it without`, () => {
        const error = errorOf(() => configOf({ ...idempotent, [key]: value }))
        expect(error.key).to.equal(key)
        expect(error.message).to.equal(`${key} is ${value}, and enable.idempotence=true needs ${needed}`)
        expect(configOf({ [key]: value }).enableIdempotence).to.equal(false)
      })
    }
  })

  describe('names the place of a value from a file', () => {
    const text = '# mine\n\nmetadata.broker.list = localhost:9092\nrequest.timeout.ms \\\n  : 0\n'

    it('by source and line', () => {
      const error = errorOf(() => ProducerConfig.fromText(text, { source: 'producer.properties' }))
      expect(error.message).to.match(/^producer\.properties:4: request\.timeout\.ms is "0"/)
    })

    it('by line alone', () => {
      expect(errorOf(() => ProducerConfig.fromText(text)).message).to.match(/^line 4: /)
    })

    it('by source alone for values of an object', () => {
      const make = () =>
        new ProducerConfig({ ...BROKERS, 'request.timeout.ms': 0 }, { source: 'settings.json' })
      expect(errorOf(make).message).to.match(/^settings\.json: request\.timeout\.ms is "0"/)
    })

    it('by the line of the queue where the batch is a default', () => {
      const make = () => ProducerConfig.fromText('metadata.broker.list=h:1\nqueue.buffering.max.messages=9')
      expect(errorOf(make).message).to.match(/^line 2: queue\.buffering\.max\.messages is 9 and is less than/)
    })
  })

  describe('reports of several errors the one of the original:', () => {
    // In the order in which the original finds them; each is made with all that come after it.
    const inOrder: [string, string][] = [
      ['queue.buffering.max.ms', 'x'],
      ['queue.buffering.max.messages', 'x'],
      ['queue.enqueue.timeout.ms', 'x'],
      ['batch.num.messages', 'x'],
      ['send.buffer.bytes', 'x'],
      ['request.required.acks', 'x'],
      ['request.timeout.ms', '0'],
      ['compression.codec', 'x'],
      ['message.send.max.retries', 'x'],
      ['retry.backoff.ms', 'x'],
      ['topic.metadata.refresh.interval.ms', 'x'],
      ['client.id', 'a/b'],
      ['batch.num.messages', '20000'],
      ['producer.type', 'x'],
      ['metadata.broker.list', 'localhost'],
    ]
    inOrder.forEach(([key, value], index) => {
      it(`${key}=${value} before ${inOrder.length - 1 - index} others`, () => {
        const later = Object.fromEntries(inOrder.slice(index).reverse())
        expect(errorOf(() => configOf({ ...later, [key]: value })).key).to.equal(key)
      })
    })

    it('a missing broker list after request.timeout.ms and before compression.codec', () => {
      const missing = { 'compression.codec': 'x' }
      expect(errorOf(() => new ProducerConfig(missing)).key).to.equal('metadata.broker.list')
      const both = { ...missing, 'request.timeout.ms': 'x' }
      expect(errorOf(() => new ProducerConfig(both)).key).to.equal('request.timeout.ms')
    })

    it('all errors of the original before ours', () => {
      const ours = { 'retry.backoff.ms': '-5', 'broker.version': 'x', 'security.protocol': 'TLS' }
      expect(errorOf(() => configOf({ ...ours, 'producer.type': 'x' })).key).to.equal('producer.type')
      expect(errorOf(() => configOf(ours)).key).to.equal('retry.backoff.ms')
    })
  })

  describe('against the recording i01 of the original', () => {
    interface Recording {
      properties: Record<string, string>
      ops: { op: string; tag: string; set: Record<string, string>; unset?: string[] }[]
      original: { ops: { i: number; ok: boolean }[] }
    }
    const recording = JSON.parse(
      readFileSync(new URL('../vectors/golden/i01-config-errors.json', import.meta.url), 'utf8'),
    ) as Recording
    const departures = new Map([
      ['acks blank', 'values are trimmed (KAFKA-1057)'],
      ['acks trailing blank', 'values are trimmed (KAFKA-1057)'],
      ['type blank', 'values are trimmed (KAFKA-1057)'],
      ['serializer blank suffix', 'values are trimmed (KAFKA-1057)'],
      ['backoff -5', 'a negative back-off is refused at once'],
    ])
    // Which classes there are is known to the producer, which refuses them when it is made.
    const classes = [
      'partitioner missing',
      'partitioner wrong type',
      'serializer wrong type',
      'serializer no ctor',
    ]

    recording.ops.forEach(({ op, tag, set, unset = [] }, i) => {
      if (op !== 'construct' || classes.includes(tag)) return
      const wasAccepted = recording.original.ops.find((each) => each.i === i)!.ok
      const isAccepted = departures.has(tag) ? !wasAccepted : wasAccepted
      const reason = departures.get(tag)
      it(`${isAccepted ? 'accepts' : 'refuses'} "${tag}"${reason === undefined ? '' : `: ${reason}`}`, () => {
        const properties = new Map(
          Object.entries({ ...recording.properties, 'metadata.broker.list': 'h:1', ...set }),
        )
        for (const key of unset) properties.delete(key)
        const make = () => new ProducerConfig(properties, { logger: silentLogger })
        if (isAccepted) expect(make).to.not.throw()
        else expect(make).to.throw(ConfigError)
      })
    })
  })

  describe('as VerifiableProperties of encoders and partitioners', () => {
    const config = configOf({
      'external.size': ' 5 ',
      'external.on': 'true',
      'external.off': false,
    })

    it('returns any given key, trimmed, and no default', () => {
      expect(config.get('external.size')).to.equal('5')
      expect(config.get('metadata.broker.list')).to.equal('localhost:9092')
      expect(config.get('client.id')).to.equal(undefined)
      expect(config.get('toString')).to.equal(undefined)
      expect([config.has('external.on'), config.has('client.id')]).to.deep.equal([true, false])
    })

    it('returns integers and booleans, with an optional default', () => {
      expect(config.getInt('external.size')).to.equal(5)
      expect(config.getInt('external.none')).to.equal(undefined)
      expect(config.getInt('external.none', 7)).to.equal(7)
      expect(config.getBoolean('external.on')).to.equal(true)
      expect(config.getBoolean('external.off', true)).to.equal(false)
      expect(config.getBoolean('external.none')).to.equal(undefined)
      expect(config.getBoolean('external.none', true)).to.equal(true)
    })

    it('refuses other values without showing them', () => {
      const secretive = ProducerConfig.fromText('metadata.broker.list=h:1\nexternal.x=hunter2', {
        logger: silentLogger,
        source: 'p',
      })
      expect(errorOf(() => secretive.getInt('external.x')).message).to.equal(
        'p:2: external.x is not an integer of 32 bits',
      )
      expect(errorOf(() => secretive.getBoolean('external.x')).message).to.equal(
        'p:2: external.x is not true or false',
      )
    })
  })

  describe('shows no value of a key that is not a setting', () => {
    const logger = recordingLogger()
    const secrets = {
      'sasl.jaas.config': 'canary',
      'ssl.key.password': 'canary',
      'external.token': 'canary',
      acks: 'canary',
      'my.secret': 'canary',
      'request.required.ack': 'canary',
      'client.ids': 'canary',
    }
    const config = new ProducerConfig({ ...BROKERS, 'client.id': 'me', ...secrets }, { logger })

    it('in inspect', () => {
      expect(inspect(config, { depth: 20, showHidden: true }))
        .to.include("'me'")
        .and.not.include('canary')
    })

    it('in JSON, which has every setting as one would write it', () => {
      expect(JSON.stringify(config)).to.not.include('canary')
      expect(Object.keys(config.toJSON())).to.have.members(producerKeys.settings.map(({ key }) => key))
      expect(config.toJSON()).to.include({ 'client.id': 'me', 'delivery.timeout.ms': 'off' })
    })

    it('in its own properties, spread or listed', () => {
      expect(inspect({ ...config })).to.not.include('canary')
      expect(Reflect.ownKeys(config)).to.have.members(producerKeys.settings.map(fieldOf))
    })

    it('in the log', () => {
      expect([...logger.warnings, ...logger.infos].join('\n')).to.not.include('canary')
    })

    it('in the line at INFO that lists what was given, in the order of the keys', () => {
      expect(logger.infos.at(-1)).to.equal(
        'configured with acks=[not shown], client.id=me, client.ids=[not shown], external.token=[not shown], ' +
          'metadata.broker.list=localhost:9092, my.secret=[not shown], request.required.ack=[not shown], ' +
          'sasl.jaas.config=[not shown], ssl.key.password=[not shown]',
      )
    })
  })

  it('returns JSON that makes the same configuration', () => {
    const config = configOf({
      'metadata.broker.list': '[::1]:9092,h:1',
      'compressed.topics': ['a', 'b'],
      'broker.version': '2.8.2',
      'queue.buffering.max.bytes': 5,
    })
    expect(config.toJSON()['metadata.broker.list']).to.equal('[::1]:9092,h:1')
    const again = new ProducerConfig(config.toJSON(), { logger: silentLogger })
    expect({ ...again }).to.deep.equal({ ...config })
  })
})
