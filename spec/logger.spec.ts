import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'chai'
import sinon from 'sinon'
import { defaultLogger, guarded, hasDebug, type Logger, silentLogger } from '../lib/logger.js'
import { LogKeeper } from './handler/support/log-keeper.js'

describe('defaultLogger', () => {
  for (const level of ['warn', 'error'] as const) {
    it(`writes one line with time and level to stderr for ${level}`, () => {
      sinon.useFakeTimers({ now: Date.UTC(2014, 4, 6, 7, 8, 9, 10), toFake: ['Date'] })
      const write = sinon.stub(process.stderr, 'write')
      const listeners = process.stderr.listenerCount('error')
      defaultLogger[level]('broker b:1 is gone 100%s')
      write.callArgWith(1, null)
      expect(write.args.map(([line]) => line)).to.deep.equal([
        `2014-05-06T07:08:09.010Z ${level.toUpperCase()} kafka-classic-producer: broker b:1 is gone 100%s\n`,
      ])
      expect(process.stderr.listenerCount('error')).to.equal(listeners)
    })
  }

  for (const level of ['debug', 'info'] as const) {
    it(`writes nothing for ${level}`, () => {
      const writes = [sinon.stub(process.stderr, 'write'), sinon.stub(process.stdout, 'write')]
      defaultLogger[level]('detail')
      const calls = writes.map(({ callCount }) => callCount)
      sinon.restore()
      expect(calls).to.deep.equal([0, 0])
    })
  }

  it('does not end a process whose stderr is closed', async () => {
    const logger = new URL('../lib/logger.ts', import.meta.url).href
    const program = `
      import { defaultLogger } from '${logger}'
      process.stdin.resume().on('end', async () => {
        for (let i = 0; i < 5; i++) {
          defaultLogger.warn('line ' + i)
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
        console.log('alive')
      })`
    // Coverage of two processes does not add up: each compiles the sources for itself.
    const env = { ...process.env, NODE_V8_COVERAGE: '' }
    const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', program], { env })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    await once(child, 'spawn')
    child.stderr.destroy()
    await once(child.stderr, 'close')
    child.stdin.end()
    const [code] = await once(child, 'close')
    expect({ code, output }).to.deep.equal({ code: 0, output: 'alive\n' })
  })
})

describe('hasDebug', () => {
  it('is false where the default logger or the silent one drops debug lines, and true for any other', () => {
    const loggers = [defaultLogger, silentLogger, console, new LogKeeper()]
    expect(loggers.map((logger) => hasDebug(guarded(logger)))).to.deep.equal([false, false, true, true])
  })
})

describe('silentLogger', () => {
  it('writes nothing at any level', () => {
    const writes = [sinon.stub(process.stderr, 'write'), sinon.stub(process.stdout, 'write')]
    for (const level of ['debug', 'info', 'warn', 'error'] as const) silentLogger[level]('detail')
    const calls = writes.map(({ callCount }) => callCount)
    sinon.restore()
    expect(calls).to.deep.equal([0, 0])
  })
})

describe('guarded', () => {
  it('hands every line on, at its level and to the logger itself', () => {
    const logger = new LogKeeper()
    const { debug, info, warn, error } = guarded(logger)
    debug('a')
    info('b')
    warn('c')
    error('d')
    expect(logger.lines).to.deep.equal([
      { level: 'debug', text: 'a' },
      { level: 'info', text: 'b' },
      { level: 'warn', text: 'c' },
      { level: 'error', text: 'd' },
    ])
  })

  it('throws nothing, whatever the logger does', () => {
    const broken: Logger = new Proxy({} as Logger, {
      get: () => () => {
        throw new Error('the transport has ended')
      },
    })
    guarded(broken).warn('a')
    guarded({} as Logger).error('b')
  })
})
