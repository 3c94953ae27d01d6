/** A LeaderDispatch over a pool that answers as a spec says, and batches for it. */
import { gzipSync } from 'node:zlib'
import { LeaderDispatch, type LeaderDispatchOptions } from '../../../lib/handler/leader-dispatch.js'
import type { PendingBatch } from '../../../lib/handler/partition-and-collate.js'
import type { PendingMessage } from '../../../lib/handler/pending-message.js'
import type { Compression } from '../../../lib/protocol/records/compression.js'
import { FakePool } from './fake-pool.js'
import { LogKeeper } from './log-keeper.js'
import { OutcomeKeeper } from './outcome-keeper.js'
import { batchOf, serialized } from './pending-messages.js'

export const TOO_LARGE = 10
export const NOT_LEADER = 6
export const UNKNOWN_TOPIC = 3

export function makeDispatch(options: Partial<LeaderDispatchOptions> = {}) {
  const pool = new FakePool()
  const keeper = new OutcomeKeeper()
  const logger = new LogKeeper()
  const dispatch = new LeaderDispatch({
    pool: pool.asPool,
    outcomes: keeper.outcomes,
    logger,
    acks: 1,
    requestTimeoutMs: 1500,
    compression: null,
    compressedTopics: new Set(),
    ...options,
  })
  return { dispatch, pool, keeper, logger }
}

/** `t/0: a b c`. */
export function batch(text: string): PendingBatch {
  const [place, texts] = text.split(': ') as [string, string]
  const [topic, partition] = place.split('/') as [string, string]
  return batchOf(topic, Number(partition), ...texts.split(' ').map((value) => serialized(value)))
}

/** Errors of all attempts of all messages. */
export function attemptsOf(...batches: PendingBatch[]): (string | undefined)[][] {
  return batches.flatMap(({ messages }) =>
    messages.map(({ attempts }) => attempts.map(({ error }) => error.message)),
  )
}

export function unsettled(...batches: PendingBatch[]): PendingMessage[] {
  return batches.flatMap(({ messages }) => messages.filter(({ isSettled }) => !isSettled))
}

export const gzip: Compression = {
  id: 1,
  name: 'gzip',
  compress: async (plain) => gzipSync(plain),
  decompress: () => {
    throw new Error('not needed')
  },
}
