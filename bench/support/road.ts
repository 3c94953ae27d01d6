/**
 * Three real 0.8.2.2 brokers and the road to them: loopback as it is, or with a delay that a proxy in front of each
 * broker adds. The brokers advertise the proxies, so all traffic takes them, that between the brokers included.
 */
import { KafkaCluster } from '../../spec/brokers/support/index.js'
import { FaultProxy } from '../../spec/support/proxy/fault-proxy.js'

export interface Road {
  /** A broker list. */
  readonly bootstrap: string
  stop(): Promise<void>
}

const BROKERS = 3
const PARTITIONS = 6

/** @param delayMs - each way; 0 takes no proxy. */
export async function startRoad(topic: string, delayMs: number): Promise<Road> {
  const faults = { toTarget: { delayMs }, toClient: { delayMs } }
  const proxies = await Promise.all(
    Array.from({ length: delayMs > 0 ? BROKERS : 0 }, () => FaultProxy.listen({ faults })),
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
      configOf: ({ id, port }) => advertise(proxies[id - 1], port),
    })
    await cluster.createTopic(topic, { partitions: PARTITIONS })
  } catch (error) {
    await stop()
    throw error
  }
  const addresses = delayMs > 0 ? proxies.map(({ port }) => `127.0.0.1:${port}`) : cluster.bootstrap
  return { bootstrap: addresses.join(','), stop }
}

function advertise(proxy: FaultProxy | undefined, port: number): Record<string, number> {
  if (!proxy) return {}
  proxy.targetPort = port
  return { 'advertised.port': proxy.port }
}
