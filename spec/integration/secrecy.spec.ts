/** Payloads and keys never reach a log line, an error, or what inspect and JSON show: docs/decisions/0000-classic-producer.md#d14. */
import { inspect } from 'node:util'
import { expect } from 'chai'
import { KeyedMessage, type Producer } from '../../lib/index.js'
import { errorCode, holdUntil, noAnswer } from '../../lib/testing/index.js'
import { eventually, gate, Stage } from './support/stage.js'

/** No host, topic or code has this in it. */
const CANARY = 'canary7f3a'
const everyEvent = ['delivered', 'failed', 'dropped', 'retry', 'refresh', 'connect', 'disconnect'] as const

/** Everything that a careless application writes into its log. */
function shown(value: unknown): string {
  const options = { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null }
  const seen = new Set<unknown>()
  const json = JSON.stringify(value, (_, part) => {
    if (typeof part === 'bigint') return String(part)
    if (typeof part !== 'object' || part === null) return part
    // An emitter with listeners refers to itself.
    if (seen.has(part)) return undefined
    seen.add(part)
    return part
  })
  return `${inspect(value, options)}\n${String(value)}\n${json}\n${(value as Error)?.stack ?? ''}`
}

for (const type of ['sync', 'async'] as const) {
  describe(`Secrecy, ${type} mode`, () => {
    let stage: Stage
    let reported: unknown[]
    beforeEach(async () => {
      stage = new Stage()
      await stage.start({ brokers: 2, maxMessageBytes: 5000 })
      stage.cluster.createTopic('t', { partitions: 2 })
      reported = []
    })
    afterEach(() => stage.close())

    function make(properties: Record<string, unknown> = {}, classes = {}): Producer<unknown, unknown> {
      const producer = stage.producer(
        { 'producer.type': type, 'message.send.max.retries': 1, 'request.timeout.ms': 60, ...properties },
        classes,
      )
      for (const event of everyEvent) producer.on(event, (payload: unknown) => reported.push(payload))
      return producer
    }

    const secret = (more = ''): KeyedMessage =>
      new KeyedMessage<unknown, unknown>('t', `key-${CANARY}`, `part-${CANARY}`, `value-${CANARY}${more}`)

    /** Nothing that was reported, thrown or logged contains the canary. */
    async function expectSilence(
      producer: Producer<unknown, unknown>,
      ...calls: Promise<unknown>[]
    ): Promise<void> {
      const [outcomes] = await Promise.all([Promise.allSettled(calls), producer.close()])
      const everything = [outcomes, reported, producer, producer.config, producer.metrics()].map(shown)
      expect(everything.join('\n').includes(CANARY), 'what was reported and thrown').to.equal(false)
      expect(stage.log.lines.map(({ text }) => text).join('\n'), 'the log').not.to.contain(CANARY)
      expect(stage.log.lines.length).to.be.greaterThan(0)
    }

    it('holds while all goes well', async () => {
      const producer = make()
      await expectSilence(producer, producer.send(secret()), producer.deliver(secret()))
      expect(reported.length).to.be.greaterThan(2)
    })

    for (const [title, fault] of [
      ['a broker refuses', () => errorCode(29)],
      ['retries are used up', () => errorCode(6)],
      ['no broker answers', noAnswer],
    ] as const) {
      it(`holds when ${title}`, async () => {
        const producer = make()
        stage.cluster.faults.on('Produce', { times: 99 }, fault())
        await expectSilence(producer, producer.send([secret(), secret()]), producer.deliver(secret()))
        expect(reported.some((event) => Object.hasOwn(event as object, 'failures'))).to.equal(true)
      })
    }

    it('holds when a message is too large', async () => {
      const producer = make()
      await expectSilence(producer, producer.send([secret(), secret('x'.repeat(6000))]))
    })

    it('holds when no broker is there', async () => {
      const producer = make({ 'metadata.broker.list': '127.0.0.1:1' })
      await expectSilence(producer, producer.send(secret()))
    })

    it('holds when a message cannot be encoded', async () => {
      const producer = make({ 'serializer.class': 'kafka.serializer.LongEncoder' })
      await expectSilence(producer, producer.send(secret()), producer.deliver(secret()))
    })

    it('holds when the partitioner answers the key itself', async () => {
      const producer = make({ 'partitioner.class': 'Echo' }, { Echo: { partition: (key: unknown) => key } })
      await expectSilence(producer, producer.send(secret()), producer.deliver(secret()))
    })

    it('holds when close gives up', async () => {
      const producer = make({ 'request.timeout.ms': 60_000, 'close.timeout.ms': 50 })
      stage.cluster.faults.on('Produce', { times: 99 }, noAnswer())
      const calls = [producer.send([secret(), secret()]), producer.deliver(secret())]
      await eventually(() => stage.produceRequests > 0)
      await expectSilence(producer, ...calls)
    })

    it('holds for queued messages and messages in flight', async () => {
      const { opened, open } = gate()
      stage.cluster.faults.on('Produce', { times: 1 }, holdUntil(opened))
      const producer = make({
        'request.timeout.ms': 5000,
        'queue.buffering.max.messages': 2,
        'batch.num.messages': 1,
      })
      const calls = Array.from({ length: 6 }, () => producer.deliver(secret()))
      await eventually(() => stage.produceRequests > 0)
      expect(shown(producer).includes(CANARY)).to.equal(false)
      open()
      await expectSilence(producer, ...calls)
    })

    if (type === 'async') {
      it('holds for a message that a full queue drops', async () => {
        const producer = make({
          'queue.buffering.max.messages': 1,
          'batch.num.messages': 1,
          'queue.enqueue.timeout.ms': 0,
        })
        await expectSilence(producer, ...Array.from({ length: 9 }, () => producer.send(secret())))
        expect(reported.some((event) => Object.hasOwn(event as object, 'error'))).to.equal(true)
      })
    }

    it('holds for text of brokers, which is escaped in log lines and errors', async () => {
      const evil = 'evil\u001b[31m\n\u202egnp'
      const producer = make()
      stage.cluster.faults.on('Metadata', { times: 99 }, errorCode(3))
      const outcomes = await Promise.allSettled([
        producer.send(new KeyedMessage<unknown, unknown>(evil, 'a')),
        producer.deliver(new KeyedMessage<unknown, unknown>(evil, 'a')),
      ])
      await producer.close()
      const messages = outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason?.message ?? '')
      const lines = [...messages, ...stage.log.lines.map(({ text }) => text)]
      expect(lines.join('')).to.contain('evil\\u{1b}[31m\\u{a}\\u{202e}gnp')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
      for (const line of lines) expect(line).not.to.match(/[\u0000-\u001f\u202e]/)
    })
  })
}
