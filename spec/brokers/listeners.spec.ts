import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type KafkaError, Producer, type VersionSeen } from '../../lib/index.js'
import { freePorts } from './support/free-port.js'
import { KafkaCluster } from './support/index.js'

/** What a user meets who points the producer at a listener that wants more than plain text. */
interface Row {
  readonly version: string
  readonly protocol: 'SSL' | 'SASL_PLAINTEXT'
  readonly says: RegExp
}

const rows: readonly Row[] = [
  { version: '0.9.0.1', protocol: 'SSL', says: /set security\.protocol to SSL/ },
  { version: '2.8.2', protocol: 'SSL', says: /set security\.protocol to SSL/ },
  { version: '2.8.2', protocol: 'SASL_PLAINTEXT', says: /SASL/ },
]

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const PASSWORD = 'changeit'

/** A key and a certificate of its own, as a broker wants them. */
function makeKeystore(folder: string): string {
  const file = join(folder, 'server.p12')
  execFileSync(
    'keytool',
    [
      ...['-genkeypair', '-alias', 'server', '-keyalg', 'RSA', '-dname', 'CN=localhost'],
      ...['-storetype', 'PKCS12', '-keystore', file, '-storepass', PASSWORD, '-keypass', PASSWORD],
    ],
    { stdio: 'ignore' },
  )
  return file
}

for (const { version, protocol, says } of rows) {
  describe(`A ${protocol} listener of a real Kafka ${version}`, () => {
    let cluster: KafkaCluster
    let folder: string
    let address: string

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'listeners-'))
      const keystore = makeKeystore(folder)
      const [port] = await freePorts(1)
      address = `127.0.0.1:${port}`
      const jaas = `org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="alice-secret";`
      cluster = await KafkaCluster.start({
        version,
        configOf: (broker) => ({
          listeners: `PLAINTEXT://127.0.0.1:${broker.port},${protocol}://${address}`,
          'sasl.enabled.mechanisms': 'PLAIN',
          'listener.name.sasl_plaintext.plain.sasl.jaas.config': jaas,
          'ssl.keystore.type': 'PKCS12',
          'ssl.keystore.location': keystore,
          'ssl.keystore.password': PASSWORD,
          'ssl.key.password': PASSWORD,
        }),
      })
    })

    after(async () => {
      await cluster?.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    it('is not taken for an old broker, and leads to an error with a hint at the cause', async () => {
      const producer = new Producer<string, string>(
        {
          'metadata.broker.list': address,
          'serializer.class': 'kafka.serializer.StringEncoder',
          'request.required.acks': 1,
          'message.send.max.retries': 0,
          'request.timeout.ms': 2000,
        },
        { logger: quiet },
      )
      const seen: VersionSeen[] = []
      producer.on('version', (event) => seen.push(event))
      const error: KafkaError = await producer.deliver({ topic: 't', message: 'm' }).then(
        () => expect.fail('it was delivered'),
        (failure) => failure,
      )
      await producer.close()
      expect(error.message).to.match(says).and.to.contain(address)
      expect(seen).to.deep.equal([])
    })
  })
}
