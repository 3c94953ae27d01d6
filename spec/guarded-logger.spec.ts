import { expect } from 'chai'
import { guarded } from '../lib/guarded-logger.js'
import type { Logger } from '../lib/logger.js'
import { LogKeeper } from './handler/support/log-keeper.js'

describe('guarded', () => {
  it('passes every line to the logger, at its level', () => {
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

  it('does not throw, whatever the logger throws', () => {
    const broken: Logger = new Proxy({} as Logger, {
      get: () => () => {
        throw new Error('the transport has ended')
      },
    })
    guarded(broken).warn('a')
    guarded({} as Logger).error('b')
  })
})
