/**
 * Reads log files of any broker version, binary-safe, with `FileRecords` of kafka-clients 3.9.2.
 *
 * One JVM stays up and answers all reads, so that a read takes milliseconds. Its source is
 * java/FileRecordsReader.java, compiled into the cache on first use.
 */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import path from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { fetchJars } from './artifacts.js'
import { compileJava } from './compile-java.js'
import { spawnGuarded } from './guarded-spawn.js'
import { javaProgram } from './prerequisites.js'
import type { PartitionLog, StoredRecordInFull } from './stored-record.js'

const NAME = 'FileRecordsReader'
const SOURCE = fileURLToPath(new URL(`./java/${NAME}.java`, import.meta.url))
const DEPENDENCIES = [
  { coordinates: 'org.apache.kafka:kafka-clients:3.9.2', without: [] },
  { coordinates: 'org.slf4j:slf4j-nop:1.7.36', without: [] },
]

const COLUMNS_BEFORE_HEADERS = 10

interface PendingRead {
  readonly records: StoredRecordInFull[]
  readonly resolve: (records: StoredRecordInFull[]) => void
  readonly reject: (error: Error) => void
}

export class FileRecordsReader {
  readonly #child: ChildProcess
  readonly #lines: Interface
  readonly #ended: Promise<void>
  /** Reads are answered in the order in which they were asked. */
  readonly #pending: PendingRead[] = []

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#lines = createInterface({ input: child.stdout!, crlfDelay: Number.POSITIVE_INFINITY })
    this.#lines.on('line', (line) => this.#take(line))
    child.stdin!.on('error', () => {}) // its end is reported below
    this.#ended = new Promise((resolve) => {
      child.once('close', () => {
        for (const read of this.#pending.splice(0)) read.reject(new Error(`${NAME} has ended`))
        resolve()
      })
    })
    this.#letProcessEnd(true)
  }

  /** Fetches, compiles and starts what is needed. */
  static async start(): Promise<FileRecordsReader> {
    const jars = await fetchJars('file-records', DEPENDENCIES)
    const source = { name: NAME, text: readFileSync(SOURCE, 'utf8') }
    const classes = await compileJava('file-records', source, jars)
    const args = ['-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData']
    const classPath = [classes, ...jars].join(path.delimiter)
    const streams = { stdin: 'pipe', stdout: 'pipe', stderr: 'ignore' } as const
    const child = spawnGuarded(javaProgram('java'), [...args, '-cp', classPath, NAME], {
      cwd: classes,
      ...streams,
    })
    return new FileRecordsReader(child)
  }

  /** Records in the order of `logs`, then by offset. Rejects when a file cannot be read or a CRC is wrong. */
  read(logs: readonly PartitionLog[]): Promise<StoredRecordInFull[]> {
    const request = logs.flatMap(({ partition, files }) => files.flatMap((file) => [String(partition), file]))
    return new Promise((resolve, reject) => {
      this.#pending.push({ records: [], resolve, reject })
      this.#letProcessEnd(false)
      this.#child.stdin!.write(`${request.join('\t')}\n`)
    })
  }

  async close(): Promise<void> {
    this.#letProcessEnd(false)
    this.#child.stdin!.end()
    await this.#ended
  }

  #take(line: string): void {
    const read = this.#pending[0]
    if (!read) return
    if (line !== 'end' && !line.startsWith('error\t')) {
      read.records.push(parseRecord(line))
      return
    }
    this.#pending.shift()
    if (this.#pending.length === 0) this.#letProcessEnd(true)
    if (line === 'end') read.resolve(read.records)
    else read.reject(new Error(`a log could not be read: ${line.slice('error\t'.length)}`))
  }

  /** An idle reader must not keep our process alive, a read that is waited for must. */
  #letProcessEnd(may: boolean): void {
    const handles = [this.#child, this.#child.stdin as Socket, this.#child.stdout as Socket]
    for (const handle of handles) may ? handle.unref() : handle.ref()
  }
}

function parseRecord(line: string): StoredRecordInFull {
  const columns = line.split('\t')
  const [partition, offset, timestampMs, codec, magic, producerId, epoch, isTransactional, key, value] =
    columns as [...[string, string, string, string, string], ...[string, string, string, string, string]]
  return {
    partition: Number(partition),
    offset: BigInt(offset),
    timestampMs: BigInt(timestampMs),
    codec,
    magic: Number(magic),
    producerId: BigInt(producerId),
    producerEpoch: Number(epoch),
    isTransactional: isTransactional === 'true',
    key: fromBase64(key),
    value: fromBase64(value),
    headers: headersOf(columns.slice(COLUMNS_BEFORE_HEADERS)),
  }
}

function headersOf(columns: readonly string[]): StoredRecordInFull['headers'] {
  const headers = []
  for (let i = 0; i + 1 < columns.length; i += 2) {
    headers.push({ name: String(fromBase64(columns[i]!)), value: fromBase64(columns[i + 1]!) })
  }
  return headers
}

function fromBase64(column: string): Buffer | null {
  return column === '-' ? null : Buffer.from(column, 'base64')
}
