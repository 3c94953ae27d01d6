/** From `new Producer` to the first acknowledged message, as an application that starts sees it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { ContractCase, ContractContext } from '../contract-case.js'
import { plainKeys } from '../vector-keys.js'

const TOPIC = 'first-message'
const SUBJECT = fileURLToPath(new URL('../first-message-subject.ts', import.meta.url))
const LIMIT_MS = 200
/** The machine is busy with something else: its times say nothing of the producer. */
const isBusy = process.env.KEEP_TIMINGS === '1'
const RUNS = { short: 3, full: 7 } as const
const KEY = plainKeys[0]!

/** The best of some fresh processes: the machine may be busy, the producer never quicker than it is. */
async function bestOf(runs: number, context: ContractContext): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < runs; run++) best = Math.min(best, await oneRun(context.address))
  return best
}

async function oneRun(address: string): Promise<number> {
  const child = fork(SUBJECT, [address, TOPIC, KEY.text], { execArgv: ['--import', 'tsx'] })
  const exited = once(child, 'exit')
  const report = await Promise.race([once(child, 'message'), exited.then(() => null)])
  await exited
  if (report === null) throw new Error('the process that measures ended without a figure')
  const { ms, error } = report[0] as { ms?: number; error?: string }
  if (ms === undefined) throw new Error(`the first message failed: ${error}`)
  return ms
}

export const firstMessageCases: readonly ContractCase[] = [
  {
    name: 'first message',
    title: `has its first message acknowledged within ${LIMIT_MS} ms`,
    group: 'first message',
    isTiming: true,
    topics: [TOPIC],
    write: async (context) => {
      const runs = isBusy ? 1 : RUNS[context.scope]
      const figureMs = Math.round(await bestOf(runs, context))
      if (!isBusy) expect(figureMs, 'ms from new Producer to the acknowledgement').to.be.at.most(LIMIT_MS)
      const record = { partition: KEY.partition, key: Buffer.from(KEY.text), value: Buffer.from('first') }
      return {
        figure: `${figureMs} ms`,
        topics: [{ topic: TOPIC, records: Array(runs).fill(record), isText: true }],
      }
    },
  },
]
