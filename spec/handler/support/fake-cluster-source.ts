/** A metadata source that describes a cluster as it is at the moment; no sockets. Brokers listen at `b<id>:9092`. */

import type { MetadataFetcher } from '../../../lib/cluster/metadata-refresher.js'
import { MetadataError } from '../../../lib/errors.js'
import type { MetadataResponse } from '../../../lib/protocol/messages/index.js'
import {
  brokersOf,
  describing,
  type PartialTopic,
  topicError,
  topicOf,
} from '../../cluster/support/scripted-source.js'

const UNKNOWN_TOPIC = 3
const NO_LEADER = -1

export class FakeClusterSource implements MetadataFetcher {
  /** topic → leader per partition, null for none; a number is the topic's error code. */
  topics: Record<string, (number | null)[] | number>
  /** Topics of each request. */
  readonly asked: string[][] = []
  /** Whether anybody answers. */
  isReachable = true
  /** Runs before an answer is made. */
  before: () => void | Promise<void> = () => {}

  constructor(topics: Record<string, (number | null)[] | number>) {
    this.topics = topics
  }

  async fetch(names: readonly string[]): Promise<MetadataResponse> {
    this.asked.push([...names])
    await this.before()
    if (!this.isReachable) throw new MetadataError('no broker answers')
    return describing(brokersOf(0, 1, 2, 3), ...names.map((name) => this.#describe(name)))
  }

  #describe(name: string): PartialTopic {
    const topic = this.topics[name] ?? UNKNOWN_TOPIC
    if (typeof topic === 'number') return topicError(name, topic)
    return topicOf(name, ...topic.map((leader, id) => [id, leader ?? NO_LEADER] as [number, number]))
  }
}
