/**
 * Sends the messages of a workload through any client that can do what the workload asks for. The same loop drives
 * the product, the floor and the other clients, so what it costs is in all of them.
 */
import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { topicNames, type Workload } from './plan.js'

export interface Message {
  readonly topic: string
  readonly key?: string
  readonly message: Buffer | string
}

/** One call: resolves when it is accepted (modes `async` and `arrays`) or has its outcome. */
export interface Target {
  readonly one: (message: Message) => Promise<unknown>
  readonly several?: (messages: Message[]) => Promise<unknown>
  /** Resolves when all that was sent has its outcome. */
  readonly flush: () => Promise<unknown>
}

const DISTINCT_VALUES = 2048
/** Of the golden ratio: spreads keys over the hash values. */
const SPREAD = 2654435761

/** @returns what sends a number of messages, for `measured`. */
export function drive(workload: Workload, target: Target): (messages: number) => Promise<void> {
  const { mode, callers, arrayLength, turnEvery } = workload
  const next = messageSource(workload)
  const { one, several, flush } = target
  return async (messages) => {
    let left = messages
    const callOne = async (): Promise<void> => {
      while (left-- > 0) await one(next())
    }
    const callInTurns = async (): Promise<void> => {
      for (let sent = 1; left-- > 0; sent++) {
        await one(next())
        if (sent % turnEvery === 0) await turn()
      }
    }
    const callSeveral = async (): Promise<void> => {
      while (left > 0) {
        const count = Math.min(arrayLength, left)
        left -= count
        const batch = new Array<Message>(count)
        for (let i = 0; i < count; i++) batch[i] = next()
        await several!(batch)
      }
    }
    const call = mode === 'arrays' ? callSeveral : turnEvery > 0 ? callInTurns : callOne
    await Promise.all(Array.from({ length: callers }, call))
    await flush()
  }
}

/** As {@link drive} with one caller, and the time of each call in µs. */
export function driveTimed(
  workload: Workload,
  latenciesUs: number[],
  one: (message: Message) => Promise<unknown>,
): (messages: number) => Promise<void> {
  const next = messageSource(workload)
  return async (messages) => {
    for (let i = 0; i < messages; i++) {
      const startMs = performance.now()
      await one(next())
      latenciesUs.push((performance.now() - startMs) * 1000)
    }
  }
}

/** Each message is an object of its own, as a user would make it; values and keys are made beforehand. */
export function messageSource(workload: Workload): () => Message {
  const values = valuesOf(workload)
  const topics = topicNames(workload)
  const keys = Array.from({ length: workload.keys }, (_, index) => `key-${Math.imul(index, SPREAD) >>> 0}`)
  let sent = 0
  if (keys.length === 0 && topics.length === 1) {
    const [topic] = topics as [string]
    return () => ({ topic, message: values[sent++ % values.length]! })
  }
  if (keys.length === 0) {
    return () => {
      const index = sent++
      return { topic: topics[index % topics.length]!, message: values[index % values.length]! }
    }
  }
  return () => {
    const index = sent++
    const topic = topics[index % topics.length]!
    return { topic, key: keys[index % keys.length]!, message: values[index % values.length]! }
  }
}

function valuesOf({ content, value, valueBytes }: Workload): (Buffer | string)[] {
  const texts =
    content === 'plain'
      ? ['x'.repeat(valueBytes)]
      : Array.from({ length: DISTINCT_VALUES }, (_, index) => jsonText(index, valueBytes))
  return value === 'string' ? texts : texts.map((text) => Buffer.from(text))
}

/** Lines of JSON, as of an access log, from the one with this index on. */
function jsonText(index: number, bytes: number): string {
  let text = ''
  for (let line = index * 31; text.length < bytes; line++) {
    const [user, item, ms] = [(line * 7919) % 4096, (line * 104_729) % 65_536, (line * 13) % 977]
    // No codec finds anything in this one.
    const trace = createHash('md5').update(String(line)).digest('hex')
    text += `{"id":${line},"trace":"${trace}","user":"user-${user}","path":"/api/v1/items/${item}","ms":${ms}}\n`
  }
  return text.slice(0, bytes)
}
