/**
 * Three real 0.8.2.2 brokers and the network to them: loopback as it is, or with a delay that a proxy in front of each
 * broker adds. The brokers advertise the proxies, so all traffic takes them, that between the brokers included.
 */
import { KafkaCluster } from '../../spec/brokers/support/index.js'
import { FaultProxy } from '../../spec/support/proxy/fault-proxy.js'

export interface Network {
  /** A broker list. */
  readonly bootstrap: string
  /** The delay sets in; until then there is none. */
  slowDown(): void
  stop(): Promise<void>
}

const BROKERS = 3
const PARTITIONS = 6
/** No collection within a run: its pause of 10 ms would be the p99.9 of whoever it hits. */
const ROOMY_HEAP = ['-Xmx1g', '-Xmn700m']

/** @param delayMs - each way; 0 takes no proxy. */
export async function startDelayed(topic: string, delayMs: number): Promise<Network> {
  const proxies = await Promise.all(
    Array.from({ length: delayMs > 0 ? BROKERS : 0 }, () => FaultProxy.listen()),
  )
  let cluster: KafkaCluster | undefined
  const stop = async (): Promise<void> => {
    await cluster?.stop()
    await Promise.all(proxies.map((proxy) => proxy.close()))
  }
  try {
    cluster = await KafkaCluster.start({
      version: '0.8.2.2',
      brokers: BROKERS,
      javaFlags: ROOMY_HEAP,
      configOf: ({ id, port }) => advertise(proxies[id - 1], port),
    })
    await cluster.createTopic(topic, { partitions: PARTITIONS })
  } catch (error) {
    await stop()
    throw error
  }
  const addresses = delayMs > 0 ? proxies.map(({ port }) => `127.0.0.1:${port}`) : cluster.bootstrap
  const slowDown = (): void => {
    for (const proxy of proxies) proxy.faults = { toTarget: { delayMs }, toClient: { delayMs } }
  }
  return { bootstrap: addresses.join(','), slowDown, stop }
}

function advertise(proxy: FaultProxy | undefined, port: number): Record<string, number> {
  if (!proxy) return {}
  proxy.targetPort = port
  return { 'advertised.port': proxy.port }
}
