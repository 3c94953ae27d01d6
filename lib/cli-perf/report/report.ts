/** What is said of one run, on its page and in its JSON. */
import type { Figures } from '../result.js'
import type { Sample } from '../timeline.js'

export interface Report {
  /** Its class. */
  readonly producer: 'Producer' | 'KafkaProducer'
  readonly result: Figures
  /** Messages per second that were asked for; null without a limit. */
  readonly targetPerSecond: number | null
  /** What the tool of Kafka prints at the end. */
  readonly lines: readonly string[]
  readonly samples: readonly Sample[]
  readonly topics: readonly string[]
  readonly options: ReadonlyMap<string, string>
  readonly settings: Readonly<Record<string, string>>
  readonly environment: ReadonlyMap<string, string>
}
