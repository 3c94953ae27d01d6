/**
 * Claim: nothing on npm, and neither of Kafka's own producers, sends faster than the classic producer of this project.
 *
 * How clients are compared is in `contest.ts`, which ones in `bench/contests.ts`.
 */
import { contests } from '../contests.js'
import type { Context, Part } from '../context.js'
import type { Findings } from '../report/report.js'
import { installPeers } from '../support/peers.js'
import { contestsOf } from './contest.js'

const TEXT = `Messages per second to one real broker (one process, six partitions, Java with its optimizing compiler), each client in a process of its
own, on the same machine as the broker. *Loop delay*: how late a timer of 1 ms came in the client's process. Of perf tools only the rate
is known. Native clients work on threads of their own, which their CPU time includes.`

async function run(context: Context): Promise<Findings | null> {
  const missing = context.kafkaBrokers.missing()
  if (missing.length > 0) {
    context.log(`left out: real brokers cannot run here: ${missing.join('; ')}`)
    return null
  }
  if (context.products.length === 1 && !context.isQuick) await installPeers(context.log)
  return {
    title: 'Beside other clients, on real brokers',
    text: TEXT,
    ...(await contestsOf(context, contests, 'peers')),
  }
}

export const part: Part = {
  what: "messages per second beside other npm clients and Kafka's own perf tools, on real brokers",
  takes: '18 min, and ten more when the clients are installed',
  takesQuick: '20 s',
  rounds: [5, 1],
  run,
}
