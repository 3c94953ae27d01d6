/**
 * Claim: large batches do not keep the event loop for more than about 20 ms at a time, whatever the codec.
 *
 * Per codec a batch of 10,000 messages of 1 KB (JSON-like text) goes to a counting sink, a few times over, while a
 * timer of 1 ms tells how long it was kept waiting: the longest wait, as a batch makes it. "Idle" is the same without
 * sending, which shows what the machine does by itself.
 */
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { Producer } from '../lib/index.js'
import { median, startSink } from './single-message.js'

const MESSAGES = 10_000
const VALUE_BYTES = 1024
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** Watches how late a timer of 1 ms comes. */
class LoopWatch {
  #lastMs = performance.now()
  #longestMs = 0
  readonly #timer = setInterval(() => this.#tick(), 1)

  #tick(): void {
    const nowMs = performance.now()
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs - 1)
    this.#lastMs = nowMs
  }

  stop(): number {
    this.#tick()
    clearInterval(this.#timer)
    return this.#longestMs
  }
}

/** Text that compresses about as logs do. */
function values(): string[] {
  return Array.from({ length: MESSAGES }, (_, i) => {
    const line = `{"id":${i},"user":"user-${(i * 7919) % 4096}","path":"/api/v1/items/${(i * 104729) % 65536}","ms":${i % 977}},`
    return line.repeat(Math.ceil(VALUE_BYTES / line.length)).slice(0, VALUE_BYTES)
  })
}

async function longestWaitMs(work: () => Promise<void>): Promise<number> {
  const watch = new LoopWatch()
  await work()
  return watch.stop()
}

async function measure(codec: string, bootstrap: string, rounds: number): Promise<number[]> {
  const producer = new Producer<string, string>({
    'metadata.broker.list': bootstrap,
    'serializer.class': 'kafka.serializer.StringEncoder',
    'request.required.acks': 1,
    'producer.type': 'async',
    'batch.num.messages': MESSAGES,
    'compression.codec': codec,
  })
  const batch = values().map((message) => ({ topic: 'bench', message }))
  const waits: number[] = []
  for (let round = 0; round <= rounds; round++) {
    // What the caller does in one go is the caller's; the loop begins when it is awaited.
    await producer.send(batch)
    const waitMs = await longestWaitMs(() => producer.flush())
    if (round > 0) waits.push(waitMs)
  }
  await producer.close()
  return waits
}

export async function run(args: readonly string[]): Promise<void> {
  const { values: options } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: '9' } },
  })
  const rounds = Number(options.rounds)
  const sink = await startSink()
  console.log(`Batches of ${MESSAGES} messages of ${VALUE_BYTES} bytes: longest wait of the event loop, ms`)
  console.log('codec      median       max')
  const report = (name: string, waits: readonly number[]): void =>
    console.log(
      name.padEnd(6),
      median(waits).toFixed(1).padStart(10),
      Math.max(...waits)
        .toFixed(1)
        .padStart(9),
    )
  try {
    const idle: number[] = []
    for (let i = 0; i < rounds; i++) {
      idle.push(await longestWaitMs(() => new Promise((resolve) => setTimeout(resolve, 100))))
    }
    report('idle', idle)
    for (const codec of CODECS) report(codec, await measure(codec, sink.bootstrap, rounds))
  } finally {
    await sink.stop()
  }
}
