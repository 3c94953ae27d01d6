import { expect } from 'chai'
import type { SecurityOptions } from '../../lib/security/security-settings.js'
import { recordingLogger, refusalOf, settingsOf } from './settings-of.js'

const PLAIN_MODULE = 'org.apache.kafka.common.security.plain.PlainLoginModule'
const SCRAM_MODULE = 'org.apache.kafka.common.security.scram.ScramLoginModule'
const OAUTH_MODULE = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule'
const ALICE = 'required username="alice" password="canary";'
const URL_KEY = 'sasl.oauthbearer.token.endpoint.url'

const broker = { host: 'broker', port: 9093 }
const sasl = (mechanism: string, jaas: string, more: Record<string, string> = {}) => ({
  'security.protocol': 'SASL_SSL',
  'sasl.mechanism': mechanism,
  ...(jaas && { 'sasl.jaas.config': jaas }),
  ...more,
})

describe('securitySettings', () => {
  it('PLAINTEXT has neither TLS nor SASL, and is the default in any case of letters', () => {
    expect(settingsOf({})).to.deep.equal({ protocol: 'PLAINTEXT' })
    expect(settingsOf({ 'security.protocol': 'plaintext' })).to.deep.equal({ protocol: 'PLAINTEXT' })
  })

  it('each protocol has the parts that its name says', () => {
    const jaas = { 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': `${PLAIN_MODULE} ${ALICE}` }
    expect(settingsOf({ 'security.protocol': 'ssl' })).to.have.all.keys('protocol', 'tls')
    expect(settingsOf({ 'security.protocol': 'SASL_PLAINTEXT', ...jaas })).to.have.all.keys(
      'protocol',
      'sasl',
    )
    expect(settingsOf({ 'security.protocol': 'SASL_SSL', ...jaas })).to.have.all.keys(
      'protocol',
      'tls',
      'sasl',
    )
  })

  for (const [mechanism, module] of [
    ['PLAIN', PLAIN_MODULE],
    ['SCRAM-SHA-256', SCRAM_MODULE],
    ['SCRAM-SHA-512', SCRAM_MODULE],
  ] as const) {
    it(`${mechanism} logs in with the user name of sasl.jaas.config`, async () => {
      const { sasl: made } = settingsOf(sasl(mechanism, `${module} ${ALICE}`))
      expect(made!.name).to.equal(mechanism)
      expect((await made!.begin(broker).first()).toString()).to.include('alice')
    })
  }

  it('a delegation token is a SCRAM login with tokenauth', async () => {
    const jaas = `${SCRAM_MODULE} required username="id" password="canary" tokenauth="true";`
    const first = await settingsOf(sasl('SCRAM-SHA-256', jaas)).sasl!.begin(broker).first()
    expect(first.toString()).to.match(/,tokenauth=true$/)
  })

  it('options.credentials stand in for sasl.jaas.config', async () => {
    const credentials = () => ({ username: 'bob', password: 'p' })
    const made = settingsOf(sasl('PLAIN', ''), { credentials }).sasl!
    expect((await made.begin(broker).first()).toString()).to.equal('\0bob\0p')
  })

  it('OAUTHBEARER makes a token without a signature where the login module asks for it', async () => {
    const jaas = `${OAUTH_MODULE} required unsecuredLoginStringClaim_sub="alice" unsecuredLoginListClaim_scope=",a,b" unsecuredLoginNumberClaim_n="1.5" unsecuredLoginExtension_tier="gold" extension_cluster="c1";`
    const made = settingsOf(sasl('OAUTHBEARER', jaas)).sasl!
    try {
      const exchange = made.begin(broker)
      const text = (await exchange.first()).toString().replaceAll('\x01', '|')
      const [, token] = /^n,,\|auth=Bearer ([^|]*)\|cluster=c1\|tier=gold\|\|$/.exec(text)!
      const [header, claims, signature] = token!.split('.')
      const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
      expect(decoded(header!)).to.deep.equal({ alg: 'none' })
      expect(decoded(claims!))
        .to.include({ sub: 'alice', n: 1.5 })
        .and.deep.include({ scope: ['a', 'b'] })
      expect(signature).to.equal('')
      expect(decoded(claims!).exp - decoded(claims!).iat).to.be.closeTo(3600, 1)
      expect(exchange.expiresAt).to.be.a('number')
    } finally {
      await made.close?.()
    }
  })

  it('PLAIN without TLS is warned about', () => {
    const logger = recordingLogger()
    const properties = { ...sasl('PLAIN', `${PLAIN_MODULE} ${ALICE}`), 'security.protocol': 'SASL_PLAINTEXT' }
    settingsOf(properties, { logger })
    expect(logger.lines).to.have.length(1)
    expect(logger.lines[0]).to.match(/^WARN .*without TLS/)
  })

  const client = `${OAUTH_MODULE} required clientId="c" clientSecret="canary";`
  const credentials = () => ({ username: 'u', password: 'p' })
  const oauthToken = () => 'canary'
  const refusals: [
    what: string,
    properties: Record<string, string>,
    options: Partial<SecurityOptions>,
    key: string,
    says: RegExp,
  ][] = [
    [
      'no mechanism',
      { 'security.protocol': 'SASL_SSL' },
      {},
      'sasl.mechanism',
      /is missing: supported are PLAIN, SCRAM-SHA-256, .*GSSAPI/,
    ],
    [
      'a mechanism that is not known',
      sasl('DIGEST-MD5', ''),
      {},
      'sasl.mechanism',
      /is DIGEST-MD5: supported are/,
    ],
    [
      'the mechanism of Amazon MSK',
      sasl('AWS_MSK_IAM', ''),
      {},
      'sasl.mechanism',
      /write OAUTHBEARER, and give options\.oauthToken/,
    ],
    [
      'PLAIN without credentials',
      sasl('PLAIN', ''),
      {},
      'sasl.jaas.config',
      /is missing: PLAIN needs it, or options\.credentials/,
    ],
    [
      'a login module without a user name',
      sasl('PLAIN', `${PLAIN_MODULE} required password="canary";`),
      {},
      'sasl.jaas.config',
      /no option username, which PLAIN needs/,
    ],
    [
      'a login module without a password',
      sasl('SCRAM-SHA-256', `${SCRAM_MODULE} required username="u";`),
      {},
      'sasl.jaas.config',
      /no option password/,
    ],
    [
      'a login module that cannot be read',
      sasl('PLAIN', `${PLAIN_MODULE} required username="u" password="canary"`),
      {},
      'sasl.jaas.config',
      /semicolon/,
    ],
    [
      'credentials given twice',
      sasl('PLAIN', `${PLAIN_MODULE} ${ALICE}`),
      { credentials },
      'sasl.jaas.config',
      /both set/,
    ],
    [
      'credentials for OAUTHBEARER',
      sasl('OAUTHBEARER', ''),
      { credentials },
      'sasl.mechanism',
      /no use for options\.credentials/,
    ],
    [
      'a token for PLAIN',
      sasl('PLAIN', ''),
      { oauthToken },
      'sasl.mechanism',
      /no use for options\.oauthToken/,
    ],
    [
      'credentials without SASL',
      { 'security.protocol': 'SSL' },
      { credentials },
      'security.protocol',
      /is SSL, and options\.credentials is given/,
    ],
    [
      'a token without SASL',
      {},
      { oauthToken },
      'security.protocol',
      /is PLAINTEXT, and options\.oauthToken/,
    ],
    [
      'OAUTHBEARER without a source',
      sasl('OAUTHBEARER', ''),
      {},
      URL_KEY,
      /is missing: .*options\.oauthToken/,
    ],
    [
      'a token endpoint and a callback',
      sasl('OAUTHBEARER', '', { [URL_KEY]: 'https://x/' }),
      { oauthToken },
      URL_KEY,
      /both set/,
    ],
    [
      'a token endpoint without a client id',
      sasl('OAUTHBEARER', '', { [URL_KEY]: 'https://x/' }),
      {},
      'sasl.oauthbearer.client.credentials.client.id',
      /is missing, or clientId/,
    ],
    [
      'a token endpoint without a secret',
      sasl('OAUTHBEARER', `${OAUTH_MODULE} required clientId="c";`, { [URL_KEY]: 'https://x/' }),
      {},
      'sasl.oauthbearer.client.credentials.client.secret',
      /is missing, or clientSecret/,
    ],
    [
      'an address of another kind',
      sasl('OAUTHBEARER', client, { [URL_KEY]: 'ftp://canary' }),
      {},
      URL_KEY,
      /begins with https/,
    ],
    [
      'a secret in an address',
      sasl('OAUTHBEARER', client, { [URL_KEY]: 'https://u:canary@x/' }),
      {},
      URL_KEY,
      /has a user name or password/,
    ],
    [
      'a callback handler of Java',
      sasl('OAUTHBEARER', client, { 'sasl.login.callback.handler.class': 'com.example.H' }),
      {},
      'sasl.login.callback.handler.class',
      /options\.oauthToken/,
    ],
    [
      'a retriever that is not there',
      sasl('OAUTHBEARER', client, {
        'sasl.oauthbearer.jwt.retriever.class':
          'org.apache.kafka.common.security.oauthbearer.JwtBearerJwtRetriever',
      }),
      {},
      'sasl.oauthbearer.jwt.retriever.class',
      /known are DefaultJwtRetriever/,
    ],
    [
      'an unsigned token without a principal',
      sasl('OAUTHBEARER', `${OAUTH_MODULE} required unsecuredLoginLifetimeSeconds="60";`),
      {},
      'sasl.jaas.config',
      /no unsecuredLoginStringClaim_sub/,
    ],
    [
      'an extension with a reserved name',
      sasl('OAUTHBEARER', `${OAUTH_MODULE} required extension_auth="x" unsecuredLoginStringClaim_sub="a";`),
      {},
      'sasl.jaas.config',
      /extension_/,
    ],
  ]
  for (const [what, properties, options, key, says] of refusals) {
    it(`security settings with ${what} are a ConfigError of ${key}`, () => {
      const error = refusalOf(properties, options)
      expect(error.key).to.equal(key)
      expect(error.message).to.match(says).and.not.include('canary')
    })
  }
})
