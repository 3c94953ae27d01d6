import { expect } from 'chai'
import { guarded } from '../lib/guarded-logger.js'
import type { Logger } from '../lib/logger.js'
import { LogKeeper } from './handler/support/log-keeper.js'

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
