/** Messages, bytes and drops: of one topic, or of all. */
import { Meter, type RateClock } from './meter.js'
import {
  type MeterSeries,
  mbeanOf,
  meterSeries,
  presentTags,
  type Series,
  type Tags,
  tagText,
} from './snapshot.js'

interface Names {
  readonly messages: Series
  readonly bytes: Series
  readonly dropped: Series
}

export class TopicMetrics {
  readonly messages: Meter
  readonly bytes: Meter
  readonly dropped: Meter
  /** Made once: a snapshot of thousands of topics must not hold up anything else. */
  readonly #names: Names

  constructor(clock: RateClock, tags: Tags) {
    this.#names = namesOf(tags)
    this.messages = new Meter(clock)
    this.bytes = new Meter(clock)
    this.dropped = new Meter(clock)
  }

  /** @param nowMs - see {@link Meter.read}. */
  messagesPerSec(nowMs: number): MeterSeries {
    return meterSeries(this.#names.messages, this.messages.read(nowMs))
  }

  bytesPerSec(nowMs: number): MeterSeries {
    return meterSeries(this.#names.bytes, this.bytes.read(nowMs))
  }

  droppedPerSec(nowMs: number): MeterSeries {
    return meterSeries(this.#names.dropped, this.dropped.read(nowMs))
  }
}

function namesOf(given: Tags): Names {
  const tags = presentTags(given)
  const text = tagText(tags)
  return {
    messages: { mbean: mbeanOf('MessagesPerSec', text), tags },
    bytes: { mbean: mbeanOf('BytesPerSec', text), tags },
    dropped: { mbean: mbeanOf('DroppedMessagesPerSec', text), tags },
  }
}
