/** Stand-ins around a connection under test. */
import type { LookupFunction } from 'node:net'
import type { KafkaError } from '../../../lib/errors.js'
import type { Logger } from '../../../lib/logger.js'

export interface RecordingLogger extends Logger {
  /** Every line with its level, such as `warn: text`. */
  readonly lines: string[]
}

export function recordingLogger(): RecordingLogger {
  const lines: string[] = []
  const at = (level: string) => (message: string) => void lines.push(`${level}: ${message}`)
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

export interface Resolved {
  address: string
  family: 4 | 6
}

/** Resolves names to these addresses, or fails with this error, or never answers with `null`. */
export function resolvingTo(answer: readonly Resolved[] | Error | null): {
  lookup: LookupFunction
  /** The names that were looked up. */
  readonly names: string[]
} {
  const names: string[] = []
  const lookup: LookupFunction = (name, _options, callback) => {
    names.push(name)
    if (answer instanceof Error) queueMicrotask(() => callback(answer, []))
    else if (answer !== null) queueMicrotask(() => callback(null, [...answer]))
  }
  return { names, lookup }
}

/** A failed system call as Node reports it. */
export function systemError(code: string, message = `${code}: it did not work`): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code })
}

/** The error that a promise rejects with. */
export function rejectionOf(promise: Promise<unknown>): Promise<KafkaError> {
  return promise.then(
    () => {
      throw new Error('it was fulfilled')
    },
    (error: KafkaError) => error,
  )
}

/** Keeps this thread busy: no event is handled meanwhile. */
export function stallFor(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

/** Lets the event loop handle what is ready. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

const UNTIL_LIMIT_MS = 5000

/** Lets the event loop run until this holds. Throws after 5 s: a spec that fails must not spin on. */
export async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + UNTIL_LIMIT_MS
  while (!holds()) {
    if (performance.now() > end) throw new Error(`it did not come true: ${holds}`)
    await turns(1)
  }
}
