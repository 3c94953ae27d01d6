import { expect } from 'chai'
import { ProducerConfig } from '../../lib/config/producer-config.js'
import { parsePropertyLines } from '../../lib/config/properties.js'
import { ConfigError } from '../../lib/errors.js'
import { KafkaProducerConfig } from '../../lib/kafka-producer/kafka-producer-config.js'
import { silentLogger } from '../../lib/logger.js'

const options = { source: 'producer.properties', logger: silentLogger }

function errorOf(make: () => unknown): ConfigError {
  try {
    make()
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError)
    return error as ConfigError
  }
  return expect.fail('nothing was thrown')
}

const classic = (...lines: string[]): ConfigError =>
  errorOf(() => ProducerConfig.fromText(lines.join('\n'), options))

const modern = (...lines: string[]): ConfigError =>
  errorOf(() => KafkaProducerConfig.parse(lines.join('\n'), options))

const SERIALIZER = 'org.apache.kafka.common.serialization.StringSerializer'
const REQUIRED = ['bootstrap.servers=h:1', `key.serializer=${SERIALIZER}`, `value.serializer=${SERIALIZER}`]

describe('the errors of a configuration', () => {
  it('ProducerConfig lists all errors of a file, each with its line', () => {
    const error = classic(
      'metadata.broker.list=h:1',
      'request.required.acks=all',
      'client.id=a/b',
      'request.timeout.ms=0',
      'security.protocol=TLS',
      'ssl.endpoint.identification.algorithm=none',
    )
    const lines = error.message.split('\n')
    expect(lines[0]).to.equal('4 errors in the configuration:')
    expect(lines.slice(1).map((line) => line.replace(/ is .*/, ''))).to.deep.equal([
      'producer.properties:2: request.required.acks',
      'producer.properties:4: request.timeout.ms',
      'producer.properties:3: client.id',
      'producer.properties:5: security.protocol',
    ])
    expect(error.key).to.equal('request.required.acks')
    expect(error.errors.map(({ key }) => key)).to.deep.equal([
      'request.required.acks',
      'request.timeout.ms',
      'client.id',
      'security.protocol',
    ])
  })

  it('ProducerConfig lists the missing broker list beside a value that is wrong', () => {
    expect(classic('producer.type=x').errors.map(({ key }) => key)).to.deep.equal([
      'metadata.broker.list',
      'producer.type',
    ])
  })

  it('KafkaProducerConfig lists all errors of a file, each with its line', () => {
    const error = modern(
      ...REQUIRED,
      'acks=2',
      'linger.ms=x',
      'compression.gzip.level=0',
      'transactional.id=',
    )
    expect(error.errors.map(({ message }) => message.replace(/ is .*/, ''))).to.deep.equal([
      'producer.properties:5: linger.ms',
      'producer.properties:6: compression.gzip.level',
      'producer.properties:7: transactional.id',
      'producer.properties:4: acks',
    ])
    for (const { message } of error.errors) expect(error.message).to.include(message)
    expect(error.key).to.equal('linger.ms')
  })

  it('KafkaProducerConfig lists all keys that are missing', () => {
    expect(modern('acks=all').errors.map(({ key }) => key)).to.deep.equal([
      'bootstrap.servers',
      'key.serializer',
      'value.serializer',
    ])
  })

  it('ConfigError has itself alone in errors where one thing is wrong, and its text is that of this one', () => {
    const error = classic('metadata.broker.list=h:1', 'producer.type=x')
    expect(error.errors).to.deep.equal([error])
    expect(error.message).to.match(/^producer\.properties:2: producer\.type is "x"/)
  })

  it('ProducerConfig compares no setting with one that has an error', () => {
    const queue = classic(
      'metadata.broker.list=h:1',
      'queue.buffering.max.messages=x',
      'batch.num.messages=20000',
    )
    expect(queue.errors.map(({ key }) => key)).to.deep.equal(['queue.buffering.max.messages'])
    const idempotent = ['metadata.broker.list=h:1', 'enable.idempotence=true']
    expect(classic(...idempotent, 'message.send.max.retries=x').errors).to.have.length(1)
  })

  it('KafkaProducerConfig compares no setting with one that has an error', () => {
    expect(modern(...REQUIRED, 'request.timeout.ms=x', 'delivery.timeout.ms=10').errors).to.have.length(1)
    expect(modern(...REQUIRED, 'transactional.id=t', 'retries=x').errors).to.have.length(1)
  })

  it('ProducerConfig lists all conflicts with idempotence', () => {
    const error = classic(
      'metadata.broker.list=h:1',
      'enable.idempotence=true',
      'request.required.acks=1',
      'message.send.max.retries=0',
      'max.in.flight.requests.per.connection=6',
    )
    expect(error.errors).to.have.length(3)
  })

  it('parsePropertyLines lists the lines of all malformed escapes', () => {
    const error = errorOf(() => parsePropertyLines('a=\\u12\nb=1\nc=\\uxyzw', 'p'))
    expect(error.errors.map(({ message }) => message.slice(0, 4))).to.deep.equal(['p:1:', 'p:3:'])
  })

  it('parsePropertyLines stops at the hundredth error', () => {
    const error = errorOf(() => parsePropertyLines('a=\\u12\n'.repeat(100_000)))
    expect(error.errors).to.have.length(100)
    expect(error.message).to.match(/^100 or more errors/)
  })

  it('ProducerConfig lists all values of an object that are of no use', () => {
    const make = () => new ProducerConfig({ 'client.id': {}, 'request.timeout.ms': null }, options)
    expect(errorOf(make).errors.map(({ key }) => key)).to.deep.equal(['client.id', 'request.timeout.ms'])
  })

  const numbers: [string, string][] = [
    [
      'batch.num.messages=2e3',
      'is "2e3": expected an integer (messages); write 2000: numbers are whole and have no exponent',
    ],
    [
      'queue.buffering.max.messages=1E4',
      'is "1E4": expected an integer of at least 1 (messages); write 10000: ',
    ],
    ['request.timeout.ms=100.0', 'is "100.0": expected an integer from 1 to 2147483647 (ms); write 100: '],
    ['request.timeout.ms=0.5', 'is "0.5": expected an integer from 1 to 2147483647 (ms); numbers are whole'],
    [
      'request.timeout.ms=1e99',
      'is "1e99": expected an integer from 1 to 2147483647 (ms); numbers are whole',
    ],
    ['request.timeout.ms=10s', 'is "10s": expected an integer from 1 to 2147483647 (ms)'],
    ['batch.num.messages=20000', 'is 20000 and exceeds queue.buffering.max.messages, which is 10000'],
  ]
  for (const [line, expected] of numbers) {
    it(`ProducerConfig says of ${line} what is wrong with the number, and what to write`, () => {
      expect(classic('metadata.broker.list=h:1', line).message).to.include(expected)
    })
  }

  it('KafkaProducerConfig says of linger.ms=1e1 that it is to be 10', () => {
    expect(modern(...REQUIRED, 'linger.ms=1e1').message).to.include('write 10: numbers are whole')
  })
})
