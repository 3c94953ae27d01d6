/** Steps are counted, not time: twice as many outstanding messages may cost twice as many of them, and hardly more. */
import { expect } from 'chai'
import { countSteps } from '../support/count-steps.js'
import { Stage } from './support/stage.js'

const MESSAGES = 400
/** Some thirty of them make a request, so that twice as many messages make twice as many requests. */
const MESSAGE = 'x'.repeat(30_000)
const KEYS = 97
/** Twice would be exactly linear. */
const MOST = 2.3

describe('Outstanding messages', () => {
  let stage: Stage
  beforeEach(async () => {
    stage = new Stage()
    await stage.start({ brokers: 2 })
    stage.cluster.createTopic('t', { partitions: 12 })
  })
  afterEach(() => stage.close())

  async function stepsFor(messages: number, properties: Readonly<Record<string, unknown>>): Promise<number> {
    const producer = stage.producer({ 'batch.num.messages': 30, 'queue.buffering.max.ms': 1, ...properties })
    const deliver = (i: number): Promise<unknown> =>
      producer.deliver({ topic: 't', key: `k${i % KEYS}`, message: MESSAGE })
    await deliver(0)
    await producer.flush()
    return countSteps(async () => {
      const all = Array.from({ length: messages }, (_, i) => deliver(i))
      await producer.flush()
      await Promise.all(all)
    })
  }

  for (const type of ['sync', 'async']) {
    for (const inFlight of [1, 5]) {
      for (const acks of [0, 1]) {
        it(`cost the same each, however many they are: ${type} mode, ${inFlight} in flight, acks ${acks}`, async () => {
          const properties = {
            'producer.type': type,
            'max.in.flight.requests.per.connection': inFlight,
            'request.required.acks': acks,
            'delivery.timeout.ms': 60_000,
          }
          const once = await stepsFor(MESSAGES, properties)
          const twice = await stepsFor(2 * MESSAGES, properties)
          expect(twice / once, `${once} and ${twice} steps`).to.be.lessThan(MOST)
        })
      }
    }
  }
})
