import { expect } from 'chai'
import { BrokerPartitionInfo } from '../../lib/handler/broker-partition-info.js'
import {
  DefaultEventHandler,
  type DefaultEventHandlerOptions,
} from '../../lib/handler/default-event-handler.js'
import { StringEncoder } from '../../lib/handler/encoders/string-encoder.js'
import type { Logger } from '../../lib/logger.js'
import { evilValues } from '../support/evil-values.js'
import { FakeClusterSource } from './support/fake-cluster-source.js'
import { FakePool } from './support/fake-pool.js'
import { LogKeeper } from './support/log-keeper.js'
import { OutcomeKeeper } from './support/outcome-keeper.js'
import { pendingOf } from './support/pending-messages.js'

const NOT_LEADER = 6

class Listener extends OutcomeKeeper {
  onRetry(): void {}
}

function makeHandler(maxInFlight: number, options: Partial<DefaultEventHandlerOptions> = {}) {
  const pool = new FakePool()
  const listener = new Listener()
  const logger = new LogKeeper()
  const encoder = new StringEncoder({ serializerEncoding: 'UTF8' })
  const info = new BrokerPartitionInfo({
    source: new FakeClusterSource({ t: [0] }),
    logger,
    onLeaders: (leaders) => pool.update(leaders),
  })
  const handler = new DefaultEventHandler({
    pool: pool.asPool,
    brokerPartitionInfo: info,
    partitioner: { partition: () => 0 },
    encoders: { key: encoder, value: encoder },
    logger,
    listener,
    maxInFlight,
    maxRetries: 3,
    retryBackoffMs: 0,
    refreshIntervalMs: -1,
    acks: 1,
    requestTimeoutMs: 10_000,
    compression: null,
    compressedTopics: new Set(),
    ...options,
  })
  return { handler, pool, listener, logger, info }
}

const waiterOf = (outcomes: string[]) => ({
  delivered: (): void => void outcomes.push('delivered'),
  failed: ({ cause, persistence }: { cause: { code: string }; persistence: string }): void =>
    void outcomes.push(`${cause.code} ${persistence}`),
})

for (const maxInFlight of [1, 5]) {
  describe(`DefaultEventHandler with ${maxInFlight} in flight`, () => {
    for (const [what, value] of Object.entries(evilValues)) {
      it(`gives messages an outcome when a cycle breaks off with ${what}, and sends the next ones`, async () => {
        const { handler, info, pool, logger } = makeHandler(maxInFlight)
        const outcomes: string[] = []
        const waiter = waiterOf(outcomes)
        const lookUp = info.lookUp.bind(info)
        info.lookUp = () => {
          throw value
        }
        await handler.dispatch([pendingOf('a', { key: 'k', waiter }), pendingOf('b', { waiter })])
        info.lookUp = lookUp
        await handler.dispatch([pendingOf('c', { key: 'k', waiter }), pendingOf('d', { waiter })])
        expect(outcomes.slice(2)).to.deep.equal(['delivered', 'delivered'])
        for (const outcome of outcomes.slice(0, 2)) expect(outcome).to.match(/^KAFKA_[A-Z]+ \w+-persisted$/)
        expect(pool.stored).to.deep.equal({ 't/0': ['c', 'd'] })
        expect(logger.at('error')[0]).to.contain('2 messages')
      })

      it(`sends each message once though its listener and its logger throw ${what}`, async () => {
        const thrower = new Proxy(
          {},
          {
            get: () => () => {
              throw value
            },
          },
        )
        const { handler, pool } = makeHandler(maxInFlight, {
          listener: thrower as DefaultEventHandlerOptions['listener'],
          logger: thrower as Logger,
        })
        let refusals = 1
        pool.refuse = () => (refusals-- > 0 ? NOT_LEADER : 0)
        const outcomes: string[] = []
        const waiter = waiterOf(outcomes)
        await handler.dispatch([pendingOf('a', { key: 'k', waiter }), pendingOf(5, { waiter })])
        expect(outcomes).to.deep.equal(['KAFKA_ENCODE not-persisted', 'delivered'])
        expect(pool.stored).to.deep.equal({ 't/0': ['a'] })
      })
    }
  })
}
