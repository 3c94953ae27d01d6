import { expect } from 'chai'
import sinon from 'sinon'
import { ConfigError, MetadataError } from '../../lib/errors.js'
import type { Logger } from '../../lib/logger.js'
import { ProducerEmitter, type ProducerEvents } from '../../lib/producer/events.js'
import { LogKeeper } from '../handler/support/log-keeper.js'

class Emitter extends ProducerEmitter<string, string> {
  tell<E extends keyof ProducerEvents<string, string>>(
    logger: Logger,
    event: E,
    payload: Parameters<ProducerEvents<string, string>[E]>[0],
  ): void {
    this.report(logger, event, payload)
  }
}

const refresh = { topics: ['t'], error: null }

describe('ProducerEmitter', () => {
  let emitter: Emitter
  let logger: LogKeeper
  beforeEach(() => {
    emitter = new Emitter()
    logger = new LogKeeper()
  })

  it('calls every listener of the event, in the order of their registration, and no others', () => {
    const [first, second, other] = [sinon.fake(), sinon.fake(), sinon.fake()]
    emitter.on('refresh', first).on('refresh', second).on('retry', other)
    emitter.tell(logger, 'refresh', refresh)
    expect(first.args).to.deep.equal([[refresh]])
    expect(second.calledAfter(first)).to.equal(true)
    expect(other.callCount).to.equal(0)
  })

  describe('refuses a listener for an event that does not exist', () => {
    const listen = {
      on: (name: string) => emitter.on(name as never, () => {}),
      once: (name: string) => emitter.once(name as never, () => {}),
      addListener: (name: string) => emitter.addListener(name as never, () => {}),
    }
    for (const [how, add] of Object.entries(listen)) {
      it(`with ${how}(), and names those that do`, () => {
        expect(() => add('sent'))
          .to.throw(ConfigError, 'a producer has no event "sent"')
          .with.property('message')
          .that.includes('delivered, failed')
        expect(emitter.eventNames()).to.deep.equal([])
      })
    }

    for (const [name, advice] of [
      ['ready', 'the first message connects'],
      ['error', 'listen for "failed"'],
      ['delivery-report', 'listen for "delivered" and "failed"'],
      ['toString', 'Its events are'],
      ['a\u001bb', '"a\\u{1b}b"'],
    ] as const) {
      it(`with advice for ${JSON.stringify(name)}`, () => {
        expect(() => listen.on(name)).to.throw(ConfigError, advice)
      })
    }
  })

  it('emits without a listener', () => {
    emitter.tell(logger, 'refresh', { topics: [], error: new MetadataError('nobody listens') })
    expect(logger.lines).to.deep.equal([])
  })

  it('calls listeners with the emitter as this', () => {
    const listener = sinon.fake()
    emitter.on('refresh', listener)
    emitter.tell(logger, 'refresh', refresh)
    expect(listener.firstCall.thisValue).to.equal(emitter)
  })

  it('calls a once() listener once', () => {
    const [always, once] = [sinon.fake(), sinon.fake()]
    emitter.on('refresh', always)
    emitter.once('refresh', once)
    for (let i = 0; i < 3; i++) emitter.tell(logger, 'refresh', refresh)
    expect([always.callCount, once.callCount]).to.deep.equal([3, 1])
    expect(emitter.listenerCount('refresh')).to.equal(1)
  })

  it('removes a once() listener before the call, so that it cannot be called again from within', () => {
    const once = sinon.fake(() => emitter.tell(logger, 'refresh', refresh))
    emitter.once('refresh', once)
    emitter.tell(logger, 'refresh', refresh)
    expect(once.callCount).to.equal(1)
  })

  it('calls a function that was added with on() and once() twice, then once', () => {
    const listener = sinon.fake()
    emitter.on('refresh', listener)
    emitter.once('refresh', listener)
    emitter.tell(logger, 'refresh', refresh)
    emitter.tell(logger, 'refresh', refresh)
    expect(listener.callCount).to.equal(3)
  })

  it('does not call a removed listener', () => {
    const listener = sinon.fake()
    emitter.once('refresh', listener)
    emitter.off('refresh', listener)
    emitter.tell(logger, 'refresh', refresh)
    expect(listener.callCount).to.equal(0)
  })

  it('lets listeners be added and removed during a call', () => {
    const late = sinon.fake()
    const leaving = sinon.fake(() => {
      emitter.off('refresh', leaving)
      emitter.on('refresh', late)
    })
    const after = sinon.fake()
    emitter.on('refresh', leaving).on('refresh', after)
    emitter.tell(logger, 'refresh', refresh)
    expect([leaving.callCount, late.callCount, after.callCount]).to.deep.equal([1, 0, 1])
  })

  for (const [what, thrown, named] of [
    ['an error', new TypeError('secret'), 'TypeError'],
    ['a string', 'secret', 'something of type string'],
    ['undefined', undefined, 'something of type undefined'],
  ] as const) {
    it(`calls the others when one listener throws ${what}, and logs that by name at ERROR`, () => {
      const after = sinon.fake()
      emitter.on('delivered', () => {
        throw thrown
      })
      emitter.on('delivered', after)
      emitter.tell(logger, 'delivered', {
        topic: 't',
        partition: 0,
        baseOffset: 0n,
        broker: 'b:1',
        messages: [],
      })
      expect(after.callCount).to.equal(1)
      expect(logger.lines.map(({ level }) => level)).to.deep.equal(['error'])
      expect(logger.at('error')[0]).to.contain('"delivered"').and.contain(named)
    })
  }
})
