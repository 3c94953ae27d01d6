/** A journal as a file: every event is in the kernel's hands before the call returns, and outlives a SIGKILL of the process. */
import { openSync, readFileSync, writeSync } from 'node:fs'
import { type JournalEvent, journalLine, readJournal } from '../../support/exactly-once/journal.js'

export class JournalFile {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  write(...events: JournalEvent[]): void {
    const text = events.map(journalLine).join('')
    const written = writeSync(this.#file, text)
    if (written < Buffer.byteLength(text)) throw new Error('the journal was not written in full')
  }
}

export function readJournalFile(path: string): JournalEvent[] {
  return readJournal(readFileSync(path, 'utf8'))
}
