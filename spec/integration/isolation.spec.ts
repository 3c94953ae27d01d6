import { expect } from 'chai'
import {
  FailedToSendMessageError,
  type KeyedMessage,
  type MessageFailure,
  Producer,
} from '../../lib/index.js'
import { silentLogger } from '../../lib/logger.js'
import { TestCluster } from '../../lib/testing/index.js'

/** Answers −1 for the key "lost", else spreads numeric keys. */
class Spread {
  partition(key: string, numPartitions: number): number {
    return key === 'lost' ? -1 : Number(key.split(' ').at(-1)) % numPartitions
  }
}

const MAX_MESSAGE_BYTES = 1000

for (const codec of ['none', 'gzip']) {
  for (const type of ['sync', 'async']) {
    describe(`A batch of 200 with four bad messages (${type}, codec ${codec})`, () => {
      let cluster: TestCluster
      let producer: Producer<string, string>
      let failures: readonly MessageFailure[]
      let deliveredBeforeRetry: number

      before(async () => {
        cluster = await TestCluster.start({
          brokers: 2,
          autoCreateTopics: false,
          maxMessageBytes: codec === 'none' ? MAX_MESSAGE_BYTES : 30_000,
        })
        cluster.createTopic('good', { partitions: 4 })
        cluster.createTopic('headless', { leaders: [null] })
        producer = new Producer<string, string>(
          {
            'metadata.broker.list': cluster.bootstrap,
            'serializer.class': 'kafka.serializer.StringEncoder',
            'partitioner.class': 'Spread',
            'producer.type': type,
            'batch.num.messages': 200,
            'request.required.acks': 1,
            'compression.codec': codec,
            'message.send.max.retries': 2,
            'retry.backoff.ms': 20,
          },
          { logger: silentLogger, classes: { Spread } },
        )
        failures = await failuresOf(batch())
      })

      after(async () => {
        await producer.close()
        await cluster.close()
      })

      function batch(): { topic: string; key: string; message: string }[] {
        const messages = Array.from({ length: 200 }, (_, i) => ({
          topic: 'good',
          key: `key ${i}`,
          message: `${i}`,
        }))
        messages[20]!.topic = 'unknown'
        messages[60]!.key = 'lost'
        messages[100]!.message = giant()
        messages[140]!.topic = 'headless'
        return messages
      }

      async function failuresOf(messages: ReturnType<typeof batch>): Promise<readonly MessageFailure[]> {
        const failed: MessageFailure[] = []
        let delivered = 0
        producer.on('failed', (event) => failed.push(...event.failures))
        producer.on('delivered', (event) => {
          delivered += event.messages.length
        })
        producer.once('retry', () => {
          deliveredBeforeRetry = delivered
        })
        try {
          await producer.send(messages)
        } catch (error) {
          expect(error).to.be.instanceOf(FailedToSendMessageError)
        }
        await producer.flush()
        return failed
      }

      const causeOf = (test: (message: KeyedMessage) => boolean): MessageFailure | undefined =>
        failures.find(({ message }) => test(message))

      it('is delivered without the four in the first attempt, in order', () => {
        expect(deliveredBeforeRetry).to.equal(196)
        const stored = cluster.messages('good')
        expect(stored).to.have.lengthOf(196)
        for (const partition of [0, 1, 2, 3]) {
          const sequence = stored
            .filter((one) => one.partition === partition)
            .map(({ value }) => Number(value))
          expect(sequence).to.deep.equal([...sequence].sort((a, b) => a - b))
        }
      })

      it('fails only the bad ones, each with its own error', () => {
        expect(failures).to.have.lengthOf(4)
        expect(causeOf(({ topic }) => topic === 'unknown')).to.have.nested.property(
          'cause.code',
          'KAFKA_METADATA',
        )
        expect(causeOf(({ key }) => key === 'lost')).to.have.nested.property(
          'cause.code',
          'KAFKA_PARTITIONER',
        )
        expect(causeOf(({ message }) => String(message).length > 100)).to.have.nested.property(
          'cause.code',
          'KAFKA_BROKER_MESSAGE_TOO_LARGE',
        )
        expect(causeOf(({ topic }) => topic === 'headless')).to.have.nested.property(
          'cause.code',
          'KAFKA_METADATA',
        )
      })

      it('is retried only for messages with a retriable error', () => {
        const attempts = (failure?: MessageFailure): number | undefined => failure?.attempts.length
        expect(attempts(causeOf(({ topic }) => topic === 'unknown'))).to.equal(3)
        expect(attempts(causeOf(({ topic }) => topic === 'headless'))).to.equal(3)
        expect(attempts(causeOf(({ key }) => key === 'lost'))).to.equal(0)
        expect(attempts(causeOf(({ message }) => String(message).length > 100))).to.equal(1)
        expect(failures.every(({ persistence }) => persistence === 'not-persisted')).to.equal(true)
      })
    })
  }
}

/** Larger than the limit, and gzip cannot help it. */
function giant(): string {
  let text = ''
  for (let state = 1; text.length < 60_000; ) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    text += String.fromCharCode(33 + ((state >>> 16) % 90))
  }
  return text
}
