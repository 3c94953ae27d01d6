import { expect } from 'chai'
import { unrepeatedLogger } from '../../lib/cli-perf/unrepeated-logger.js'

describe('unrepeatedLogger', () => {
  it('says a warning or an error once', () => {
    const lines: string[] = []
    const logger = unrepeatedLogger((line) => lines.push(line), false)
    for (let n = 0; n < 3; n++) {
      logger.warn('the broker is gone')
      logger.error(`attempt ${n % 2}`)
      logger.info('connected')
      logger.debug('detail')
    }
    expect(lines).to.deep.equal(['WARN the broker is gone', 'ERROR attempt 0', 'ERROR attempt 1'])
  })

  it('says what happens when that is wanted', () => {
    const lines: string[] = []
    unrepeatedLogger((line) => lines.push(line), true).info('connected')
    expect(lines).to.deep.equal(['INFO connected'])
  })
})
