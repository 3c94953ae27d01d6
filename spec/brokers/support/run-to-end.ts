/**
 * Runs a program to its end and keeps what it wrote. Knows nothing of Java or Kafka.
 */
import { Readable } from 'node:stream'
import { spawnGuarded } from './guarded-spawn.js'

export interface RunOptions {
  readonly cwd: string
  /** After this time the program is killed and the promise rejects. */
  readonly timeoutMs: number
  /** What the program reads on its standard input. Default: nothing. */
  readonly input?: Buffer | Readable
}

export interface FinishedRun {
  /** `exit code 1` or `signal SIGTERM`. */
  readonly exit: string
  readonly stdout: Buffer
  readonly stderr: string
}

/** Any exit code resolves: what counts as failure differs between programs. Rejects when the time limit has passed. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<FinishedRun> {
  const child = spawnGuarded(command, args, {
    cwd: options.cwd,
    stdin: options.input ? 'pipe' : 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  child.ref()
  child.stdin?.on('error', () => {}) // a program that ends early closes it; its exit tells the story
  if (options.input instanceof Readable) options.input.pipe(child.stdin!)
  else child.stdin?.end(options.input)
  const stdout = collect(child.stdout!)
  const stderr = collect(child.stderr!)
  let isOver = false
  const timer = setTimeout(() => {
    isOver = true
    child.kill('SIGKILL')
  }, options.timeoutMs)
  const exit = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`))
  }).finally(() => clearTimeout(timer))
  const run = { exit, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') }
  if (isOver)
    throw new Error(`${command} ${args.at(-1)} did not end in ${options.timeoutMs} ms\n${tail(run)}`)
  return run
}

function collect(stream: Readable): Buffer[] {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return chunks
}

function tail(run: FinishedRun): string {
  return `stdout: ${run.stdout.subarray(-2000)}\nstderr: ${run.stderr.slice(-2000)}`
}
