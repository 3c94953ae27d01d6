/** Every codec, with one record and with many in a batch. */
import { expect } from 'chai'
import { KafkaError } from '../../../../../lib/index.js'
import { isAtLeast } from '../../../support/index.js'
import type { ContractCase, ContractContext, ExpectedTopic } from '../../contract-case.js'
import { rejectionOf } from '../../rejection.js'
import { plainMurmurKeys } from '../../vector-keys.js'
import { CODECS } from '../codecs.js'
import { sendAll } from './sent-records.js'

const ROUNDS = 10
const REFUSED_TOPIC = 'kafka-producer-codec-unknown'
const topicOf = (codec: string): string => `kafka-producer-codec-${codec}`

async function write(codec: string, { kafkaProducer }: ContractContext): Promise<ExpectedTopic> {
  const topic = topicOf(codec)
  const producer = kafkaProducer({ 'compression.type': codec })
  const alone = await sendAll(producer, [{ topic, key: 'alone', value: 'alone' }])
  const records = Array.from({ length: ROUNDS }, (_, round) =>
    plainMurmurKeys.map(({ text }) => ({ topic, key: text, value: `round ${round} of ${text}` })),
  ).flat()
  return { topic, records: [...alone, ...(await sendAll(producer, records))], codec, isText: true }
}

/** Each error names the first version that knows the codec, whoever noticed: this side or the broker. */
async function expectRefusal(
  codec: string,
  since: string,
  { kafkaProducer }: ContractContext,
): Promise<void> {
  const producer = kafkaProducer({ 'compression.type': codec, retries: 1 })
  const error = await rejectionOf(Promise.resolve(producer.send({ topic: REFUSED_TOPIC, value: 'unread' })))
  expect(error).to.be.instanceOf(KafkaError)
  expect((error as Error).message)
    .to.contain(codec)
    .and.contain(since)
}

export const codecCases: readonly ContractCase[] = [
  ...CODECS.map(
    ([codec, since]): ContractCase => ({
      name: codec === 'none' ? 'no codec' : codec,
      title: `stores one record, and many together, with codec ${codec}`,
      group: 'codecs',
      since,
      topics: [topicOf(codec)],
      write: async (context) => ({ topics: [await write(codec, context)] }),
    }),
  ),
  {
    name: 'unknown codec refused',
    title:
      'fails what is compressed with a codec that the broker does not know, and says since when it is known',
    group: 'old formats',
    before: '2.1',
    topics: [REFUSED_TOPIC],
    write: async (context) => {
      const unknown = CODECS.filter(([, since]) => !isAtLeast(context.version, since))
      for (const [codec, since] of unknown) await expectRefusal(codec, since, context)
      return { topics: [{ topic: REFUSED_TOPIC, records: [] }] }
    },
  },
]
