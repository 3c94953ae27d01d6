/**
 * `delivery.timeout.ms`: the outcome of a message comes in time wherever the message is. Timers are faked, so that a
 * late outcome never comes; sockets are real.
 */
import { expect } from 'chai'
import sinon from 'sinon'
import type { Producer } from '../../lib/index.js'
import { alterAnswer, errorCode, hold, noAnswer, throttle } from '../../lib/testing/index.js'
import { turns, until } from '../network/support/doubles.js'
import { Blackhole } from '../support/scripted/blackhole.js'
import { rejection, Stage } from './support/stage.js'

const NOT_LEADER = 6
const LIMIT_MS = 1000
const FAR_MS = 60_000

interface Place {
  readonly title: string
  /** Prepares that the next message gets stuck. */
  arrange(stage: Stage, producer: Producer<unknown, unknown>): void | Promise<void>
  readonly persistence: 'not-persisted' | 'possibly-persisted'
  readonly acks: readonly number[]
  readonly properties?: Readonly<Record<string, unknown>>
  /** Modes, where not both. */
  readonly types?: readonly string[]
}

async function warmUp(producer: Producer<unknown, unknown>): Promise<void> {
  await producer.deliver({ topic: 't', key: 'k', message: 'warm' })
}

const places = (blackhole: () => Blackhole): Place[] => [
  {
    title: 'in flight to a broker that does not answer',
    arrange: async ({ cluster }, producer) => {
      await warmUp(producer)
      cluster.faults.on('Produce', {}, noAnswer())
    },
    persistence: 'possibly-persisted',
    acks: [-1, 1],
  },
  {
    title: 'behind another one of its partition, which is not answered',
    arrange: async ({ cluster }, producer) => {
      await warmUp(producer)
      cluster.faults.on('Produce', {}, noAnswer())
      void rejection(producer.deliver({ topic: 't', key: 'k', message: 'in front' }))
    },
    persistence: 'not-persisted',
    acks: [-1, 1],
  },
  {
    title: 'lingering in the queue',
    arrange: (_, producer) => void rejection(producer.deliver({ topic: 't', key: 'k', message: 'in front' })),
    persistence: 'not-persisted',
    acks: [-1, 1, 0],
    properties: { 'queue.buffering.max.ms': FAR_MS },
    types: ['async'],
  },
  {
    title: 'held back by a throttle',
    arrange: async ({ cluster }, producer) => {
      cluster.faults.on('Produce', {}, throttle(20_000))
      await warmUp(producer)
    },
    persistence: 'not-persisted',
    acks: [-1, 1],
  },
  {
    title: 'waiting for a connection that does not come about',
    arrange: ({ cluster }) => {
      const { port } = blackhole()
      const change = alterAnswer<'Metadata'>((answer) => ({
        ...answer,
        brokers: answer.brokers.map((broker) => ({ ...broker, port })),
      }))
      cluster.faults.on('Metadata', { times: Number.POSITIVE_INFINITY }, change)
    },
    persistence: 'not-persisted',
    acks: [-1, 1, 0],
  },
  {
    title: 'waiting for the versions of a broker that does not tell them',
    arrange: ({ cluster }) => {
      const always = { broker: 1, times: Number.POSITIVE_INFINITY }
      cluster.faults.on('ApiVersions', always, noAnswer())
      cluster.faults.on('Metadata', always, noAnswer())
    },
    persistence: 'not-persisted',
    acks: [-1, 1, 0],
  },
  {
    title: 'waiting for metadata',
    arrange: ({ cluster }) => {
      cluster.faults.on('Metadata', { times: Number.POSITIVE_INFINITY }, noAnswer())
    },
    persistence: 'not-persisted',
    acks: [-1, 1, 0],
  },
  {
    title: 'in the back-off between two attempts',
    arrange: async ({ cluster }, producer) => {
      await warmUp(producer)
      cluster.faults.on('Produce', { times: Number.POSITIVE_INFINITY }, errorCode(NOT_LEADER))
    },
    persistence: 'not-persisted',
    acks: [1],
    properties: { 'retry.backoff.ms': FAR_MS },
  },
]

