import { expect } from 'chai'
import sinon from 'sinon'
import { ConnectionError, DecodeError } from '../../lib/errors.js'
import { InFlight, InFlightRequest } from '../../lib/network/in-flight.js'
import { wire } from '../support/wire.js'

const reason = new ConnectionError('gone')

function request(correlationId = 7) {
  const answered = { onAnswer: sinon.spy(), onFailure: sinon.spy() }
  return { answered, request: new InFlightRequest(correlationId, answered) }
}

function frame(correlationId: number): Buffer {
  return wire().int32(correlationId).string('answer').build()
}

describe('InFlightRequest', () => {
  const moves = {
    sent: (one: InFlightRequest) => one.sent(),
    complete: (one: InFlightRequest) => one.complete(frame(7)),
    fail: (one: InFlightRequest) => one.fail(reason),
  }
  type Move = keyof typeof moves

  const legal: [path: Move[], settled: boolean][] = [
    [[], false],
    [['sent'], false],
    [['sent', 'complete'], true],
    [['sent', 'fail'], true],
    [['fail'], true],
  ]
  for (const [path, settled] of legal) {
    it(`may go ${['pending', ...path].join(', ')} and is then ${settled ? '' : 'not '}settled`, () => {
      const { request: one } = request()
      for (const move of path) moves[move](one)
      expect(one.isSettled).to.equal(settled)
    })
  }

  const illegal: [path: Move[], message: string][] = [
    [['complete'], 'request 7 is pending and cannot become completed'],
    [['sent', 'sent'], 'request 7 is sent and cannot become sent'],
    [['sent', 'complete', 'complete'], 'request 7 is completed and cannot become completed'],
    [['sent', 'complete', 'fail'], 'request 7 is completed and cannot become failed'],
    [['sent', 'fail', 'fail'], 'request 7 is failed and cannot become failed'],
    [['sent', 'fail', 'complete'], 'request 7 is failed and cannot become completed'],
    [['fail', 'sent'], 'request 7 is failed and cannot become sent'],
  ]
  for (const [path, message] of illegal) {
    it(`may not go ${['pending', ...path].join(', ')}`, () => {
      const { request: one, answered } = request()
      const last = path.at(-1)!
      for (const move of path.slice(0, -1)) moves[move](one)
      const reported = answered.onAnswer.callCount + answered.onFailure.callCount
      expect(() => moves[last](one)).to.throw(Error, message)
      expect(answered.onAnswer.callCount + answered.onFailure.callCount).to.equal(reported)
    })
  }

  it('resolves with its answer', () => {
    const { request: one, answered } = request()
    one.sent()
    one.complete(frame(7))
    expect(answered.onAnswer.args).to.deep.equal([[frame(7)]])
    expect(answered.onFailure.callCount).to.equal(0)
  })

  for (const wasWritten of [false, true]) {
    it(`reports that it ${wasWritten ? 'may have been' : 'was not'} written when it fails`, () => {
      const { request: one, answered } = request()
      if (wasWritten) one.sent()
      one.fail(reason)
      expect(answered.onFailure.args).to.deep.equal([[reason, wasWritten]])
    })
  }

  describe('with a time limit', () => {
    let clock: sinon.SinonFakeTimers

    beforeEach(() => {
      clock = sinon.useFakeTimers({
        toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'],
      })
    })

    it('expires when no answer has come', () => {
      const onExpired = sinon.spy()
      const { request: one } = request()
      one.sent()
      one.expireAfter(50, onExpired)
      one.startClock()
      clock.runAll()
      expect(onExpired.callCount).to.equal(1)
      expect(one.isSettled).to.equal(false)
    })

    for (const end of ['complete', 'fail'] as const) {
      it(`leaves no timer behind when it ends: ${end}`, () => {
        const { request: one } = request()
        one.sent()
        one.expireAfter(50, () => expect.fail('expired'))
        one.startClock()
        moves[end](one)
        expect(clock.countTimers()).to.equal(0)
      })
    }

    it('does not expire when its answer is read in the last turn', () => {
      const { request: one, answered } = request()
      one.sent()
      one.expireAfter(50, () => expect.fail('expired'))
      one.startClock()
      setTimeout(() => one.complete(frame(7)), 50)
      clock.runAll()
      expect(answered.onAnswer.callCount).to.equal(1)
    })
  })
})

