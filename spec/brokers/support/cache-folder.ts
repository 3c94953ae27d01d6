/**
 * The folder that keeps what was downloaded and compiled between runs, and the lock on changing it.
 *
 * `KAFKA_CACHE` names it; without that it is `.kafka` in the project, which git ignores. What is in it can be
 * deleted at any time; it is fetched and built again.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually } from './eventually.js'
import { isRunning } from './process-state.js'

const PROJECT_FOLDER = fileURLToPath(new URL('../../..', import.meta.url))

/** Longest wait for another run's download. */
const LOCK_TIMEOUT_MS = 600_000

/** Absolute path; the folder itself may not exist yet. */
export function cacheFolder(): string {
  return path.resolve(PROJECT_FOLDER, process.env.KAFKA_CACHE ?? '.kafka')
}

/**
 * Runs `work` while no other process of this machine is inside a `withCacheLock`.
 *
 * One lock for the whole cache, because Maven's local repository is shared by all versions and not safe
 * against two writers. A lock whose owner has died is taken over.
 */
export async function withCacheLock<T>(work: () => Promise<T>): Promise<T> {
  const lock = path.join(cacheFolder(), 'lock')
  mkdirSync(cacheFolder(), { recursive: true })
  await eventually(() => (takeLock(lock) ? true : null), {
    timeoutMs: LOCK_TIMEOUT_MS,
    everyMs: 200,
    what: () => `the lock ${lock}, held by another run`,
  })
  try {
    return await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function takeLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    releaseIfAbandoned(lock)
    return false
  }
}

function releaseIfAbandoned(lock: string): void {
  try {
    const owner = Number(readFileSync(lock, 'utf8'))
    if (owner > 0 && !isRunning(owner)) rmSync(lock)
  } catch {
    // Released by its owner meanwhile.
  }
}
