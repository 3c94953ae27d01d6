import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { expect } from 'chai'
import { ProducerConfig } from '../../lib/config/producer-config.js'
import { KafkaProducerConfig } from '../../lib/kafka-producer/kafka-producer-config.js'
import { type SecurityOptions, securitySettings } from '../../lib/security/security-settings.js'
import { recordingLogger } from './settings-of.js'

const pem = (name: string): string =>
  readFileSync(new URL(`../vectors/security/stores/${name}`, import.meta.url), 'utf8')

/** Every secret that a configuration can hold has this text in it, or is a key in PEM. */
const CANARY = 'canary'
const secrets = [CANARY, ...pem('client.key').split('\n').slice(1, 3), 'BEGIN PRIVATE']

const jaas = (options: string): string => `a.b.PlainLoginModule required ${options};`
const PROVIDER = 'org.apache.kafka.common.config.provider.EnvVarConfigProvider'

const configurations: [
  what: string,
  properties: Record<string, string>,
  options?: Partial<SecurityOptions>,
][] = [
  [
    'PLAIN',
    {
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config': jaas(`username="u" password="${CANARY}"`),
    },
  ],
  [
    'SCRAM',
    {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'SCRAM-SHA-256',
      'sasl.jaas.config': jaas(`username="u" password="${CANARY}"`),
    },
  ],
  [
    'a secret without its protocol',
    {
      'sasl.jaas.config': CANARY,
      'ssl.key.password': CANARY,
      'ssl.keystore.key': pem('client.key'),
      'ssl.truststore.password': CANARY,
    },
  ],
  [
    'a JAAS text that cannot be read',
    {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config': jaas(`username="u" password=${CANARY}!`),
    },
  ],
  [
    'a JAAS text that begins with its secret',
    { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': `${CANARY} ${CANARY}` },
  ],
  [
    'client credentials',
    {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'OAUTHBEARER',
      'sasl.oauthbearer.token.endpoint.url': 'https://localhost/',
      'sasl.oauthbearer.client.credentials.client.id': 'c',
      'sasl.oauthbearer.client.credentials.client.secret': CANARY,
    },
  ],
  [
    'a secret of client credentials without an id',
    {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'OAUTHBEARER',
      'sasl.oauthbearer.token.endpoint.url': 'https://localhost/',
      'sasl.jaas.config': jaas(`clientSecret="${CANARY}"`),
    },
  ],
  [
    'a key in PEM',
    {
      'security.protocol': 'SSL',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.key': pem('client.key'),
      'ssl.keystore.certificate.chain': pem('client.pem'),
    },
  ],
  [
    'a key in PEM without its certificate',
    {
      'security.protocol': 'SSL',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.key': pem('client.key'),
      'ssl.keystore.certificate.chain': pem('server.pem'),
    },
  ],
  [
    'a key in PEM that is damaged',
    {
      'security.protocol': 'SSL',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.key': pem('client.key').replace('M', '*'),
      'ssl.keystore.certificate.chain': pem('client.pem'),
    },
  ],
  [
    'a wrong password of a file',
    {
      'security.protocol': 'SSL',
      'ssl.truststore.location': new URL('../vectors/security/stores/truststore.p12', import.meta.url)
        .pathname,
      'ssl.truststore.password': CANARY,
    },
  ],
  [
    'a provider',
    {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config': jaas('username="u" password="$\x7benv:KCP_CANARY}"'),
      'client.id': '$\x7benv:KCP_CANARY}',
      'config.providers': 'env',
      'config.providers.env.class': PROVIDER,
    },
  ],
  [
    'a provider that gives what is refused',
    {
      'security.protocol': '$\x7benv:KCP_CANARY}',
      'config.providers': 'env',
      'config.providers.env.class': PROVIDER,
    },
  ],
  [
    'a provider that gives a mechanism',
    {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': '$\x7benv:KCP_CANARY}',
      'config.providers': 'env',
      'config.providers.env.class': PROVIDER,
    },
  ],
  [
    'a provider that gives a number',
    {
      'sasl.login.connect.timeout.ms': '$\x7benv:KCP_CANARY}',
      'config.providers': 'env',
      'config.providers.env.class': PROVIDER,
    },
  ],
  [
    'a provider that gives a file',
    {
      'security.protocol': 'SSL',
      'ssl.truststore.location': '$\x7benv:KCP_CANARY}',
      'config.providers': 'env',
      'config.providers.env.class': PROVIDER,
    },
  ],
  [
    'a provider that gives cipher suites',
    {
      'security.protocol': 'SSL',
      'ssl.cipher.suites': '$\x7benv:KCP_CANARY}',
      'config.providers': 'env',
      'config.providers.env.class': PROVIDER,
    },
  ],
  [
    'credentials as a function',
    { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN' },
    { credentials: () => ({ username: 'u', password: CANARY }) },
  ],
  [
    'a token as a function',
    { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'OAUTHBEARER' },
    { oauthToken: () => CANARY },
  ],
  [
    'options of TLS',
    { 'security.protocol': 'SSL' },
    { tls: { key: pem('client.key'), cert: pem('client.pem') } },
  ],
]

/** An error with its causes, as one would print and as one would send it. */
function printed(thrown: unknown): string[] {
  const causes: unknown[] = []
  for (let error = thrown; error !== undefined && error !== null; error = (error as Error).cause)
    causes.push(error)
  return causes.flatMap((error) => [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error)])
}

describe('Secrets of a configuration', () => {
  before(() => {
    process.env.KCP_CANARY = CANARY
  })
  after(() => {
    delete process.env.KCP_CANARY
  })

  for (const [what, properties, options = {}] of configurations) {
    for (const producer of ['Producer', 'KafkaProducer'] as const) {
      it(`of ${what} appear in no log line, error, inspect and JSON of ${producer}`, async () => {
        const logger = recordingLogger()
        const shown: string[] = []
        try {
          const config =
            producer === 'Producer'
              ? new ProducerConfig({ 'metadata.broker.list': 'a:1', ...properties }, { logger })
              : new KafkaProducerConfig(
                  { 'bootstrap.servers': 'a:1', ...properties },
                  { logger, hasKeySerializer: true, hasValueSerializer: true },
                )
          shown.push(inspect(config, { depth: 10, showHidden: true }), JSON.stringify(config), String(config))
          shown.push(
            inspect(config.security, { depth: 10, showHidden: true }),
            JSON.stringify(config.security),
          )
          const settings = securitySettings(config.security, { logger, ...options })
          shown.push(inspect(settings, { depth: 10 }), JSON.stringify(settings))
          const exchange = settings.sasl?.begin({ host: 'a', port: 1 })
          if (exchange)
            shown.push(inspect(exchange, { depth: 10, showHidden: true }), JSON.stringify(exchange))
          await settings.sasl?.close?.()
        } catch (error) {
          shown.push(...printed(error))
        }
        const all = [...logger.lines, ...shown].join('\n')
        for (const secret of secrets) expect(all).to.not.include(secret)
      })
    }
  }
})
