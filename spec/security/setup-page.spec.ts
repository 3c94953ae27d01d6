import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { ProducerConfig } from '../../lib/config/producer-config.js'
import { silentLogger } from '../../lib/logger.js'
import { securitySettings } from '../../lib/security/security-settings.js'
import { recordingLogger } from './settings-of.js'

const page = readFileSync(new URL('../../docs/SECURITY-SETUP.md', import.meta.url), 'utf8')
const stores = fileURLToPath(new URL('../vectors/security/stores/', import.meta.url))

/** Files that the page names → what is there in specs. */
const files: readonly [string, string][] = [
  ['/etc/kafka/ca.pem', `${stores}ca.pem`],
  ['/etc/kafka/truststore.jks', `${stores}truststore.jks`],
  ['/etc/kafka/client.pem', `${stores}client-encrypted.pem`],
  ['/etc/kafka/secrets.properties', `${stores}secrets.properties`],
]
const variables = {
  TRUSTSTORE_PASSWORD: 'store-canary',
  KAFKA_PASSWORD: 'p',
  CLIENT_SECRET: 's',
  API_SECRET: 's',
}

const blocks = [...page.matchAll(/^## (.*)$|```properties\n([\s\S]*?)```/gm)].reduce<[string, string][]>(
  (found, [, title, text]) => {
    if (title !== undefined) found.push([title, ''])
    else found.push([found.at(-1)![0], text!])
    return found
  },
  [],
)

describe('The page on security', () => {
  before(() => Object.assign(process.env, variables))
  after(() => {
    for (const name of Object.keys(variables)) delete process.env[name]
  })

  for (const [title, text] of blocks.filter(([, each]) => each !== '')) {
    it(`has a block under "${title}" (${text.split('\n')[1]}) that works as written`, async () => {
      const there = files.reduce((all, [from, to]) => all.replaceAll(from, to), text)
      const logger = recordingLogger()
      const config = ProducerConfig.fromText(`metadata.broker.list=a:1\n${there}`, { logger })
      const settings = securitySettings(config.security, { logger: silentLogger })
      expect(settings.tls).to.not.equal(undefined)
      expect(logger.lines.filter((line) => line.startsWith('WARN'))).to.deep.equal([])
      await settings.sasl?.close?.()
    })
  }
})
