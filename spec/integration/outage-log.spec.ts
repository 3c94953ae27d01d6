/** How little is logged while a broker is away, by both producers; what the lines say is in spec/outage-log. */
import { expect } from 'chai'
import { KafkaProducer, type Logger, Producer } from '../../lib/index.js'
import { TestCluster } from '../../lib/testing/index.js'
import { LogKeeper } from '../handler/support/log-keeper.js'

/** Tried in vain before the broker is there again. */
const FAILURES = 60

interface Tried {
  send(text: string): Promise<unknown>
  close(): Promise<void>
}

const producers: [name: string, make: (bootstrap: string, logger: Logger) => Tried][] = [
  [
    'Producer',
    (bootstrap, logger) => {
      const producer = new Producer<string, string>(
        {
          'metadata.broker.list': bootstrap,
          'serializer.class': 'kafka.serializer.StringEncoder',
          'request.required.acks': 1,
          'retry.backoff.ms': 5,
          'message.send.max.retries': 10_000,
        },
        { logger },
      )
      return {
        send: (text) => producer.deliver({ topic: 't', message: text }),
        close: () => producer.close(),
      }
    },
  ],
  [
    'KafkaProducer',
    (bootstrap, logger) => {
      const producer = new KafkaProducer<string, string>(
        {
          'bootstrap.servers': bootstrap,
          'key.serializer': 'org.apache.kafka.common.serialization.StringSerializer',
          'value.serializer': 'org.apache.kafka.common.serialization.StringSerializer',
          'retry.backoff.ms': 5,
          'reconnect.backoff.ms': 5,
          'reconnect.backoff.max.ms': 5,
        },
        { logger },
      )
      return {
        send: async (text) => producer.send({ topic: 't', value: text }),
        close: () => producer.close(),
      }
    },
  ],
]

for (const [name, make] of producers) {
  it(`${name} logs a few lines in an outage, and one at its end with what was delivered and lost`, async () => {
    const cluster = await TestCluster.start({ brokers: 1 })
    cluster.createTopic('t')
    const log = new LogKeeper()
    const producer = make(cluster.bootstrap, log)
    await producer.send('before')
    const quiet = log.lines.length
    await cluster.stopBroker(0)
    const sent = Promise.all(['a', 'b', 'c'].map((text) => producer.send(text)))
    // At DEBUG is what was left out.
    while (log.at('debug').length < FAILURES) await new Promise((resolve) => setImmediate(resolve))
    const lines = log.lines.slice(quiet).filter(({ level }) => level !== 'debug')
    expect(lines.map(({ text }) => text)).to.have.length.below(12)
    expect(lines.filter(({ level }) => level === 'error')).to.deep.equal([])
    await cluster.startBroker(0)
    await sent
    await producer.close()
    const ends = log.at('warn').filter((text) => text.startsWith('the outage is over'))
    expect(ends).to.have.length(1)
    expect(ends[0]).to.match(/: 3 (message|record)s delivered, 0 (message|record)s lost; \d+ lines left out$/)
    await cluster.close()
  })
}
