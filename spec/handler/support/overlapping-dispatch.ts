import { type OnProgress, OverlappingDispatch } from '../../../lib/handler/overlapping-dispatch.js'
import type { PendingMessage } from '../../../lib/handler/pending-message.js'
import { turns } from '../../network/support/doubles.js'
import { serialized, textOf, textsOf } from './pending-messages.js'

/** A run under way. */
export interface Run {
  readonly texts: string[]
  /** Settles these messages and says so; all of them when none are named. The run ends with the last one. */
  settle(...texts: string[]): Promise<void>
  /** Says that something may have changed, in these batches or anywhere. */
  progress(...args: Parameters<OnProgress>): Promise<void>
  readonly messages: readonly PendingMessage[]
}

/** `a@1` has a key and goes to partition 1 of topic t, `u/a@1` to that of u; without @ it has no key. */
export function message(text: string, deadlineMs = 0): PendingMessage {
  const [, topic = 't', value, key] = /^(?:(\w+)\/)?([^@]+)(?:@(\d+))?$/.exec(text)!
  return serialized(value!, { topic, key: key ?? null, deadlineMs })
}

export function makeDispatch({
  bind = bindByKey,
  maxInFlight = 5,
  prepare,
}: {
  bind?: (pending: PendingMessage) => void
  maxInFlight?: number
  prepare?: (messages: readonly PendingMessage[] | null) => void
} = {}) {
  const runs: Run[] = []
  const expired: string[] = []
  const overlapping = new OverlappingDispatch({
    maxInFlight,
    bind,
    ...(prepare && { prepare }),
    expire: (messages) => {
      for (const pending of messages) {
        if (pending.deadlineMs === 0 || pending.deadlineMs > performance.now()) continue
        pending.isSettled = true
        expired.push(textOf(pending))
      }
    },
    run: (messages, onProgress) =>
      new Promise((end) => {
        runs.push({
          messages,
          texts: textsOf(messages),
          async progress(...args) {
            onProgress(...args)
            await turns(1)
          },
          async settle(...texts) {
            for (const pending of messages) {
              if (texts.length === 0 || texts.includes(textOf(pending))) pending.isSettled = true
            }
            if (messages.every(({ isSettled }) => isSettled)) end()
            else onProgress()
            // What follows starts an immediate after the end, which is known a microtask after this call.
            await turns(2)
          },
        })
      }),
  })
  let over: string[] = []
  const send = (...texts: string[]): Promise<void> => {
    const done = overlapping.dispatch(texts.map((text) => message(text)))
    void done.then(() => over.push(texts.join(' ')))
    return done
  }
  /** Calls that have ended since this was last asked. */
  const ended = async (): Promise<string[]> => {
    await turns(1)
    const texts = over
    over = []
    return texts
  }
  return { overlapping, runs, send, ended, expired }
}

/** Counts how often a field is read. */
export function counted(
  pending: PendingMessage,
  field: keyof PendingMessage,
  reads: { count: number },
): PendingMessage {
  let value: unknown = pending[field]
  return Object.defineProperty(pending, field, {
    get() {
      reads.count++
      return value
    },
    set(next: unknown) {
      value = next
    },
  })
}

export function bindByKey(pending: PendingMessage): void {
  const { partitionKey } = pending.message
  if (partitionKey !== null) pending.partition = Number(partitionKey)
}

export function textsOfRuns(runs: readonly Run[]): string[][] {
  return runs.map(({ texts }) => texts)
}
