import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect } from 'chai'
import type { clientReleases } from '../../lib/config/client-defaults.js'
import {
  kafkaProducerForeignKeys,
  kafkaProducerForeignPrefixes,
} from '../../lib/config/kafka-producer-foreign-keys.js'
import { kafkaProducerKeys } from '../../lib/config/kafka-producer-keys.js'
import { fieldOf, type Setting } from '../../lib/config/setting.js'
import { ConfigError } from '../../lib/errors.js'
import { KafkaProducerConfig } from '../../lib/kafka-producer/kafka-producer-config.js'
import { silentLogger } from '../../lib/logger.js'
import { recordingLogger } from '../config/recording-logger.js'

type Properties = Record<string, unknown>

const STRINGS = 'org.apache.kafka.common.serialization.StringSerializer'
const REQUIRED = {
  'bootstrap.servers': 'localhost:9092',
  'key.serializer': STRINGS,
  'value.serializer': STRINGS,
}
const MAX_INT32 = 2147483647

const configOf = (properties: Properties = {}, required: Properties = REQUIRED) =>
  new KafkaProducerConfig({ ...required, ...properties }, { logger: silentLogger })

function refusalOf(properties: Properties, required: Properties = REQUIRED): string {
  try {
    configOf(properties, required)
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError)
    return (error as Error).message
  }
  return expect.fail('nothing was thrown')
}

function hintsOn(properties: Properties): { warnings: string[]; infos: string[] } {
  const logger = recordingLogger()
  new KafkaProducerConfig({ ...REQUIRED, ...properties }, { logger })
  return logger
}

describe('The rows of KafkaProducer', () => {
  const rows: readonly Setting[] = kafkaProducerKeys.settings

  it('the rows of KafkaProducer name every key of the ProducerConfig of Kafka 3.9 and 4.3 but those of TLS and SASL', () => {
    const keys = rows.filter(({ source }) => source === 'java').map(({ key }) => key)
    expect(keys).to.have.members(
      `bootstrap.servers key.serializer value.serializer acks enable.idempotence transactional.id transaction.timeout.ms
      transaction.two.phase.commit.enable batch.size linger.ms buffer.memory max.block.ms max.request.size compression.type
      compression.gzip.level compression.lz4.level compression.zstd.level delivery.timeout.ms request.timeout.ms retries
      retry.backoff.ms retry.backoff.max.ms max.in.flight.requests.per.connection partitioner.class partitioner.ignore.keys
      partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms interceptor.classes client.id
      metadata.max.age.ms metadata.max.idle.ms metadata.recovery.strategy metadata.recovery.rebootstrap.trigger.ms
      reconnect.backoff.ms reconnect.backoff.max.ms socket.connection.setup.timeout.ms
      socket.connection.setup.timeout.max.ms connections.max.idle.ms client.dns.lookup send.buffer.bytes
      receive.buffer.bytes security.protocol security.providers metrics.sample.window.ms metrics.num.samples
      metrics.recording.level metric.reporters auto.include.jmx.reporter enable.metrics.push config.providers`.split(
        /\s+/,
      ),
    )
  })

  it('the rows of KafkaProducer name each key once, with a default in its range and a sentence', () => {
    expect(new Set(rows.map(({ key }) => key)).size).to.equal(rows.length)
    for (const { key, default: value, min = -Infinity, max = Infinity, choices, doc } of rows) {
      expect(doc, key).to.match(/^\S.{20,}\.$/)
      if (value === undefined) continue
      if (choices !== undefined) expect(choices, key).to.include(value)
      const number = Number(value)
      if (value !== '' && !Number.isNaN(number)) expect(number >= min && number <= max, key).to.equal(true)
    }
  })

  it('the foreign keys of KafkaProducer are named once, are no settings, and lead to settings', () => {
    const foreign = kafkaProducerForeignKeys.flatMap(({ keys }) => keys)
    expect(new Set(foreign.map(({ key }) => key)).size).to.equal(foreign.length)
    for (const { key, instead } of foreign) {
      expect(kafkaProducerKeys.find(key), key).to.equal(undefined)
      if (instead !== undefined) expect(kafkaProducerKeys.find(instead), key).to.not.equal(undefined)
    }
    for (const { prefix } of kafkaProducerForeignPrefixes) {
      expect(
        [...rows, ...foreign].filter(({ key }) => key.startsWith(prefix)),
        prefix,
      ).to.deep.equal([])
    }
  })
})

