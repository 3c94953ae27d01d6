/** Brokers that are taken for older than they are, by something in between, and what becomes known later. */
import { expect } from 'chai'
import sinon from 'sinon'
import { close } from '../../lib/testing/index.js'
import { eventually, Stage } from './support/stage.js'

describe('A broker of 2.8 behind something that closes on the question for its versions', () => {
  let stage: Stage
  let clock: sinon.SinonFakeTimers
  beforeEach(async () => {
    stage = new Stage()
    await stage.start({ era: '2.8' })
    stage.cluster.createTopic('t', { partitions: 1 })
    stage.cluster.faults.on('ApiVersions', { times: 2 }, close('beforeStoring'))
    clock = sinon.useFakeTimers({ toFake: ['performance'] })
  })
  afterEach(() => stage.close())

  for (const acks of [-1, 0, 1]) {
    for (const maxInFlight of [1, 5]) {
      it(`keeps timestamps seconds later, and no message is lost or overtaken: acks ${acks}, ${maxInFlight} in flight`, async () => {
        const producer = stage.producer({
          'request.required.acks': acks,
          'max.in.flight.requests.per.connection': maxInFlight,
        })
        const releases: string[] = []
        producer.on('version', ({ release }) => releases.push(release))
        let open = 0
        producer.on('connect', () => open++)
        producer.on('disconnect', () => open--)
        let sent = 0
        const send = () =>
          producer.deliver({ topic: 't', key: 'k', message: `m${sent++}`, timestampMs: 1000 })
        await send()
        expect(releases).to.deep.equal(['0.8'])
        clock.tick(3000)
        const deliveries: Promise<unknown>[] = []
        await eventually(() => {
          deliveries.push(send())
          return releases.length > 1
        })
        await Promise.all([...deliveries, send()])
        await producer.flush()
        expect(releases).to.deep.equal(['0.8', '2.8'])
        expect(open, 'nothing is left on the connection with the guessed release').to.equal(1)
        const stored = stage.cluster.messages('t')
        expect(stored.map(({ value }) => String(value))).to.deep.equal(
          Array.from({ length: sent }, (_, i) => `m${i}`),
        )
        expect(stored.at(-1)!.timestampMs).to.equal(1000)
      })
    }
  }
})
