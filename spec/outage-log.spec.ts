import { expect } from 'chai'
import sinon from 'sinon'
import { hasDebug, silentLogger } from '../lib/logger.js'
import { OutageLog, QUIET_MS, SUMMARY_MS } from '../lib/outage-log.js'
import { LogKeeper } from './handler/support/log-keeper.js'

describe('OutageLog', () => {
  let clock: sinon.SinonFakeTimers
  let keeper: LogKeeper
  let log: OutageLog

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
    keeper = new LogKeeper()
    log = new OutageLog(keeper, 'message')
  })
  afterEach(() => {
    log.close()
    clock.restore()
  })

  /** The lines that a reader without DEBUG sees. */
  const shown = (): string[] =>
    keeper.lines.filter(({ level }) => level !== 'debug').map(({ level, text }) => `${level}: ${text}`)

  /** As a broker that refuses connections: a failed attempt each 100 ms. */
  const outage = (ms: number, line = '5 messages failed: b:1 refused'): void => {
    for (let passed = 0; passed < ms; passed += 100) {
      log.failed()
      log.warn(line)
      clock.tick(100)
    }
  }

  it('passes every line on where nothing fails', () => {
    for (let i = 0; i < 3; i++) log.warn('the same line')
    log.info('info')
    log.error('error')
    expect(shown()).to.deep.equal([...Array(3).fill('warn: the same line'), 'info: info', 'error: error'])
  })

  it('logs each kind of line once in an outage, whatever counts it has, and leaves the others at DEBUG', () => {
    log.failed()
    log.warn('1 message failed: b:1 refused')
    log.warn('20 messages failed: b:1 refused')
    log.warn('21 messages failed: b:1 refused')
    log.info('retrying 20 messages in 100 ms, 3 attempts left')
    log.info('retrying 21 messages in 100 ms, 2 attempts left')
    expect(shown()).to.deep.equal([
      'warn: 1 message failed: b:1 refused',
      'info: retrying 20 messages in 100 ms, 3 attempts left',
    ])
    expect(keeper.at('debug')).to.deep.equal([
      '20 messages failed: b:1 refused',
      '21 messages failed: b:1 refused',
      'retrying 21 messages in 100 ms, 2 attempts left',
    ])
  })

  it('logs lines of each broker, partition and error code', () => {
    log.failed()
    const lines = [
      '127.0.0.1:9092 refused',
      '127.0.0.1:9093 refused',
      't/0 has no leader',
      't/1 has no leader',
    ]
    for (const line of [...lines, ...lines]) log.warn(line)
    expect(shown()).to.deep.equal(lines.map((line) => `warn: ${line}`))
  })

  it('logs a line once more at a higher level', () => {
    log.failed()
    log.info('topic t is not available')
    log.warn('topic t is not available')
    log.warn('topic t is not available')
    expect(shown()).to.deep.equal(['info: topic t is not available', 'warn: topic t is not available'])
  })

  it('does not repeat a line that was logged just before the failure it belongs to', () => {
    log.warn('connecting to b:1 failed')
    log.failed()
    log.warn('connecting to b:1 failed')
    expect(shown()).to.have.length(1)
  })

  it('sums up every few seconds as long as the outage lasts', () => {
    outage(3 * SUMMARY_MS)
    expect(shown()).to.have.length(1 + 2)
    expect(shown()[1]).to.equal(
      'warn: the outage has lasted 5.0 s: 0 messages delivered, 0 messages lost; 50 more lines like those before, the last: 5 messages failed: b:1 refused',
    )
  })

  it('sums up at ERROR only where something was lost since the last time', () => {
    outage(SUMMARY_MS)
    log.lost(3)
    outage(2 * SUMMARY_MS)
    expect(shown().map((line) => line.slice(0, 30))).to.deep.equal([
      'warn: 5 messages failed: b:1 r',
      'error: the outage has lasted 5',
      'warn: the outage has lasted 10',
    ])
  })

  it('logs one line when something was delivered and nothing has failed for a while', () => {
    outage(3000)
    log.lost(2)
    log.delivered(7)
    clock.tick(QUIET_MS - 200)
    log.delivered(3)
    expect(shown()).to.have.length(1)
    clock.tick(300)
    expect(shown()[1]).to.equal(
      'warn: the outage is over, it has lasted 3.0 s: 10 messages delivered, 2 messages lost; 29 lines left out',
    )
    clock.tick(10 * QUIET_MS)
    expect(shown()).to.have.length(2)
  })

  it('goes on while one broker fails and another one takes messages', () => {
    for (let i = 0; i < 40; i++) {
      log.failed()
      log.warn('1 message failed: b:1 refused')
      log.delivered(1)
      clock.tick(100)
    }
    expect(shown()).to.have.length(1)
    log.delivered(1)
    clock.tick(QUIET_MS)
    expect(shown()).to.have.length(2)
    expect(shown()[1]).to.contain('41 messages delivered')
  })

  it('does not take an outage for over because nothing is tried', () => {
    outage(1000)
    clock.tick(60_000)
    expect(shown()).to.have.length(1)
  })

  it('ends a short failure without a line', () => {
    log.failed()
    log.warn('1 message failed: b:1 answered NOT_LEADER_OR_FOLLOWER (6) for t/0')
    clock.tick(100)
    log.delivered(1)
    clock.tick(QUIET_MS)
    expect(shown()).to.have.length(1)
  })

  it('logs everything anew in the next outage', () => {
    outage(1000)
    log.delivered(1)
    clock.tick(QUIET_MS)
    clock.tick(60_000)
    outage(1000)
    expect(shown().filter((line) => line.endsWith('refused'))).to.have.length(2)
  })

  it('reports with close() an outage that has not ended, once, and leaves no timer', () => {
    outage(2000)
    log.lost(9)
    log.close()
    log.close()
    expect(shown()).to.have.length(2)
    expect(shown()[1]).to.match(/^warn: the producer was closed in an outage of 2\.0 s: .* 9 messages lost/)
    log.failed()
    log.delivered(1)
    log.close()
    expect(clock.countTimers()).to.equal(0)
  })

  it('is as quiet as its logger: nobody makes DEBUG lines for a logger without them', () => {
    expect(hasDebug(new OutageLog(silentLogger, 'message'))).to.equal(false)
  })

  it('keeps no more kinds than a fixed number, however many topics there are', () => {
    log.failed()
    for (let i = 0; i < 10_000; i++) log.warn(`topic t${i} is not available`)
    expect(shown()).to.have.length(10_000)
    log.warn('topic t9999 is not available')
    expect(shown()).to.have.length(10_000)
  })
})
