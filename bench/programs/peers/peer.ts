/** A package of `bench/peers`, which is installed there and nowhere else; and what all of them share. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Message, messageSource, type Target } from '../support/drive.js'
import { planOfProcess } from '../support/plan.js'

export const plan = planOfProcess()
export const brokers = plan.bootstrap.split(',')

const require = createRequire(join(plan.peers, 'package.json'))
/** Some clients never answer with some brokers. */
const FIRST_ANSWER_MS = 15_000

export function peer<T>(name: string): T {
  return require(name) as T
}

/** One that is an ES module. */
export async function peerModule<T>(name: string): Promise<T> {
  return (await import(pathToFileURL(require.resolve(name)).href)) as T
}

/** @throws {Error} when the first message is not acknowledged within some seconds. */
export async function firstAnswer({ one }: Pick<Target, 'one'>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer to the first message')), FIRST_ANSWER_MS)
  })
  await Promise.race([one(messageSource(plan.workload)()), late]).finally(() => clearTimeout(timer))
}

export function valuesOf(messages: readonly Message[]): { value: Buffer | string }[] {
  return messages.map(({ message }) => ({ value: message }))
}

export const nothingToFlush = async (): Promise<void> => {}