for (const type of ['sync', 'async'] as const) {
  for (const maxInFlight of [1, 5]) {
    describe(`delivery.timeout.ms in ${type} mode with ${maxInFlight} in flight`, () => {
      let stage: Stage
      let clock: sinon.SinonFakeTimers
      let blackhole: Blackhole

      before(async () => {
        blackhole = await Blackhole.open()
      })
      after(() => blackhole.close())

      beforeEach(async () => {
        stage = new Stage({
          'producer.type': type,
          'max.in.flight.requests.per.connection': maxInFlight,
          'delivery.timeout.ms': LIMIT_MS,
          'request.timeout.ms': 20_000,
          'queue.buffering.max.ms': 0,
        })
        await stage.start({ brokers: 2, era: '2.8' })
        stage.cluster.createTopic('t', { partitions: 1, leaders: [1] })
        clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
      })
      afterEach(async () => {
        clock.restore()
        await stage.close()
      })

      function start(properties: Readonly<Record<string, unknown>> = {}): Producer<unknown, unknown> {
        const [bootstrap] = stage.cluster.bootstrap.split(',')
        return stage.producer({ 'metadata.broker.list': bootstrap, ...properties })
      }

      /** The values of the messages in the order in which they have their outcome, with what that is. */
      function follow(producer: Producer<unknown, unknown>, outcomes: string[]) {
        return (message: string): Promise<void> =>
          producer.deliver({ topic: 't', key: 'k', message }).then(
            ({ offset }) => void outcomes.push(`${message}: at ${offset}`),
            (error) => void outcomes.push(`${message}: ${error.code} ${error.persistence}`),
          )
      }

      for (const place of places(() => blackhole)) {
        if (place.types?.includes(type) === false) continue
        for (const acks of place.acks) {
          it(`ends for a message that is ${place.title}, acks ${acks}`, async () => {
            const producer = start({ 'request.required.acks': acks, ...place.properties })
            await place.arrange(stage, producer)
            await turns(50)
            let outcome: unknown = null
            const ended = rejection(producer.deliver({ topic: 't', key: 'k', message: 'm' })).then(
              (error) => {
                outcome = error
              },
            )
            await turns(50)
            await clock.tickAsync(LIMIT_MS - 1)
            await turns(50)
            expect(outcome).to.equal(null)
            await clock.tickAsync(10)
            await ended
            expect(outcome).to.include({ code: 'KAFKA_DELIVERY_TIMEOUT', persistence: place.persistence })
          })
        }
      }

      if (type === 'async') {
        it('ends for one message in flight and not for a later one of the same request', async () => {
          const producer = start({ 'queue.buffering.max.ms': 100, 'batch.num.messages': 2 })
          await Promise.all([warmUp(producer), clock.tickAsync(100)])
          const held = hold()
          stage.cluster.faults.on('Produce', {}, held)
          const outcomes: string[] = []
          const send = follow(producer, outcomes)
          const first = send('first')
          await clock.tickAsync(50)
          const second = send('second')
          await until(() => stage.produceRequests === 2)
          await clock.tickAsync(LIMIT_MS - 50)
          await first
          held.release()
          await second
          expect(outcomes).to.deep.equal(['first: KAFKA_DELIVERY_TIMEOUT possibly-persisted', 'second: at 2'])
          expect(stage.values()).to.deep.equal(['warm', 'first', 'second'])
        })
      }

      it('does not let a later message overtake one that is in flight when its time limit has passed', async () => {
        const producer = start()
        await warmUp(producer)
        const held = hold()
        stage.cluster.faults.on('Produce', {}, held)
        const outcomes: string[] = []
        const send = follow(producer, outcomes)
        const first = send('first')
        await until(() => stage.produceRequests === 2)
        await clock.tickAsync(LIMIT_MS)
        await first
        const second = send('second')
        await clock.tickAsync(LIMIT_MS / 2)
        await turns(50)
        expect(stage.produceRequests).to.equal(2)
        held.release()
        await second
        expect(outcomes).to.deep.equal(['first: KAFKA_DELIVERY_TIMEOUT possibly-persisted', 'second: at 2'])
        expect(stage.values()).to.deep.equal(['warm', 'first', 'second'])
      })

      it('keeps a message that was not written in time from being written afterwards', async () => {
        const producer = start()
        stage.cluster.faults.on('Produce', {}, throttle(LIMIT_MS + 500))
        await warmUp(producer)
        const outcomes: string[] = []
        const send = follow(producer, outcomes)
        const first = send('first')
        await clock.tickAsync(LIMIT_MS)
        await first
        const second = send('second')
        await clock.tickAsync(500)
        await second
        expect(outcomes).to.deep.equal(['first: KAFKA_DELIVERY_TIMEOUT not-persisted', 'second: at 1'])
        expect(stage.values()).to.deep.equal(['warm', 'second'])
      })

      it('keeps neither flush nor close waiting for a request whose messages have their outcome', async () => {
        const producer = start()
        await warmUp(producer)
        stage.cluster.faults.on('Produce', {}, noAnswer())
        const outcomes: string[] = []
        const send = follow(producer, outcomes)
        const sent = [send('first'), send('second')]
        await turns(20)
        const flushed = producer.flush().then(() => outcomes.push('flushed'))
        const tooLate = turns(20).then(() => clock.tickAsync(LIMIT_MS))
        await Promise.all([...sent, flushed, tooLate])
        await producer.close()
        expect(outcomes.at(-1)).to.equal('flushed')
        expect(outcomes).to.have.length(3)
      })
    })
  }
}
