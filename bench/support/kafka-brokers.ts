/** Real Kafka brokers by version, one of each, started when they are first needed. */
import { KafkaCluster } from '../../spec/brokers/support/index.js'
import { missingPrerequisites } from '../../spec/brokers/support/prerequisites.js'

/** Quick at the peak rather than to start, as a broker in production is. */
export const FAST_JAVA = ['-XX:TieredStopAtLevel=4', '-Xmx1g', '-Xms1g']

/** A few rounds write more than a disk may have room for; of each partition the last of it is kept. */
export const FORGETFUL = {
  'log.segment.bytes': 64 * 1024 * 1024,
  'log.retention.bytes': 128 * 1024 * 1024,
  'log.retention.check.interval.ms': 5000,
  'log.segment.delete.delay.ms': 1000,
}

export class KafkaBrokers {
  readonly #byVersion = new Map<string, Promise<KafkaCluster>>()
  readonly #topics = new Set<string>()

  /** What this machine lacks, one sentence each; empty when brokers can be started. */
  missing(): string[] {
    return missingPrerequisites()
  }

  /** A broker with a topic of its own name and six partitions. */
  async withTopic(version: string, topic: string, partitions = 6): Promise<KafkaCluster> {
    let started = this.#byVersion.get(version)
    if (!started) {
      started = KafkaCluster.start({ version, javaFlags: FAST_JAVA, config: FORGETFUL })
      this.#byVersion.set(version, started)
    }
    const cluster = await started
    const name = `${version} ${topic}`
    if (!this.#topics.has(name)) {
      this.#topics.add(name)
      await cluster.createTopic(topic, { partitions })
    }
    return cluster
  }

  async stop(): Promise<void> {
    for (const cluster of this.#byVersion.values()) await (await cluster).stop()
    this.#byVersion.clear()
  }
}
