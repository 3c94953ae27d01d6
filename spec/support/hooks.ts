/**
 * Root hooks of every spec run: sinon is restored after each spec, and a spec that leaves a socket, a server or a
 * timer open, or lets a promise reject unheard, fails, by name.
 *
 * What was open before a spec belongs to its suite and is not counted against it; at the very end nothing may be.
 */
import sinon from 'sinon'

const WATCHED: ReadonlySet<string> = new Set([
  'TCPSocketWrap',
  'TCPServerWrap',
  'PipeWrap',
  'ProcessWrap',
  'Timeout',
])
/** Closing a socket takes the event loop some turns; this many are granted. */
const MAX_TURNS = 500

type Counts = Map<string, number>

const realSetImmediate = setImmediate
let before: Counts = new Map()
let atStart: Counts = new Map()
const rejections: unknown[] = []

function open(): Counts {
  const counts: Counts = new Map()
  for (const kind of process.getActiveResourcesInfo()) {
    if (WATCHED.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return counts
}

function beyond(allowed: Counts): string[] {
  return [...open()]
    .map(([kind, count]) => [kind, count - (allowed.get(kind) ?? 0)] as const)
    .filter(([, extra]) => extra > 0)
    .map(([kind, extra]) => `${extra} × ${kind}`)
}

function oneTurn(): Promise<void> {
  return new Promise((resolve) => realSetImmediate(resolve))
}

/** What is still open beyond `allowed` after the event loop has had time to close it. */
async function leftOpen(allowed: Counts): Promise<string[]> {
  for (let turns = 0; turns < MAX_TURNS; turns++) {
    await oneTurn()
    if (beyond(allowed).length === 0) return []
  }
  return beyond(allowed)
}

export const mochaHooks = {
  // Mocha's own timer for a hook runs from its first turn on: all hooks count from there, so it cancels out.
  async beforeAll(): Promise<void> {
    await oneTurn()
    atStart = open()
    process.on('unhandledRejection', (reason) => rejections.push(reason))
  },
  async beforeEach(): Promise<void> {
    await oneTurn()
    before = open()
  },
  async afterEach(): Promise<void> {
    sinon.restore()
    const left = await leftOpen(before)
    if (rejections.length > 0) {
      throw new Error('a promise was rejected without a handler', { cause: rejections.splice(0)[0] })
    }
    if (left.length > 0) throw new Error(`the spec left open: ${left.join(', ')}`)
  },
  async afterAll(): Promise<void> {
    const left = await leftOpen(atStart)
    if (left.length > 0) throw new Error(`the run left open: ${left.join(', ')}`)
  },
}
