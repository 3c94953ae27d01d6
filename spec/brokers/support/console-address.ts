/**
 * The option that gives Kafka's console tools the address of the cluster; the option changed with almost every era.
 */
import type { ToolAddress } from './kafka-version.js'

export function consoleAddress(
  address: ToolAddress,
  cluster: { readonly zookeeper: string | null; readonly bootstrap: readonly string[] },
): string[] {
  const brokers = cluster.bootstrap.join(',')
  switch (address) {
    case 'zookeeper':
      return ['--zookeeper', cluster.zookeeper ?? '']
    case 'broker-list':
      return ['--broker-list', brokers]
    case 'new-consumer':
      return ['--new-consumer', '--bootstrap-server', brokers]
    case 'bootstrap-server':
      return ['--bootstrap-server', brokers]
  }
}
