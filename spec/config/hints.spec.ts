import { expect } from 'chai'
import { foreignKeys } from '../../lib/config/foreign-keys.js'
import { ProducerConfig } from '../../lib/config/producer-config.js'
import { recordingLogger } from './recording-logger.js'

const BROKERS = 'metadata.broker.list=localhost:9092\n'

function logOf(text: string) {
  const logger = recordingLogger()
  ProducerConfig.fromText(BROKERS + text, { logger, source: 'p.properties' })
  return logger
}

const warningsOn = (text: string) => logOf(text).warnings

describe('hints', () => {
  describe('on keys that were probably meant', () => {
    const staysZero = 'request.required.acks stays 0, so broker rejections are not reported'
    const cases: [string, string][] = [
      ['request.require.acks=1', `is a misspelling: ignored, ${staysZero}; write request.required.acks=1`],
      ['request.required.ack=-1', `${staysZero}; write request.required.acks=-1`],
      ['request.requierd.acks=1', `did you mean request.required.acks? Ignored, ${staysZero}`],
      ['requestRequiredAcks=1', `did you mean request.required.acks? Ignored, ${staysZero}`],
      [
        'acks=all',
        `is a setting of the modern Java producer: ignored, ${staysZero}; write request.required.acks=-1`,
      ],
      [
        'compression.topics=t',
        'compressed.topics stays empty, so compression.codec applies to every topic; write',
      ],
      [
        'value.serializer.class=kafka.serializer.StringEncoder',
        'serializer.class stays kafka.serializer.DefaultEncoder, so values must already be bytes; write serializer.class=kafka.serializer.StringEncoder',
      ],
      [
        'value.serializer=org.apache.kafka.common.serialization.StringSerializer',
        'write serializer.class=kafka.serializer.StringEncoder',
      ],
      [
        'key.serializer=org.apache.kafka.common.serialization.LongSerializer',
        'key.serializer.class stays kafka.serializer.DefaultEncoder; write key.serializer.class=kafka.serializer.LongEncoder',
      ],
      [
        'zk.connect=z:2181',
        'is a spelling from before Kafka 0.8: ignored, metadata.broker.list=localhost:9092 is used',
      ],
      [
        'broker.list=0:h:9092',
        'is a spelling from before Kafka 0.8: ignored, metadata.broker.list=localhost:9092 is used',
      ],
      [
        'bootstrap.servers=h:9092',
        'the modern Java producer: ignored, metadata.broker.list=localhost:9092 is used',
      ],
      [
        'queue.time=300',
        'queue.buffering.max.ms stays 5000, so a queued message may wait 5 seconds; write queue.buffering.max.ms=300',
      ],
      [
        'queue.size=50',
        'queue.buffering.max.messages stays 10000, so the queue is full at 10000 messages; write queue.buffering.max.messages=50',
      ],
      ['batch.size=16384', 'batch.num.messages stays 200, so a batch is sent at 200 messages'],
      ['linger.ms=5', 'write queue.buffering.max.ms=5'],
      [
        'compression.type=gzip',
        'compression.codec stays none, so messages are not compressed; write compression.codec=gzip',
      ],
      ['retries=2147483647', 'write message.send.max.retries=2147483647'],
      ['message.timeout.ms=5000', 'is a setting of librdkafka: ignored, delivery.timeout.ms stays off'],
      ['kafkaHost=h:9092', 'is an option of kafka-node or no-kafka'],
      ['maxInFlightRequests=5', 'is an option of kafkajs'],
      [
        'bootstrap.server=h',
        'did you mean bootstrap.servers? bootstrap.servers is a setting of the modern Java producer',
      ],
      ['parse.key=true', 'is a property of the console producer, to be given to it with --property'],
      [
        'host=h',
        'would have sent every connection of the Scala producer to one address: ignored; brokers come from metadata.broker.list',
      ],
      ['transactional.id=t', 'there are no transactions'],
      ['nothing.like.it=1', 'nothing.like.it is not a setting of this producer: ignored'],
    ]
    for (const [line, says] of cases) {
      it(`warns about ${line}: ${says}`, () => {
        const warnings = warningsOn(line)
        expect(warnings).to.have.length(1)
        expect(warnings[0])
          .to.match(/^p\.properties:2: /)
          .and.include(says)
      })
    }

    for (const { whose, keys } of foreignKeys) {
      it(`gives each key that ${whose} one warning`, () => {
        for (const { key } of keys) expect(warningsOn(`${key}=x`), key).to.have.length(1)
      })
    }

    it('names the key in force when the right key is given too', () => {
      expect(warningsOn('acks=all\nrequest.required.acks=1')[0]).to.include(
        'ignored, request.required.acks=1 is used',
      )
    })

    it('suggests no value that the setting would refuse', () => {
      expect(warningsOn('acks=hunter2')[0])
        .to.include('write request.required.acks=1')
        .and.not.include('hunter')
      expect(warningsOn('acks=2')[0]).to.include('write request.required.acks=1')
      expect(warningsOn('batch.size=16384')[0]).to.include('write batch.num.messages=…')
      expect(warningsOn('linger.ms=0x5')[0]).to.include('write queue.buffering.max.ms=…')
      expect(warningsOn('value.serializer=com.example.Mine')[0]).to.not.include('com.example')
    })
  })

  describe('on what has its own meaning', () => {
    it('warns about a partitioner of the modern Java client', () => {
      const name = 'org.apache.kafka.clients.producer.internals.DefaultPartitioner'
      expect(warningsOn(`partitioner.class=${name}`)[0])
        .to.include(`partitioner.class names ${name}, a class of the modern Java client`)
        .and.include('here it is kafka.producer.DefaultPartitioner')
    })

    it('warns about a serializer of the modern Java client', () => {
      const name = 'org.apache.kafka.common.serialization.StringSerializer'
      expect(warningsOn(`serializer.class=${name}`)).to.have.length(1)
    })

    it('warns that negative retries mean no attempt', () => {
      expect(warningsOn('message.send.max.retries=-1')[0]).to.include('every send fails')
      expect(warningsOn('message.send.max.retries=0')).to.deep.equal([])
    })

    it('warns about a repeated key', () => {
      expect(warningsOn('client.id=a\nclient.id=b')).to.deep.equal([
        'p.properties:3: client.id is repeated: this line counts, line 2 does not',
      ])
    })

    it('warns once about all sasl keys and once about all ssl keys', () => {
      const warnings = warningsOn(
        'sasl.mechanism=PLAIN\nsasl.jaas.config=hunter2\nssl.truststore.password=hunter2',
      )
      expect(warnings).to.have.length(2)
      expect(warnings.map((line) => line.replace(/^p.properties:\d+: /, ''))).to.deep.equal([
        'ssl.truststore.password: no effect with security.protocol=PLAINTEXT',
        'sasl.mechanism and 1 more: no effect with security.protocol=PLAINTEXT',
      ])
      expect(warnings.join()).to.not.include('hunter')
    })

    it('warns about metrics reporters only where one is named, and logs the other keys at INFO', () => {
      const named = logOf('kafka.metrics.reporters=kafka.metrics.KafkaCSVMetricsReporter')
      expect(named.warnings).to.have.length(1)
      const unnamed = logOf(
        'kafka.metrics.reporters=\nkafka.metrics.polling.interval.secs=5\nkafka.csv.metrics.dir=d',
      )
      expect(unnamed.warnings).to.deep.equal([])
      expect(unnamed.infos.filter((line) => line.includes('not used by this producer'))).to.have.length(3)
    })

    it('warns about UTF-8 that was read as ISO-8859-1', () => {
      const misread = Buffer.from('x.greeting=Grüße').toString('latin1')
      expect(warningsOn(misread)[0])
        .to.include('p.properties:2: x.greeting looks like UTF-8')
        .and.include('\\uXXXX')
      expect(warningsOn('external.greeting=Gr\u00fc\u00dfe')).to.deep.equal([])
    })
  })

  describe('on nothing', () => {
    for (const text of [
      'external=1\nexternal.x=y\nexternalThing=z',
      'serializer.encoding=UTF8',
      'security.protocol=plaintext',
      'security.protocol=',
      'request.required.acks=1\nproducer.type=async',
      '',
    ]) {
      it(`is given for ${JSON.stringify(text)}`, () => {
        expect(warningsOn(text)).to.deep.equal([])
      })
    }
  })

  it('are at most fifty and one that counts the others', () => {
    const warnings = warningsOn(Array.from({ length: 1000 }, (_, n) => `unknown.key.${n}=x`).join('\n'))
    expect(warnings).to.have.length(51)
    expect(warnings[50]).to.equal('950 more keys are unknown or repeated, and not listed')
  })

  it('escape and shorten the names they repeat', () => {
    const [warning] = warningsOn(`\\u001b[31m${'x'.repeat(1000)}=1`)
    expect(warning).to.include('\\u{1b}').and.not.include('\u001b')
    expect(warning!.length).to.be.lessThan(400)
  })

  it('are found in a hostile text of 1 MiB in seconds', () => {
    const start = performance.now()
    warningsOn(Array.from({ length: 60_000 }, (_, n) => `request.req${n}`).join('\n'))
    warningsOn(Array.from({ length: 60_000 }, (_, n) => `ssl.${n}=1`).join('\n'))
    warningsOn('a=1\n'.repeat(200_000))
    expect(performance.now() - start).to.be.lessThan(6000)
  })
})
