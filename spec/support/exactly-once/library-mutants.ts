/**
 * Faults that are put into a copy of the library, to see that the exactly-once runs find them: each is a few edits of its source.
 * An edit that does not fit the source any more is an error, so that no mutant becomes the library itself unnoticed.
 */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export interface SourceEdit {
  /** Below `lib`. */
  readonly file: string
  /** Occurs once. */
  readonly find: string
  readonly replace: string
}

export interface LibraryMutant {
  /** What is wrong with it; completes "a producer with which …". */
  readonly title: string
  readonly traffic: 'idempotent' | 'transactional'
  /** What brings it to light soonest. */
  readonly faults: readonly ('kill' | 'pause' | 'long pause')[]
  /** What producers do not choose by their seeds, where only some of them would show it. */
  readonly fixed?: { readonly paceMs: number; readonly config: Readonly<Record<string, string | number>> }
  readonly edits: readonly SourceEdit[]
}

/** A retry is numbered as if it were a new batch. */
const NUMBERS_FORGOTTEN: SourceEdit = {
  file: 'kafka-producer/batch-completion.ts',
  find: '    this.#options.listener.onRetry(batch)\n',
  replace: `    this.#options.listener.onRetry(batch)
    if (batch.numbered && isInFlight(batch.numbered)) batch.numbered.partition.remove(batch.numbered)
    batch.numbered = null
`,
}

export const LIBRARY_MUTANTS: readonly LibraryMutant[] = [
  {
    title: 'a retry does not keep its sequence numbers',
    traffic: 'idempotent',
    faults: ['pause'],
    edits: [NUMBERS_FORGOTTEN],
  },
  {
    title: 'a retry goes behind the batches that came later',
    traffic: 'idempotent',
    faults: ['pause', 'kill'],
    edits: [
      NUMBERS_FORGOTTEN,
      {
        file: 'kafka-producer/partition-queue.ts',
        find: '    const before: ProducerBatch[] = []\n',
        replace: `    if (this.batches.size > 0) {
      this.closeOpen()
      this.batches.push(batch)
      return
    }
    const before: ProducerBatch[] = []
`,
      },
    ],
  },
  {
    title: 'the epoch is raised while batches are on their way',
    traffic: 'idempotent',
    // A batch expires while later ones, stored and not yet acknowledged, are tried again.
    faults: ['long pause'],
    fixed: {
      paceMs: 700,
      config: {
        'delivery.timeout.ms': 2200,
        'request.timeout.ms': 700,
        'max.in.flight.requests.per.connection': 5,
      },
    },
    edits: [
      {
        file: 'produce/partition-sequences.ts',
        find: "    if (this.#inFlight.length > 0) return 'pending'\n",
        replace: '',
      },
      {
        file: 'produce/partition-sequences.ts',
        find: '    if (this.#inFlight.some(({ isOpen }) => isOpen)) return false\n',
        replace: '',
      },
    ],
  },
  {
    title: 'a batch whose answer is lost counts as acknowledged',
    traffic: 'idempotent',
    faults: ['kill'],
    edits: [
      {
        file: 'kafka-producer/batch-completion.ts',
        find: "    batch.mayBeStored ||= error.persistence !== 'not-persisted'\n",
        replace: '    if (error.retriable) {\n      this.#succeeded(batch, null)\n      return\n    }\n',
      },
    ],
  },
  {
    title: 'a transaction is committed before its batches were acknowledged',
    traffic: 'transactional',
    faults: ['pause'],
    edits: [
      {
        file: 'kafka-producer/transaction-exchange.ts',
        find: '      if (hasIncompleteBatches) return null\n',
        replace: '',
      },
    ],
  },
  {
    title: 'an abort forgets a partition',
    traffic: 'transactional',
    faults: ['pause', 'kill'],
    edits: [
      {
        file: 'kafka-producer/transaction-exchange.ts',
        find: '      if (hasIncompleteBatches) return null\n',
        replace: "      if (hasIncompleteBatches && status.state !== 'ABORTING_TRANSACTION') return null\n",
      },
      {
        file: 'kafka-producer/record-accumulator.ts',
        find: '.filter(({ drainedMs }) => drainedMs < 0)',
        replace: '.filter(({ drainedMs }) => drainedMs < 0).slice(1)',
      },
    ],
  },
  {
    title: 'a transaction announces its first partition alone',
    traffic: 'transactional',
    faults: ['pause'],
    edits: [
      {
        file: 'kafka-producer/transaction-partitions.ts',
        find: '    if (partitions.has(partition)) return\n',
        replace: `    if (partitions.has(partition)) return
    if (partitions.size > 0) {
      partitions.set(partition, 'added')
      return
    }
`,
      },
    ],
  },
  {
    title: 'a commit goes on though a record of it has failed',
    traffic: 'transactional',
    faults: ['long pause', 'kill'],
    edits: [
      {
        file: 'kafka-producer/transaction-progress.ts',
        find: '    if (!failedByRecords.has(this.status.state)) return\n',
        replace: '    if (failedByRecords.size > 0) return\n',
      },
    ],
  },
  {
    title: 'offsets are not committed behind their group',
    traffic: 'transactional',
    faults: ['pause'],
    edits: [
      {
        file: 'kafka-producer/transaction-exchange.ts',
        find: '    else queue.add(request.followedBy)\n',
        replace: '    else request.followedBy.result?.end()\n',
      },
    ],
  },
]

/** @throws {Error} naming the edit that does not occur exactly once. */
export function edited(source: string, { file, find, replace }: SourceEdit): string {
  const parts = source.split(find)
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times, not once: ${find.trim()}`)
  return parts.join(replace)
}

/**
 * Copies the library with the edits.
 *
 * @param project - its folder.
 * @param folder - to be made.
 * @returns the folder of its sources.
 */
export function copyWithEdits(project: string, folder: string, edits: readonly SourceEdit[]): string {
  const library = path.join(folder, 'lib')
  mkdirSync(folder)
  cpSync(path.join(project, 'lib'), library, { recursive: true })
  cpSync(path.join(project, 'package.json'), path.join(folder, 'package.json'))
  symlinkSync(path.join(project, 'node_modules'), path.join(folder, 'node_modules'))
  for (const edit of edits) {
    const file = path.join(library, edit.file)
    writeFileSync(file, edited(readFileSync(file, 'utf8'), edit))
  }
  return library
}
