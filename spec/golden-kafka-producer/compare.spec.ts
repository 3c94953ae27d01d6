/** The comparison itself: a transcript is like itself, and like a copy in which only what does not count was changed. */
import { expect } from 'chai'
import { differences } from './compare.js'
import { differencesAfter, events, requests } from './edit-transcript.js'
import { readGolden, type Transcript } from './scenario.js'
import { traceOfTranscript } from './trace.js'

describe('comparing a play with a transcript of the Java client', () => {
  for (const { scenario, transcript } of readGolden()) {
    it(`finds nothing where ${scenario.name} is compared with itself`, () => {
      const trace = traceOfTranscript(transcript)
      expect(differences(scenario, trace, trace)).to.deep.equal([])
    })
  }

  const alike: [title: string, scenario: string, change: (copy: Transcript) => void][] = [
    [
      'partitions of a request in another order',
      'f06-close-sends-the-rest',
      (copy) => {
        const [request] = requests(copy, 'Produce')
        const { topicData } = request!.body as unknown as { topicData: { partitionData: unknown[] }[] }
        topicData[0]!.partitionData.reverse()
        request!.topics!.reverse()
      },
    ],
    [
      'more metadata requests',
      'a02-acks-1',
      (copy) => void copy.wire.push(structuredClone(requests(copy, 'Metadata')[0]!)),
    ],
    [
      'our error of the same family',
      'e03-fatal-codes',
      (copy) => {
        events(copy, 'result')[7]!.error = { class: 'BrokerError', kafkaName: 'INVALID_TIMESTAMP' }
        events(copy, 'result')[2]!.error = { class: 'RecordTooLargeError' }
      },
    ],
    [
      'our error with the cause that counts',
      'x18-rejected-record-aborts',
      (copy) => {
        const failed = events(copy, 'op').find(({ op, ok }) => op === 'commit' && !ok)!
        failed.error = {
          class: 'TransactionFailedError',
          cause: { class: 'BrokerError', kafkaName: 'INVALID_RECORD' },
        }
      },
    ],
    [
      'an error that is thrown in place of one that comes through the future',
      'n12-serializer-errors',
      (copy) => {
        for (const result of events(copy, 'result')) result.via = 'future'
      },
    ],
  ]

  for (const [title, name, change] of alike) {
    it(`lets pass ${title}`, () => {
      expect(differencesAfter(name, change)).to.deep.equal([])
    })
  }
})
