/**
 * Starts a program that cannot outlive this process, however this process ends: SIGKILL included.
 *
 * A shell starts a guard in its own process group and then becomes the program (`exec`), so the child's pid,
 * exit code and signals are the program's own. The guard holds one end of a pipe whose other end only this
 * process has; when the pipe closes, it kills the whole group. The guard is there before the program is, so
 * there is no moment at which the program runs unwatched.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'

// $$ is the group's id because of `detached`. The guard must not hold the program's own pipes open.
const GUARD_THEN_PROGRAM = `
( while read -r line; do :; done <&3; kill -9 -$$ ) </dev/null >/dev/null 2>&1 &
exec "$@" 3<&-
`

/** Where a standard stream goes: nowhere, to a pipe, or to an open file. */
export type Stream = 'ignore' | 'pipe' | number

export interface GuardedSpawnOptions {
  readonly cwd: string
  readonly stdin: Stream
  readonly stdout: Stream
  readonly stderr: Stream
}

/** Spawns `command`, an executable that exists; its death is tied to ours. The child does not keep us alive. */
export function spawnGuarded(
  command: string,
  args: readonly string[],
  options: GuardedSpawnOptions,
): ChildProcess {
  const child = spawn('/bin/sh', ['-c', GUARD_THEN_PROGRAM, 'guard', command, ...args], {
    cwd: options.cwd,
    detached: true,
    stdio: [options.stdin, options.stdout, options.stderr, 'pipe'],
  })
  const lifeline = child.stdio[3] as Socket
  lifeline.on('error', () => {}) // the guard may be gone first; that is the point of it
  lifeline.unref()
  child.unref()
  child.once('exit', () => lifeline.destroy())
  return child
}
