/** Every codec, with one message and with many in a set. */
import { expect } from 'chai'
import { DeliveryError } from '../../../../lib/index.js'
import { isAtLeast } from '../../support/index.js'
import type { ContractCase, ContractContext, ExpectedTopic } from '../contract-case.js'
import { rejectionOf } from '../rejection.js'
import { plainKeys } from '../vector-keys.js'

const ROUNDS = 10
const REFUSED_TOPIC = 'codec-unknown'

/** `[codec, first version whose brokers read it]`. */
export const CODECS = [
  ['none', '0.8'],
  ['gzip', '0.8'],
  ['snappy', '0.8'],
  ['lz4', '0.8.2'],
  ['zstd', '2.1'],
] as const

async function write(codec: string, context: ContractContext): Promise<ExpectedTopic> {
  const topic = `codec-${codec}`
  const producer = context.producer({ 'compression.codec': codec, 'request.required.acks': -1 })
  const alone = plainKeys[0]!
  const { partition, offset } = await producer.deliver({ topic, key: alone.text, message: 'alone' })
  expect({ partition, offset }).to.deep.equal({ partition: alone.partition, offset: 0n })

  const messages = Array.from({ length: ROUNDS }, (_, round) =>
    plainKeys.map(({ text }) => ({ topic, key: text, message: `round ${round} of ${text}` })),
  ).flat()
  await producer.send(messages)

  const others = messages.map(({ key, message }, i) => {
    const { partition } = plainKeys[i % plainKeys.length]!
    return { partition, key: Buffer.from(key), value: Buffer.from(message) }
  })
  const first = { partition, offset, key: Buffer.from(alone.text), value: Buffer.from('alone') }
  return { topic, records: [first, ...others], codec, isText: true }
}

/** Each error names the first version that knows the codec, whoever noticed: this side or the broker. */
async function expectRefusal(codec: string, since: string, context: ContractContext): Promise<void> {
  const producer = context.producer({ 'compression.codec': codec, 'message.send.max.retries': 1 })
  const error = await rejectionOf(producer.deliver({ topic: REFUSED_TOPIC, message: 'unread' }))
  expect(error).to.be.instanceOf(DeliveryError)
  expect((error as Error).message)
    .to.contain(codec)
    .and.contain(since)
}

const acceptedCases = CODECS.map(
  ([codec, since]): ContractCase => ({
    name: codec === 'none' ? 'no codec' : codec,
    title: `stores one message, and many together, with codec ${codec}`,
    group: 'codecs',
    since,
    topics: [`codec-${codec}`],
    write: async (context) => ({ topics: [await write(codec, context)] }),
  }),
)

export const codecCases: readonly ContractCase[] = [
  ...acceptedCases,
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
