/**
 * Measures a piece of work in this process, and reports it to the parent: `begin` when the warm-up has ended, then a
 * {@link Sample}. Nothing but the work runs in this process.
 */
import { once } from 'node:events'
import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Sample {
  readonly messages: number
  readonly seconds: number
  readonly perSecond: number
  /** CPU time of the process, all threads, in µs per message. */
  readonly cpuUs: number
  readonly systemUs: number
  /** Share of the time that the event loop was busy for which the garbage collector stopped it, 0 to 1. */
  readonly gcShare: number
  readonly minorCollections: number
  readonly majorCollections: number
  /** How late a timer of 1 ms came. */
  readonly delayP99Ms: number
  readonly delayMaxMs: number
  /** Resident memory when the warm-up began, and at its highest. */
  readonly idleRssMb: number
  readonly peakRssMb: number
  /** Of single calls, where they were timed. */
  readonly latencyP50Us?: number
  readonly latencyP99Us?: number
}

const RESOLUTION_MS = 1
const MB = 2 ** 20
/** From `NODE_PERFORMANCE_GC_MINOR` and `NODE_PERFORMANCE_GC_MAJOR` of node:perf_hooks. */
const MINOR = 1
const MAJOR = 4

class Collections {
  ms = 0
  minor = 0
  major = 0
  readonly #observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as unknown as { detail: { kind: number } }).detail
      this.ms += entry.duration
      if (kind === MINOR) this.minor++
      if (kind === MAJOR) this.major++
    }
  })

  start(): void {
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  /** Entries come a turn late. */
  async stop(): Promise<void> {
    await sleep(20)
    this.#observer.disconnect()
  }
}

/** @param work - sends this many messages and resolves when all of them have their outcome. */
export async function measured(
  messages: number,
  work: (messages: number) => Promise<void>,
  latenciesUs?: number[],
): Promise<void> {
  const idleRssMb = process.memoryUsage.rss() / MB
  await work(Math.min(200_000, Math.ceil(messages / 10)))
  if (latenciesUs) latenciesUs.length = 0
  const collections = new Collections()
  collections.start()
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  await beginning()
  delay.enable()
  const utilization = performance.eventLoopUtilization()
  const cpu = process.cpuUsage()
  const startMs = performance.now()
  await work(messages)
  const seconds = (performance.now() - startMs) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const { active } = performance.eventLoopUtilization(utilization)
  delay.disable()
  await collections.stop()
  const sample: Sample = {
    messages,
    seconds,
    perSecond: messages / seconds,
    cpuUs: (user + system) / messages,
    systemUs: system / messages,
    gcShare: collections.ms / active,
    minorCollections: collections.minor,
    majorCollections: collections.major,
    delayP99Ms: lateMs(delay.percentile(99)),
    delayMaxMs: lateMs(delay.max),
    idleRssMb,
    peakRssMb: process.resourceUsage().maxRSS / 1024,
    ...(latenciesUs && { latencyP50Us: at(latenciesUs, 0.5), latencyP99Us: at(latenciesUs, 0.99) }),
  }
  await report(sample)
}

/** The parent takes down what the broker has done so far, and answers. */
async function beginning(): Promise<void> {
  const answered = once(process, 'message')
  await report('begin')
  await answered
}

/** Resolves when the parent has it, so that this process may end. */
export function report(message: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send!(message, undefined, {}, (error) => (error ? reject(error) : resolve()))
  })
}

/** The monitor reports nanoseconds from one tick to the next, so its own resolution is in them. */
function lateMs(ticksNs: number): number {
  return Math.max(0, ticksNs / 1e6 - RESOLUTION_MS)
}

function at(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN
}
