/**
 * A process that starts a cluster, reports the pids of its servers to its parent, and is then killed by it.
 * Run with an IPC channel and the version as its argument.
 */
import { KafkaCluster } from './cluster.js'

const [version = ''] = process.argv.slice(2)
void KafkaCluster.start({ version }).then((cluster) => {
  process.send!({ pids: cluster.pids, folder: cluster.folder })
  process.on('message', () => {}) // the channel keeps this process waiting
})
