/** Leader election by the tool of each version, which gives partitions back to their preferred replicas. */
import type { KafkaCluster } from './cluster.js'
import { isAtLeast } from './kafka-version.js'

/** Elects the preferred replica of every partition; a replica that is not in sync stays a follower. */
export async function electPreferredLeaders(cluster: KafkaCluster): Promise<void> {
  const { version, zookeeper, bootstrap } = cluster
  if (!isAtLeast(version.version, '2.4')) {
    await cluster.runTool('kafka.admin.PreferredReplicaLeaderElectionCommand', '--zookeeper', zookeeper!)
    return
  }
  const tool = isAtLeast(version.version, '4.0')
    ? 'org.apache.kafka.tools.LeaderElectionCommand'
    : 'kafka.admin.LeaderElectionCommand'
  const which = ['--election-type', 'preferred', '--all-topic-partitions']
  await cluster.runTool(tool, '--bootstrap-server', bootstrap.join(','), ...which)
}
