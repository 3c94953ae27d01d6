/** Requests that the Java client sent, against what is made here of the same fields. */
import { expect } from 'chai'
import type { Api } from '../../../lib/protocol/api.js'
import { Reader } from '../../../lib/protocol/reader.js'
import { encodeRequest, readRequestHeader } from '../../../lib/protocol/request-response.js'
import { vectorsOf } from './vectors.js'

const javaClient = vectorsOf('kafka-clients-4.3.1-transactions')

export type RecordedRow<T> = readonly [vector: string, version: number, correlationId: number, value: T]

/** One spec for writing and one for reading each. */
export function checkRecordedRequests<T>(
  api: Api<T, unknown>,
  rows: readonly RecordedRow<NoInfer<T>>[],
): void {
  for (const [vector, version, correlationId, value] of rows) {
    it(`is byte for byte what the Java client sent: ${vector}`, () => {
      const frame = encodeRequest(api, version, correlationId, 'c1', value)
      expect(frame.subarray(4).toString('hex')).to.equal(javaClient(vector).toString('hex'))
    })

    it(`is read as the Java client sent it: ${vector}`, () => {
      const reader = new Reader(javaClient(vector))
      const header = readRequestHeader(reader, () => api.flexibleFrom)
      expect(header).to.deep.equal({ apiKey: api.key, apiVersion: version, correlationId, clientId: 'c1' })
      expect(api.request(version).read(reader)).to.deep.equal(value)
      expect(reader.remaining).to.equal(0)
    })
  }
}
