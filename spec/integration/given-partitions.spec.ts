/** Messages whose partition the user has named, on the embedded broker. */
import { expect } from 'chai'
import { FailedToSendMessageError, KeyedMessage, Producer, UnknownPartitionError } from '../../lib/index.js'
import { silentLogger } from '../../lib/logger.js'
import { TestCluster } from '../../lib/testing/index.js'

for (const maxInFlight of [1, 5]) {
  describe(`A producer with ${maxInFlight} in flight, for messages with a given partition`, () => {
    let cluster: TestCluster
    let producer: Producer<string, string>

    beforeEach(async () => {
      cluster = await TestCluster.start({ brokers: 2 })
      cluster.createTopic('t', { partitions: 3 })
      producer = new Producer<string, string>(
        {
          'metadata.broker.list': cluster.bootstrap,
          'serializer.class': 'kafka.serializer.StringEncoder',
          'request.required.acks': 1,
          'message.send.max.retries': 1,
          'retry.backoff.ms': 10,
          'max.in.flight.requests.per.connection': maxInFlight,
        },
        { logger: silentLogger },
      )
    })

    afterEach(async () => {
      await producer.close()
      await cluster.close()
    })

    const storedIn = (partition: number): string[] =>
      cluster
        .messages('t')
        .filter((message) => message.partition === partition)
        .map(({ value }) => String(value))

    it('stores each in its partition and in the order of the calls', async () => {
      const calls = Array.from({ length: 30 }, (_, i) => {
        const given = { topic: 't', key: 'same', message: `${i}`, partition: i % 3 }
        return producer.deliver(i % 2 === 0 ? given : KeyedMessage.from(given))
      })
      const deliveries = await Promise.all(calls)
      expect(deliveries.map(({ partition }) => partition)).to.deep.equal(
        Array.from({ length: 30 }, (_, i) => i % 3),
      )
      for (const partition of [0, 1, 2]) {
        const expected = Array.from({ length: 10 }, (_, i) => `${3 * i + partition}`)
        expect(storedIn(partition)).to.deep.equal(expected)
      }
    })

    it('fails the one whose partition does not exist, and stores its neighbours', async () => {
      const error = await producer
        .send([
          { topic: 't', message: 'a', partition: 2 },
          { topic: 't', message: 'bad', partition: 3 },
          { topic: 't', message: 'b', partition: 2 },
        ])
        .then(
          () => null,
          (thrown: unknown) => thrown,
        )
      expect(error).to.be.instanceOf(FailedToSendMessageError)
      const { failures } = error as FailedToSendMessageError
      expect(failures).to.have.length(1)
      expect(failures[0]).to.include({ partition: 3, attemptCount: 2, persistence: 'not-persisted' })
      expect(failures[0]!.cause).to.be.instanceOf(UnknownPartitionError).and.include({ partitionCount: 3 })
      expect(storedIn(2)).to.deep.equal(['a', 'b'])
    })
  })
}
