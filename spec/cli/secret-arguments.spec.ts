import { expect } from 'chai'
import { warnOfSecrets } from '../../lib/cli/secret-arguments.js'
import { recordingLogger } from '../security/settings-of.js'

describe('warnOfSecrets', () => {
  it('a secret that is written out on a command line is warned about, without its value', () => {
    const logger = recordingLogger()
    warnOfSecrets(
      new Map([
        ['sasl.jaas.config', 'canary'],
        ['acks', '1'],
        ['ssl.key.password', 'canary'],
      ]),
      logger,
    )
    expect(logger.lines.map((line) => line.replace(/ is on .*/, ''))).to.deep.equal([
      'WARN sasl.jaas.config',
      'WARN ssl.key.password',
    ])
    expect(logger.lines.join()).to.not.include('canary')
  })

  it('a reference to a provider is no secret', () => {
    const logger = recordingLogger()
    warnOfSecrets(new Map([['ssl.key.password', '$\x7benv:KEY_PASSWORD}']]), logger)
    expect(logger.lines).to.deep.equal([])
  })
})
