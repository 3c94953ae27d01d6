import { expect } from 'chai'
import { AuthenticationError } from '../../lib/errors.js'
import { plainMechanism } from '../../lib/security/plain.js'

const broker = { host: 'broker', port: 9093 }

describe('plainMechanism', () => {
  it('PLAIN sends an empty identity, the user name and the password, in UTF-8', async () => {
    const exchange = plainMechanism(() => ({ username: 'alice', password: 'p\u00e4ss' })).begin(broker)
    expect(exchange.done).to.equal(false)
    expect((await exchange.first()).toString('hex')).to.equal('00616c6963650070c3a47373')
    expect(exchange.done).to.equal(true)
    expect(await exchange.next(Buffer.alloc(0))).to.equal(undefined)
  })

  it('credentials are asked for at each login, so that a password may change', async () => {
    const passwords = ['one', 'two']
    const mechanism = plainMechanism(async () => ({ username: 'u', password: passwords.shift()! }))
    expect((await mechanism.begin(broker).first()).toString()).to.equal('\0u\0one')
    expect((await mechanism.begin(broker).first()).toString()).to.equal('\0u\0two')
  })

  for (const given of [
    undefined,
    null,
    'u:p',
    {},
    { username: 'u' },
    { username: '', password: 'p' },
    { username: 'u', password: 1 },
    { username: 'u\0x', password: 'p' },
  ]) {
    it(`PLAIN refuses ${JSON.stringify(given)} as credentials, without repeating them`, async () => {
      const exchange = plainMechanism(() => given as never).begin(broker)
      const error = await exchange.first().catch((thrown: unknown) => thrown)
      expect(error).to.be.instanceOf(AuthenticationError).with.property('mechanism', 'PLAIN')
      expect(exchange.done).to.equal(false)
    })
  }
})
