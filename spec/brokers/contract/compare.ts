/**
 * Holds what a reader found in a topic against what a case says must be there. Reports the first difference only, with
 * contents shortened: a record may have 900 KB.
 */
import groupBy from 'lodash/groupBy.js'
import type { StoredRecord, StoredRecordInFull } from '../support/index.js'
import type { ExpectedHeader, ExpectedRecord, ExpectedTopic } from './contract-case.js'

const SHOWN_BYTES = 40

/** Everything: order per partition, offsets, bytes, headers, times, codec, message format, who wrote it. Throws an Error. */
export function compareInFull(
  expected: ExpectedTopic,
  stored: readonly StoredRecordInFull[],
  magic: number,
): void {
  comparePartitions(expected, stored, (wanted, found) => {
    const codec = expected.codec ?? 'none'
    if (found.codec !== codec) return `is compressed with ${found.codec}, not ${codec}`
    if (found.magic !== magic) return `has format ${found.magic}, not ${magic}`
    const isNumbered = found.producerId >= 0n
    if (isNumbered !== (expected.isNumbered ?? isNumbered)) return `has the producer id ${found.producerId}`
    return (
      contentDifference(wanted, found) ?? timeDifference(wanted, found) ?? headerDifference(wanted, found)
    )
  })
  const found = new Set(stored.map(({ producerEpoch }) => producerEpoch)).size
  const { topic, epochs = found } = expected
  if (found !== epochs) throw new Error(`${topic} has records of ${found} producer epochs, not of ${epochs}`)
}

/** Keys and values only, which is what the tools of old versions show. */
export function compareContents(expected: ExpectedTopic, stored: readonly StoredRecord[]): void {
  comparePartitions(expected, stored, contentDifference)
}

type Difference<S> = (wanted: ExpectedRecord, found: S) => string | null

function comparePartitions<S extends StoredRecord>(
  { topic, records }: ExpectedTopic,
  stored: readonly S[],
  difference: Difference<S>,
): void {
  const wanted = groupBy(records, ({ partition }) => partition)
  const found = groupBy(stored, ({ partition }) => partition)
  for (const partition of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
    const left = wanted[partition] ?? []
    const right = found[partition] ?? []
    const place = `${topic}-${partition}`
    for (let i = 0; i < Math.min(left.length, right.length); i++) {
      const problem = difference(left[i]!, right[i]!)
      if (problem !== null) throw new Error(`${place}: record ${i} at offset ${right[i]!.offset} ${problem}`)
    }
    if (left.length !== right.length)
      throw new Error(`${place} holds ${right.length} records, ${left.length} were written`)
  }
}

function contentDifference(wanted: ExpectedRecord, found: StoredRecord): string | null {
  if (!isSame(wanted.key, found.key)) return `has the key ${shown(found.key)}, not ${shown(wanted.key)}`
  if (!isSame(wanted.value, found.value))
    return `has the value ${shown(found.value)}, not ${shown(wanted.value)}`
  if (wanted.offset !== undefined && wanted.offset !== found.offset) return `was reported at ${wanted.offset}`
  return null
}

function timeDifference({ timestampMs }: ExpectedRecord, found: StoredRecordInFull): string | null {
  if (timestampMs === undefined) return null
  const [first, last] = typeof timestampMs === 'bigint' ? [timestampMs, timestampMs] : timestampMs
  if (found.timestampMs >= first && found.timestampMs <= last) return null
  return `has the time ${found.timestampMs}, not ${first === last ? first : `${first} to ${last}`}`
}

function headerDifference({ headers = [] }: ExpectedRecord, found: StoredRecordInFull): string | null {
  const isEqual =
    headers.length === found.headers.length &&
    headers.every(
      ({ name, value }, i) => name === found.headers[i]!.name && isSame(value, found.headers[i]!.value),
    )
  return isEqual ? null : `has the headers ${listed(found.headers)}, not ${listed(headers)}`
}

function isSame(wanted: Buffer | null, found: Buffer | null): boolean {
  return wanted === null || found === null ? wanted === found : wanted.equals(found)
}

function listed(headers: readonly ExpectedHeader[]): string {
  return `[${headers.map(({ name, value }) => `${JSON.stringify(name)}: ${shown(value)}`).join(', ')}]`
}

function shown(content: Buffer | null): string {
  if (content === null) return 'null'
  const more = content.length > SHOWN_BYTES ? `… (${content.length} bytes)` : ''
  return `${JSON.stringify(content.subarray(0, SHOWN_BYTES).toString('latin1'))}${more}`
}
