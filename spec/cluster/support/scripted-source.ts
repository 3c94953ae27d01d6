/** A metadata source that answers when a spec lets it. */
import type { MetadataFetcher } from '../../../lib/cluster/metadata-refresher.js'
import { type MetadataResponse, metadata } from '../../../lib/protocol/messages/index.js'
import { type WithoutDefaults, withDefaults } from '../../../lib/protocol/with-defaults.js'

export type PartitionRow = [index: number, leaderId: number, errorCode?: number, replicas?: number[]]

export type PartialBrokers = WithoutDefaults<MetadataResponse['brokers']>
export type PartialTopic = WithoutDefaults<MetadataResponse['topics'][number]> & { name: string }

/** An answer; what is left out has its default. */
export function describing(brokers: PartialBrokers, ...topics: PartialTopic[]): MetadataResponse {
  return withDefaults(metadata.tables.response, { brokers, topics })
}

/** Brokers listen at `b<id>:9092`. */
export function brokersOf(...ids: number[]): PartialBrokers {
  return ids.map((nodeId) => ({ nodeId, host: `b${nodeId}`, port: 9092 }))
}

export function topicOf(name: string, ...partitions: PartitionRow[]): PartialTopic {
  return {
    name,
    errorCode: 0,
    partitions: partitions.map(([index, leaderId, errorCode = 0, replicas = [leaderId]]) => ({
      index,
      leaderId,
      errorCode,
      replicas,
      isr: replicas,
    })),
  }
}

export function topicError(name: string, errorCode: number): PartialTopic {
  return { name, errorCode, partitions: [] }
}

interface Fetch {
  readonly topics: readonly string[]
  answer(response: MetadataResponse): void
  fail(error: Error): void
}

export class ScriptedSource implements MetadataFetcher {
  /** Fetches under way, oldest first. */
  readonly open: Fetch[] = []
  /** Whether asking again would tell more. */
  lacksTopicIds = false
  /** Topics of every fetch so far. */
  readonly fetched: (readonly string[])[] = []

  fetch(topics: readonly string[]): Promise<MetadataResponse> {
    this.fetched.push(topics)
    return new Promise((resolve, reject) => {
      this.open.push({ topics, answer: resolve, fail: reject })
    })
  }

  /** Answers the oldest fetch, which may still be on its way here. */
  async answer(brokers: PartialBrokers, ...topics: PartialTopic[]): Promise<void> {
    ;(await this.#oldest()).answer(describing(brokers, ...topics))
  }

  async fail(error: Error): Promise<void> {
    ;(await this.#oldest()).fail(error)
  }

  async #oldest(): Promise<Fetch> {
    for (let turns = 0; this.open.length === 0; turns++) {
      if (turns > 100) throw new Error('nobody fetches')
      await new Promise((resolve) => setImmediate(resolve))
    }
    return this.open.shift()!
  }
}
