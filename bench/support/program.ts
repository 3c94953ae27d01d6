/** One sample: a program in a fresh process, and what the null broker read and used meanwhile. */
import { fork } from 'node:child_process'
import type { Sample } from '../programs/support/measured.js'
import type { Plan } from '../programs/support/plan.js'
import { peersFolder, programFile } from './build.js'
import type { NullBroker, NullBrokerUsage } from './null-broker.js'

const TIMEOUT_MS = 180_000

export interface ProgramRun {
  /** In `bench/programs`, without its ending. */
  readonly program: string
  readonly plan: Partial<Plan> & Pick<Plan, 'workload' | 'bootstrap'>
  /** Default: this one's. */
  readonly node?: string
  readonly execArgv?: readonly string[]
}

export interface BrokerFigures extends Sample {
  /** CPU time of the null broker as a share of the time of the sample: 1 is a whole core, and the limit. */
  readonly brokerShare: number
  /** Bytes of requests per message. */
  readonly bytesPerMessage: number
}

/** @throws {Error} when the program ends without a sample, with the end of what it wrote to standard error. */
export function runProgram<Result = Sample>(
  { program, plan, node, execArgv = [] }: ProgramRun,
  onBegin: () => Promise<void> = async () => {},
): Promise<Result> {
  const whole: Plan = { variant: '', product: '', peers: peersFolder, partitions: 1, ...plan }
  const child = fork(programFile(program), [JSON.stringify(whole)], {
    ...(node !== undefined && { execPath: node }),
    execArgv: [...execArgv],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-2000)
  })
  let result: Result | undefined
  child.on('message', (message) => {
    if (message === 'begin') {
      onBegin().then(
        () => child.send('begin'),
        () => child.kill(),
      )
    } else {
      result = message as Result
    }
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      // Only when it is gone: the next sample has the machine to itself. Its last message may still be in the pipe.
      const end = (): void => {
        const how =
          signal === 'SIGKILL' ? `did not end in ${TIMEOUT_MS / 1000} s` : `ended with ${code ?? signal}`
        if (result !== undefined && code === 0) resolve(result)
        else reject(new Error(`${program} ${how}\n${errors.trim()}`))
      }
      if (child.connected) child.once('disconnect', end)
      else end()
    })
  })
}

/**
 * As {@link runProgram} against a null broker.
 * @throws {Error} as well when not every message of the sample arrived.
 */
export async function runAgainst(broker: NullBroker, run: ProgramRun): Promise<BrokerFigures> {
  let before: NullBrokerUsage | undefined
  const sample = await runProgram(run, async () => {
    before = await broker.usage()
  })
  const after = await broker.usage()
  const { messages } = sample
  const records = after.records - before!.records
  // Message sets are not counted.
  if (broker.plan.produceMax >= 3 && records < messages) {
    throw new Error(`${run.program}: ${records} of ${messages} messages arrived`)
  }
  return {
    ...sample,
    brokerShare: (after.cpuUs - before!.cpuUs) / 1000 / (after.atMs - before!.atMs),
    bytesPerMessage: (after.bytes - before!.bytes) / messages,
  }
}
