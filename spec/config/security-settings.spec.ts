import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { kafkaProducerKeys } from '../../lib/config/kafka-producer-keys.js'
import { ProducerConfig } from '../../lib/config/producer-config.js'
import { producerKeys } from '../../lib/config/producer-keys.js'
import { protectionSettings, securitySettings } from '../../lib/config/security-settings.js'
import type { Setting } from '../../lib/config/setting.js'
import { ConfigError } from '../../lib/errors.js'
import { silentLogger } from '../../lib/logger.js'

/** `key|TYPE|default` as ProducerConfig of kafka-clients 4.3.1 has them. */
const ofJava = readFileSync(new URL('../vectors/security/java-keys.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.split('|') as [string, string, string])

const rows: readonly Setting[] = [...protectionSettings, ...securitySettings]

describe('the security settings', () => {
  it('the keys of TLS, SASL and providers are those of the Java client, no more and no less', () => {
    expect(rows.map(({ key }) => key).sort()).to.deep.equal(ofJava.map(([key]) => key).sort())
  })

  for (const [key, type, byDefault] of ofJava) {
    it(`${key} has the type and default of the Java client`, () => {
      const row = rows.find((each) => each.key === key)!
      const wanted = byDefault.replace(/^null$|^class |^\[|\]$/g, '').replaceAll(', ', ',')
      expect(row.default).to.equal(wanted)
      if (key === 'security.providers') return
      expect(row.type).to.equal(type === 'SHORT' ? 'int' : type.toLowerCase())
    })
  }

  it('both producers know each of them', () => {
    for (const { key } of rows) {
      expect(producerKeys.find(key), key).to.not.equal(undefined)
      expect(kafkaProducerKeys.find(key), key).to.not.equal(undefined)
    }
  })

  const refused: [key: string, value: string][] = [
    ['sasl.login.refresh.window.factor', '0.4'],
    ['sasl.login.refresh.window.factor', '1.01'],
    ['sasl.login.refresh.window.jitter', '0.3'],
    ['sasl.login.refresh.buffer.seconds', '3601'],
    ['sasl.login.refresh.min.period.seconds', '901'],
    ['sasl.login.connect.timeout.ms', ''],
    ['sasl.oauthbearer.header.urlencode', 'yes'],
    ['sasl.login.refresh.window.factor', '0,8'],
    ['sasl.login.class', 'com.example.Login'],
    ['sasl.client.callback.handler.class', 'com.example.Handler'],
  ]
  for (const [key, value] of refused) {
    it(`${key}=${value} is a ConfigError that names the key`, () => {
      const properties = { 'metadata.broker.list': 'a:1', 'security.protocol': 'SASL_SSL', [key]: value }
      expect(() => new ProducerConfig(properties, { logger: silentLogger }))
        .to.throw(ConfigError)
        .with.property('key', key)
    })
  }

  it('a misspelt key of security is explained with the right one', () => {
    const lines: string[] = []
    const warn = (line: string) => void lines.push(line)
    const properties = {
      'metadata.broker.list': 'a:1',
      'sasl.jaas.confg': 'canary',
      'ssl.ca.location': 'canary',
    }
    new ProducerConfig(properties, { logger: { ...silentLogger, warn } })
    expect(lines.join('\n'))
      .to.match(/did you mean sasl\.jaas\.config/)
      .and.match(/ssl\.truststore\.location/)
    expect(lines.join('\n')).to.not.include('canary')
  })
})