describe('KafkaProducerConfig', () => {
  const newest = {
    bootstrapServers: [{ host: 'localhost', port: 9092 }],
    keySerializer: STRINGS,
    valueSerializer: STRINGS,
    acks: -1,
    enableIdempotence: true,
    transactionalId: null,
    transactionTimeoutMs: 60000,
    transactionTwoPhaseCommitEnable: false,
    batchSize: 16384,
    lingerMs: 5,
    bufferMemory: 33554432,
    maxBlockMs: 60000,
    maxRequestSize: 1048576,
    compressionType: 'none',
    compressionGzipLevel: -1,
    compressionLz4Level: 9,
    compressionZstdLevel: 3,
    deliveryTimeoutMs: 120000,
    requestTimeoutMs: 30000,
    retries: MAX_INT32,
    retryBackoffMs: 100,
    retryBackoffMaxMs: 1000,
    maxInFlightRequestsPerConnection: 5,
    partitionerClass: null,
    partitionerIgnoreKeys: false,
    partitionerAdaptivePartitioningEnable: true,
    partitionerAvailabilityTimeoutMs: 0,
    interceptorClasses: [],
    clientId: 'me',
    metadataMaxAgeMs: 300000,
    metadataMaxIdleMs: 300000,
    metadataRecoveryStrategy: 'rebootstrap',
    metadataRecoveryRebootstrapTriggerMs: 300000,
    reconnectBackoffMs: 50,
    reconnectBackoffMaxMs: 1000,
    socketConnectionSetupTimeoutMs: 10000,
    socketConnectionSetupTimeoutMaxMs: 30000,
    connectionsMaxIdleMs: 540000,
    clientDnsLookup: 'use_all_dns_ips',
    sendBufferBytes: 131072,
    receiveBufferBytes: 32768,
    securityProtocol: 'PLAINTEXT',
    securityProviders: '',
    metricsSampleWindowMs: 30000,
    metricsNumSamples: 2,
    metricsRecordingLevel: 'INFO',
    metricReporters: [],
    autoIncludeJmxReporter: true,
    enableMetricsPush: true,
    configProviders: [],
    clientDefaults: '4.3',
    isIdempotenceExplicit: false,
  }

  it('KafkaProducerConfig has the defaults of Kafka 4.3, and is frozen', () => {
    const config = configOf({ 'client.id': 'me' })
    expect({ ...config }).to.deep.equal(newest)
    expect(config).to.be.frozen
  })

  it('KafkaProducerConfig has a field for each row', () => {
    expect(Object.keys(newest)).to.have.members([
      ...kafkaProducerKeys.settings.map(fieldOf),
      'isIdempotenceExplicit',
    ])
  })

  const older = {
    acks: 1,
    enableIdempotence: false,
    lingerMs: 0,
    metadataRecoveryStrategy: 'none',
    retryBackoffMaxMs: 100,
  }
  const releases: [
    release: (typeof clientReleases)[number],
    changed: object,
    nullKeys: string,
    callsOnNewBatch: boolean,
  ][] = [
    ['0.11', { ...older, retries: 0 }, 'rotate', false],
    ['1.1', { ...older, retries: 0 }, 'rotate', false],
    ['2.3', older, 'rotate', false],
    ['2.8', older, 'sticky', true],
    ['3.9', { lingerMs: 0, metadataRecoveryStrategy: 'none' }, 'adaptive', true],
    ['4.3', {}, 'adaptive', false],
  ]
  for (const [release, changed, nullKeys, callsOnNewBatch] of releases) {
    it(`client.defaults=${release} gives the defaults of that release`, () => {
      const config = configOf({ 'client.id': 'me', 'client.defaults': release })
      expect({ ...config }).to.deep.equal({ ...newest, ...changed, clientDefaults: release })
      expect(config.rules).to.include({ nullKeys, callsOnNewBatch })
    })
  }

  it('client.defaults changes nothing that is set', () => {
    const config = configOf({
      'client.defaults': '0.11',
      acks: 'all',
      'linger.ms': 7,
      'retry.backoff.max.ms': 900,
    })
    expect([config.acks, config.lingerMs, config.retryBackoffMaxMs, config.enableIdempotence]).to.deep.equal([
      -1,
      7,
      900,
      false,
    ])
    expect(configOf({ 'client.defaults': '2.8', 'retry.backoff.ms': 500 }).retryBackoffMaxMs).to.equal(500)
  })

  const read: [key: string, value: unknown, field: keyof KafkaProducerConfig, expected: unknown][] = [
    ['acks', '-1', 'acks', -1],
    ['acks', 1, 'acks', 1],
    ['enable.idempotence', 'FALSE', 'enableIdempotence', false],
    ['enable.idempotence', false, 'enableIdempotence', false],
    ['linger.ms', ' 20 ', 'lingerMs', 20],
    ['buffer.memory', '9007199254740991', 'bufferMemory', Number.MAX_SAFE_INTEGER],
    ['security.protocol', 'plaintext', 'securityProtocol', 'PLAINTEXT'],
    ['metadata.recovery.strategy', 'NONE', 'metadataRecoveryStrategy', 'none'],
    ['interceptor.classes', ' a.A , b.B', 'interceptorClasses', ['a.A', 'b.B']],
    ['interceptor.classes', ['a.A'], 'interceptorClasses', ['a.A']],
    ['send.buffer.bytes', -1, 'sendBufferBytes', -1],
    ['reconnect.backoff.ms', 700, 'reconnectBackoffMaxMs', 700],
    ['compression.gzip.level', 9, 'compressionGzipLevel', 9],
    ['compression.zstd.level', '-131072', 'compressionZstdLevel', -131072],
    ['partitioner.class', 'a.P', 'partitionerClass', 'a.P'],
    ['transactional.id', 'tx', 'clientId', 'producer-tx'],
    ['client.id', '', 'clientId', ''],
  ]
  for (const [key, value, field, expected] of read) {
    it(`KafkaProducerConfig reads ${key}=${inspect(value)} as the Java client does`, () => {
      expect(configOf({ [key]: value })[field]).to.deep.equal(expected)
    })
  }

  it('the compression level is that of the codec in use, and none where it has none', () => {
    const levels = { 'compression.gzip.level': 2, 'compression.zstd.level': 7, 'compression.lz4.level': 4 }
    const levelOf = (codec: string) => configOf({ ...levels, 'compression.type': codec }).compressionLevel
    const codecs = ['gzip', 'zstd', 'lz4', 'snappy', 'none']
    expect(codecs.map(levelOf)).to.deep.equal([2, 7, 4, undefined, undefined])
  })

  it('a key without effect in Node is named at INFO with the reason, if it is given', () => {
    const logger = recordingLogger()
    const given = { ...REQUIRED, 'receive.buffer.bytes': 65536, 'auto.include.jmx.reporter': true }
    new KafkaProducerConfig(given, { logger })
    const reported = logger.infos.filter((line) => line.includes('has no effect here: '))
    expect(reported).to.have.length(2)
    expect(reported[0]).to.include('receive.buffer.bytes').and.include('which Node cannot do')
    expect(reported[1]).to.include('auto.include.jmx.reporter')
    expect(logger.warnings).to.deep.equal([])
  })

  const refused: [key: string, value: unknown][] = [
    ...(['2', 'some', 'ALL'].map((value) => ['acks', value]) as [string, string][]),
    ...['batch.size', 'linger.ms', 'buffer.memory', 'max.request.size', 'max.block.ms', 'retries'].map(
      (key): [string, string] => [key, '-1'],
    ),
    ...[
      'retry.backoff.ms',
      'retry.backoff.max.ms',
      'request.timeout.ms',
      'delivery.timeout.ms',
      'metadata.max.age.ms',
    ].map((key): [string, string] => [key, '-1']),
    ...['reconnect.backoff.ms', 'partitioner.availability.timeout.ms'].map((key): [string, string] => [
      key,
      '-1',
    ]),
    ['retries', '2147483648'],
    ['max.in.flight.requests.per.connection', '0'],
    ['compression.type', 'brotli'],
    ['compression.type', 'GZIP'],
    ['compression.gzip.level', '10'],
    ['compression.gzip.level', '0'],
    ['compression.lz4.level', '18'],
    ['compression.zstd.level', '23'],
    ['metadata.max.idle.ms', '4999'],
    ['metrics.num.samples', '0'],
    ['metrics.recording.level', 'LOUD'],
    ['security.protocol', 'TLS'],
    ['send.buffer.bytes', '-2'],
    ['receive.buffer.bytes', '-2'],
    ['transactional.id', ''],
    ['client.dns.lookup', 'never'],
    ['metadata.recovery.strategy', 'hope'],
    ['enable.idempotence', 'yes'],
    ['linger.ms', '5ms'],
    ['client.defaults', '4.2'],
    ['transaction.two.phase.commit.enable', 'true'],
    ['config.providers', 'env'],
    ['bootstrap.servers', ''],
    ['bootstrap.servers', null],
    ['client.id', 'x'.repeat(32768)],
  ]
  for (const [key, value] of refused) {
    it(`KafkaProducerConfig refuses ${key}=${inspect(value).slice(0, 20)} and names it`, () => {
      expect(refusalOf({ [key]: value })).to.include(key)
    })
  }

  it('KafkaProducerConfig asks for what is required, serializers unless there are instances', () => {
    for (const key of Object.keys(REQUIRED)) {
      const { [key as keyof typeof REQUIRED]: _, ...rest } = REQUIRED
      expect(refusalOf({}, rest)).to.match(new RegExp(`^${key} is missing: write ${key}=`))
    }
    const servers = { 'bootstrap.servers': 'a:1' }
    const options = { logger: silentLogger, hasKeySerializer: true, hasValueSerializer: true }
    expect(new KafkaProducerConfig(servers, options).keySerializer).to.equal('')
  })

  it('a missing bootstrap.servers is explained by what was given in its place', () => {
    expect(refusalOf({ 'metadata.broker.list': 'a:1' }, {})).to.match(
      /metadata.broker.list is a setting of the old Scala producer/,
    )
    expect(refusalOf({ brokers: 'a:1' }, {})).to.match(/brokers is an option of kafkajs/)
  })

  describe('delivery.timeout.ms', () => {
    it('a delivery.timeout.ms below linger.ms + request.timeout.ms is refused, and raised where it is a default', () => {
      const tight = { 'linger.ms': 1, 'request.timeout.ms': 1000, 'delivery.timeout.ms': 1000 }
      expect(refusalOf(tight)).to.match(
        /is 1000: expected at least linger.ms \+ request.timeout.ms, which is 1001/,
      )
      expect(configOf({ ...tight, 'request.timeout.ms': 999 }).deliveryTimeoutMs).to.equal(1000)
      expect(configOf({ 'request.timeout.ms': 200000 }).deliveryTimeoutMs).to.equal(200005)
      expect(hintsOn({ 'request.timeout.ms': 200000 }).warnings).to.deep.equal([
        'delivery.timeout.ms is raised from 120000 to linger.ms + request.timeout.ms, which is 200005',
      ])
    })

    it('the sum that delivery.timeout.ms is compared with ends at the largest integer', () => {
      expect(
        configOf({ 'linger.ms': MAX_INT32, 'request.timeout.ms': MAX_INT32 }).deliveryTimeoutMs,
      ).to.equal(MAX_INT32)
    })
  })

  describe('idempotence', () => {
    const conflicts: [key: string, value: unknown][] = [
      ['acks', '1'],
      ['acks', '0'],
      ['retries', 0],
      ['max.in.flight.requests.per.connection', 6],
    ]
    for (const [key, value] of conflicts) {
      it(`${key}=${value} contradicts enable.idempotence=true and transactional.id`, () => {
        expect(refusalOf({ 'enable.idempotence': true, [key]: value })).to.match(
          new RegExp(`^${key} is ${value}, and enable.idempotence needs`),
        )
        expect(refusalOf({ 'transactional.id': 'x', [key]: value })).to.match(
          new RegExp(`^${key} is ${value}, and transactional.id needs`),
        )
      })
    }

    for (const [key, value] of conflicts.slice(0, 3)) {
      it(`${key}=${value} switches idempotence off that was not asked for, and says so`, () => {
        expect(configOf({ [key]: value }).enableIdempotence).to.equal(false)
        expect(hintsOn({ [key]: value }).infos[0]).to.match(/enable.idempotence is off/)
      })
    }

    it('more than five requests in flight are refused from 4.0 on, and switch idempotence off before', () => {
      const many = { 'max.in.flight.requests.per.connection': 6 }
      expect(refusalOf(many)).to.match(/is 6, and enable.idempotence needs at most 5/)
      expect(configOf({ ...many, 'client.defaults': '3.9' }).enableIdempotence).to.equal(false)
      expect(configOf({ ...many, 'enable.idempotence': false }).maxInFlightRequestsPerConnection).to.equal(6)
    })

    it('transactions need idempotence, and turn it on where a release has it off by default', () => {
      expect(refusalOf({ 'transactional.id': 'x', 'enable.idempotence': false })).to.match(
        /enable.idempotence is false, and transactional.id needs it/,
      )
      const { acks, retries, enableIdempotence, isIdempotenceExplicit } = configOf({
        'client.defaults': '0.11',
        'transactional.id': 'x',
      })
      expect([acks, retries, enableIdempotence, isIdempotenceExplicit]).to.deep.equal([
        -1,
        MAX_INT32,
        true,
        false,
      ])
    })

    it('enable.idempotence=true asks for acks and retries where a release has others by default', () => {
      const { acks, retries, isIdempotenceExplicit } = configOf({
        'client.defaults': '1.1',
        'enable.idempotence': 'true',
      })
      expect([acks, retries, isIdempotenceExplicit]).to.deep.equal([-1, MAX_INT32, true])
    })
  })

  describe('keys that are no settings', () => {
    it('request.required.acks is taken for acks, unless acks is set', () => {
      expect(configOf({ 'request.required.acks': '1' }).acks).to.equal(1)
      expect(hintsOn({ 'request.required.acks': '1' }).warnings).to.deep.equal([
        'request.required.acks is a setting of the old Scala producer: taken as acks=1',
      ])
      expect(configOf({ 'request.required.acks': '1', acks: 'all' }).acks).to.equal(-1)
      expect(refusalOf({ 'request.required.acks': '2' })).to.match(
        /request.required.acks is "2": write acks=/,
      )
    })

    const explained: [key: string, value: string, text: RegExp][] = [
      [
        'serializer.class',
        'kafka.serializer.StringEncoder',
        /old Scala producer: ignored, value.serializer=.*StringSerializer is used/,
      ],
      [
        'queue.buffering.max.ms',
        '100',
        /linger.ms stays 5, so a record may wait 5 ms for others; write linger.ms=100/,
      ],
      ['producer.type', 'async', /every send\(\) is asynchronous/],
      ['metadata.fetch.timeout.ms', '1000', /Java clients before 0.11.* write max.block.ms=1000/],
      ['message.timeout.ms', '1000', /librdkafka.*delivery.timeout.ms/],
      ['transactionalId', 'secret', /kafkajs.*transactional.id/],
      ['requireAcks', '1', /kafka-node or no-kafka.*write acks=1/],
      ['linger.sm', '5', /did you mean linger.ms\?/],
      ['my.own', 'secret', /my.own is not a setting of this producer/],
    ]
    for (const [key, value, text] of explained) {
      it(`${key} is explained, and its value is not shown unless the setting takes it`, () => {
        const { warnings, infos } = hintsOn({ [key]: value })
        expect(warnings).to.have.length(1)
        expect(warnings[0]).to.match(text)
        expect([...warnings, ...infos].join()).to.not.include('secret')
      })
    }

    it('TLS and SASL settings have no effect with PLAINTEXT, which is no warning', () => {
      const { warnings, infos } = hintsOn({
        'ssl.truststore.password': 'secret',
        'sasl.jaas.config': 'secret',
      })
      expect(warnings).to.deep.equal([])
      expect(infos.join())
        .to.match(/ssl.truststore.password: no effect/)
        .and.not.include('secret')
    })

    it('plug-ins get keys of their own', () => {
      const config = configOf({ 'serializer.encoding': 'UTF-16', 'my.own': '5' })
      expect([config.get('my.own'), config.has('my.own'), config.get('serializer.encoding')]).to.deep.equal([
        '5',
        true,
        'UTF-16',
      ])
      expect(hintsOn({ 'serializer.encoding': 'UTF-16' }).warnings).to.deep.equal([])
    })

    it('neither inspect nor JSON shows what is no setting', () => {
      const config = configOf({ 'my.own': 'secret', 'ssl.key.password': 'secret' })
      expect(inspect(config) + JSON.stringify(config)).to.not.include('secret')
      expect(JSON.parse(JSON.stringify(config))).to.include({
        acks: '-1',
        'bootstrap.servers': 'localhost:9092',
        'linger.ms': '5',
      })
    })
  })

  it('producers without a name are counted', () => {
    const [first, second] = [configOf(), configOf()].map(({ clientId }) =>
      Number(/^producer-(\d+)$/.exec(clientId)![1]),
    )
    expect(second! - first!).to.equal(1)
  })

  describe('properties files', () => {
    const text = `bootstrap.servers=a:1,[::1]:2\nkey.serializer=${STRINGS}\nvalue.serializer=${STRINGS}\n`

    it('KafkaProducerConfig.parse reads a properties text, and names the line of an error', () => {
      const options = { logger: silentLogger, source: 'p.properties' }
      expect(KafkaProducerConfig.parse(`${text}linger.ms = 7`, options).toJSON()).to.include({
        'linger.ms': '7',
        'bootstrap.servers': 'a:1,[::1]:2',
      })
      expect(() => KafkaProducerConfig.parse(`${text}linger.ms=x`, options)).to.throw(
        ConfigError,
        /^p.properties:4: linger.ms is "x"/,
      )
    })

    it('KafkaProducerConfig.fromFile reads a file', () => {
      const folder = mkdtempSync(join(tmpdir(), 'config-'))
      try {
        const path = join(folder, 'producer.properties')
        writeFileSync(path, `${text}acks=1\n`)
        expect(KafkaProducerConfig.fromFile(path, { logger: silentLogger }).acks).to.equal(1)
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  })
})