describe('InFlight', () => {
  function three() {
    const inFlight = new InFlight()
    const all = [1, 2, 3].map((id) => request(id))
    for (const { request: one } of all) {
      inFlight.add(one)
      one.sent()
    }
    return { inFlight, answers: all.map(({ answered }) => answered) }
  }

  it('assigns answers to the oldest request, one after the other', () => {
    const { inFlight, answers } = three()
    inFlight.answer(frame(1))
    inFlight.answer(frame(2))
    expect(answers.map(({ onAnswer }) => onAnswer.args.flat())).to.deep.equal([[frame(1)], [frame(2)], []])
    expect(inFlight.size).to.equal(1)
  })

  for (const [title, id] of [
    ['out of order', 2],
    ['to an unknown request', 99],
    ['with the negative of its id', -1],
  ] as const) {
    it(`refuses an answer ${title}, and settles no request with it`, () => {
      const { inFlight, answers } = three()
      expect(() => inFlight.answer(frame(id)))
        .to.throw(DecodeError, `an answer has correlation id ${id}, the oldest request has 1`)
        .that.includes({ correlationId: 1 })
      expect(answers.some(({ onAnswer }) => onAnswer.called)).to.equal(false)
      expect(inFlight.size).to.equal(3)
    })
  }

  it('refuses a second answer to the same request', () => {
    const { inFlight } = three()
    inFlight.answer(frame(1))
    expect(() => inFlight.answer(frame(1))).to.throw(
      DecodeError,
      'correlation id 1, the oldest request has 2',
    )
  })

  it('refuses an answer without a request', () => {
    expect(() => new InFlight().answer(frame(5))).to.throw(
      DecodeError,
      'an answer with correlation id 5 came, but no request is in flight',
    )
  })

  for (const bytes of [0, 3]) {
    it(`refuses a frame of ${bytes} bytes, which holds no correlation id`, () => {
      expect(() => three().inFlight.answer(Buffer.alloc(bytes))).to.throw(DecodeError)
    })
  }

  describe('with a request that some brokers never answer', () => {
    /** The question with id 1, which may be passed over, and two more requests. */
    function question() {
      const answered = { onAnswer: sinon.spy(), onPassedOver: sinon.spy(), onFailure: sinon.spy() }
      const optional = new InFlightRequest(1, answered)
      const others = [2, 3].map((id) => request(id))
      const inFlight = new InFlight()
      for (const one of [optional, ...others.map(({ request: other }) => other)]) {
        one.sent()
        inFlight.add(one)
      }
      return { inFlight, answered, optional, others }
    }

    it('resolves that request with its answer where one comes', () => {
      const { inFlight, answered } = question()
      inFlight.answer(frame(1))
      expect([answered.onAnswer.callCount, answered.onPassedOver.callCount, inFlight.size]).to.deep.equal([
        1, 0, 2,
      ])
    })

    it('reports that request as passed over when the next one is answered, before the next resolves', () => {
      const { inFlight, answered, optional, others } = question()
      inFlight.answer(frame(2))
      expect([answered.onAnswer.callCount, optional.isSettled, inFlight.size]).to.deep.equal([0, true, 1])
      expect(answered.onPassedOver.calledBefore(others[0]!.answered.onAnswer)).to.equal(true)
    })

    it('treats that request as passed over only by the next request', () => {
      const { inFlight, answered } = question()
      expect(() => inFlight.answer(frame(3))).to.throw(
        DecodeError,
        'an answer has correlation id 3, the oldest request has 1',
      )
      expect(answered.onPassedOver.callCount).to.equal(0)
    })

    it('refuses an answer to that request once it was passed over', () => {
      const { inFlight } = question()
      inFlight.answer(frame(2))
      expect(() => inFlight.answer(frame(1))).to.throw(DecodeError, 'the oldest request has 3')
    })

    it('fails that request like any other when the connection ends', () => {
      const { inFlight, answered } = question()
      inFlight.failAll(() => reason)
      expect([answered.onFailure.callCount, answered.onPassedOver.callCount]).to.deep.equal([1, 0])
    })
  })

  it('fails all requests, oldest first, each with its own reason', () => {
    const inFlight = new InFlight()
    const reported: string[] = []
    for (const id of [1, 2, 3]) {
      inFlight.add(
        new InFlightRequest(id, {
          onAnswer: () => {},
          onFailure: ({ message }) => void reported.push(message),
        }),
      )
    }
    inFlight.failAll(({ correlationId }) => new ConnectionError(`reason ${correlationId}`))
    expect(reported).to.deep.equal(['reason 1', 'reason 2', 'reason 3'])
    expect(inFlight.size).to.equal(0)
  })

  it('accepts a new request from within a failure', () => {
    const inFlight = new InFlight()
    const late = request(9).request
    inFlight.add(new InFlightRequest(1, { onAnswer: () => {}, onFailure: () => inFlight.add(late) }))
    inFlight.failAll(() => reason)
    expect([inFlight.size, late.isSettled]).to.deep.equal([1, false])
  })
})
