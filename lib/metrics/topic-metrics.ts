/** Messages, bytes and drops: of one topic, or of all. */
import { Meter, type RateClock } from './meter.js'
import { type MeterSeries, series, type Tags } from './snapshot.js'

export class TopicMetrics {
  readonly messages: Meter
  readonly bytes: Meter
  readonly dropped: Meter
  readonly #tags: Tags

  constructor(clock: RateClock, tags: Tags) {
    this.#tags = tags
    this.messages = new Meter(clock)
    this.bytes = new Meter(clock)
    this.dropped = new Meter(clock)
  }

  messagesPerSec(): MeterSeries {
    return series('MessagesPerSec', 'meter', this.#tags, this.messages.read())
  }

  bytesPerSec(): MeterSeries {
    return series('BytesPerSec', 'meter', this.#tags, this.bytes.read())
  }

  droppedPerSec(): MeterSeries {
    return series('DroppedMessagesPerSec', 'meter', this.#tags, this.dropped.read())
  }
}
