/**
 * Whether a process runs, by its pid.
 *
 * A process that has ended but was not yet collected by its parent (a zombie) does not run; where `init` is
 * slow or absent, as in containers, signal 0 alone would call it alive.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** True while process `pid` runs or is paused. */
export function isRunning(pid: number): boolean {
  const state = existsSync('/proc/self/stat') ? stateFromProc(pid) : stateFromPs(pid)
  return state !== null && !state.startsWith('Z') && !state.startsWith('X')
}

function stateFromProc(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2) // the name before it may hold blanks and parentheses
  } catch {
    return null
  }
}

function stateFromPs(pid: number): string | null {
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim()
  return state === '' ? null : state
}
