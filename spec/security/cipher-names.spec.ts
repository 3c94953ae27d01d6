import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { openSslName } from '../../lib/security/cipher-names.js'

/** As `openssl ciphers -stdname` of OpenSSL 3.0 prints them, without PSK and SRP: name of the RFC, name of OpenSSL. */
const suites = readFileSync(new URL('../vectors/security/cipher-suites.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.split(' ') as [string, string])

describe('openSslName', () => {
  it(`${suites.length} cipher suites have the names that OpenSSL gives them`, () => {
    expect(suites.map(([rfc]) => [rfc, openSslName(rfc)])).to.deep.equal(suites)
  })

  it('names of OpenSSL stay as they are', () => {
    for (const [, name] of suites) expect(openSslName(name)).to.equal(name)
  })

  it('the old prefix of Java and its small letters are understood', () => {
    expect(openSslName('SSL_RSA_WITH_3DES_EDE_CBC_SHA')).to.equal('DES-CBC3-SHA')
    expect(openSslName('TLS_DH_anon_WITH_AES_128_GCM_SHA256')).to.equal('ADH-AES128-GCM-SHA256')
  })
})
