/**
 * How throughput and latency went over time, in at most 600 points however long a run is: when they are full, two
 * become one and the next ones last twice as long. A point made of two shows the worse latency of both.
 */
import type { Latency, Percentiles } from './latency.js'
import type { Tally } from './tally.js'

export interface Sample {
  /** Since the start of the run. */
  readonly endMs: number
  readonly spanMs: number
  readonly delivered: number
  readonly failed: number
  readonly bytes: number
  /** null when nothing was delivered. */
  readonly latency: Percentiles | null
}

const TICK_MS = 100
const MAX_SAMPLES = 600

export class Timeline {
  readonly #tally: Tally
  readonly #latency: Latency
  readonly #startMs = performance.now()
  readonly #timer: NodeJS.Timeout
  #samples: Sample[] = []
  #ticksPerSample = 1
  #ticks = 0
  #last = { endMs: 0, delivered: 0, failed: 0, bytes: 0 }

  constructor(tally: Tally, latency: Latency) {
    this.#tally = tally
    this.#latency = latency
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    this.#timer.unref()
  }

  get samples(): readonly Sample[] {
    return this.#samples
  }

  /** Takes the last point. One much shorter than the others would show a rate that nobody saw: it joins the one before. */
  stop(): void {
    clearInterval(this.#timer)
    this.#take()
    const [before, last] = this.#samples.slice(-2)
    if (last && last.spanMs < before!.spanMs / 2) this.#samples.splice(-2, 2, joined(before!, last))
  }

  #tick(): void {
    if (++this.#ticks % this.#ticksPerSample === 0) this.#take()
  }

  #take(): void {
    const { delivered, failed, bytes } = this.#tally
    const now = { endMs: performance.now() - this.#startMs, delivered, failed, bytes }
    const last = this.#last
    this.#last = now
    this.#samples.push({
      endMs: now.endMs,
      spanMs: now.endMs - last.endMs,
      delivered: now.delivered - last.delivered,
      failed: now.failed - last.failed,
      bytes: now.bytes - last.bytes,
      latency: this.#latency.takeInterval(),
    })
    if (this.#samples.length < MAX_SAMPLES) return
    this.#samples = inPairs(this.#samples)
    this.#ticksPerSample *= 2
  }
}

function inPairs(samples: readonly Sample[]): Sample[] {
  const pairs: Sample[] = []
  for (let i = 0; i + 1 < samples.length; i += 2) pairs.push(joined(samples[i]!, samples[i + 1]!))
  return pairs
}

function joined(a: Sample, b: Sample): Sample {
  return {
    endMs: b.endMs,
    spanMs: a.spanMs + b.spanMs,
    delivered: a.delivered + b.delivered,
    failed: a.failed + b.failed,
    bytes: a.bytes + b.bytes,
    latency: worse(a.latency, b.latency),
  }
}

function worse(a: Percentiles | null, b: Percentiles | null): Percentiles | null {
  if (a === null || b === null) return a ?? b
  return {
    p50Ms: Math.max(a.p50Ms, b.p50Ms),
    p95Ms: Math.max(a.p95Ms, b.p95Ms),
    p99Ms: Math.max(a.p99Ms, b.p99Ms),
    p999Ms: Math.max(a.p999Ms, b.p999Ms),
    maxMs: Math.max(a.maxMs, b.maxMs),
  }
}
