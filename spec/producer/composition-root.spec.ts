import { expect } from 'chai'
import { ProducerConfig } from '../../lib/config/producer-config.js'
import { ConfigError, ConnectionError, type KafkaError } from '../../lib/errors.js'
import { EventLoopYield } from '../../lib/event-loop.js'
import { PendingMessage } from '../../lib/handler/pending-message.js'
import { KeyedMessage } from '../../lib/keyed-message.js'
import { silentLogger } from '../../lib/logger.js'
import { type Components, type ComponentsListener, compose } from '../../lib/producer/composition-root.js'
import { errorCode, TestCluster } from '../../lib/testing/index.js'

class Listener implements ComponentsListener {
  readonly reported: string[] = []
  readonly failures: KafkaError[] = []
  readonly outcomes: ComponentsListener['outcomes'] = {
    onDelivered: ({ topic }) => void this.reported.push(`delivered ${topic}`),
    onFailed: (failures) => void this.failures.push(...failures.map(({ cause }) => cause)),
    onRetry: () => void this.reported.push('retry'),
  }

  readonly connections: ComponentsListener['connections'] = {
    onConnect: () => void this.reported.push('connect'),
    onDisconnect: () => void this.reported.push('disconnect'),
  }
  readonly requests: ComponentsListener['requests'] = { onUnconfirmed() {}, onProduced() {} }

  onVersion({ release }: { release: string }): void {
    this.reported.push(`version ${release}`)
  }

  onThrottle(): void {}

  onRefresh({ topics }: { topics: readonly string[] }): void {
    this.reported.push(`refresh ${topics}`)
  }
}

describe('compose', () => {
  let cluster: TestCluster
  let listener: Listener
  const built: Components[] = []
  beforeEach(async () => {
    cluster = await TestCluster.start({ era: '0.8' })
    cluster.createTopic('t')
    listener = new Listener()
  })
  afterEach(async () => {
    for (const { closeMetadata, handler } of built.splice(0)) {
      closeMetadata(new ConnectionError('over'))
      await handler.close()
    }
    await cluster.close()
  })

  function build(properties: Record<string, unknown> = {}, reportsTo: Listener = listener): Components {
    const config = new ProducerConfig(
      { 'metadata.broker.list': cluster.bootstrap, 'retry.backoff.ms': 1, ...properties },
      { logger: silentLogger },
    )
    const components = compose(config, {}, silentLogger, reportsTo, new EventLoopYield())
    built.push(components)
    return components
  }

  const message = (): PendingMessage => new PendingMessage(new KeyedMessage('t', Buffer.from('a')), null)

  it('passes the settings to the requests', async () => {
    const { handler } = build({
      'client.id': 'me',
      'request.required.acks': -1,
      'request.timeout.ms': 1234,
      'compression.codec': 'gzip',
      'compressed.topics': 't',
    })
    await handler.dispatch([message()])
    const [produce] = cluster.requests.filter(({ api }) => api === 'Produce')
    expect(produce).to.include({ clientId: 'me', acks: -1, timeoutMs: 1234 })
    expect(cluster.messages('t')[0]!.codec).to.equal('gzip')
  })

  it('reports connections, versions, refreshes and deliveries to its listener', async () => {
    const { handler } = build({ 'request.required.acks': 1 })
    await handler.dispatch([message()])
    expect(listener.reported).to.deep.equal(['connect', 'version 0.8', 'refresh t', 'delivered t'])
  })

  it('updates the pool with the leaders of the metadata', async () => {
    const { handler, pool } = build()
    expect(pool.brokerIds).to.deep.equal([])
    await handler.dispatch([message()])
    expect(pool.brokerIds).to.deep.equal([0])
  })

  it('opens no connection before there is a message', async () => {
    build()
    // Whatever the first one began would be seen once another, built later, has connected and delivered.
    const later = new Listener()
    await build({ 'client.id': 'later', 'request.required.acks': 1 }, later).handler.dispatch([message()])
    expect(later.reported).to.include('delivered t')
    expect(listener.reported).to.deep.equal([])
    expect(cluster.requests.filter(({ clientId }) => clientId !== 'later')).to.deep.equal([])
  })

  it('refuses an unknown class', () => {
    expect(() => build({ 'partitioner.class': 'no.Such' })).to.throw(ConfigError)
  })

  it('ends the waits for limited metadata requests on closeMetadata()', async () => {
    const { handler, closeMetadata } = build({
      'topic.metadata.refresh.interval.ms': 0,
      'message.send.max.retries': 0,
    })
    cluster.faults.on('Metadata', { times: 99 }, errorCode(5))
    // Ten requests may be made within a second; each message makes one.
    for (let i = 0; i < 10; i++) await handler.dispatch([message()])
    const waiting = handler.dispatch([message()])
    const start = performance.now()
    closeMetadata(new ConnectionError('over'))
    await waiting
    expect(performance.now() - start).to.be.lessThan(300)
    expect(listener.failures).to.have.length(11)
  })

  it('fails metadata requests after closeMetadata() with its reason', async () => {
    const { handler, closeMetadata } = build({ 'message.send.max.retries': 0 })
    const reason = new ConnectionError('closed for a reason')
    closeMetadata(reason)
    await handler.dispatch([message()])
    expect(listener.failures).to.deep.equal([reason])
  })
})
