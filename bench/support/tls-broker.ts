/** A real broker with a plaintext listener and one of TLS, as quick as those of the other contests, and the authority of its certificate. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../spec/brokers/support/free-port.js'
import { KafkaCluster } from '../../spec/brokers/support/index.js'
import { makeStores } from '../../spec/brokers/support/make-stores.js'
import { certificates } from '../../spec/support/certificates.js'
import { FAST_JAVA, FORGETFUL } from './kafka-brokers.js'

const PASSWORD = 'changeit'
const PARTITIONS = 6

export interface TlsBroker {
  /** `host:port` of its listeners. */
  readonly plaintext: string
  readonly tls: string
  /** PEM. */
  readonly ca: string
  stop(): Promise<void>
}

export async function startTlsBroker(version: string, topic: string): Promise<TlsBroker> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'bench-tls-'))
  const { broker, ca } = certificates()
  const stores = await makeStores(folder, broker, ca, PASSWORD)
  const [port] = await freePorts(1)
  const cluster = await KafkaCluster.start({
    version,
    listeners: [`SSL://127.0.0.1:${port}`],
    javaFlags: FAST_JAVA,
    config: {
      ...FORGETFUL,
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.location': stores.key,
      'ssl.keystore.password': PASSWORD,
      'ssl.key.password': PASSWORD,
    },
  })
  await cluster.createTopic(topic, { partitions: PARTITIONS })
  return {
    plaintext: cluster.bootstrap[0]!,
    tls: `127.0.0.1:${port}`,
    ca: ca.cert,
    stop: async () => {
      await cluster.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
