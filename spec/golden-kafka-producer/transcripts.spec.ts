/** The scripted cluster against the recordings: to the same requests it gives the same answers and keeps the same logs. */
import { expect } from 'chai'
import { ScriptedKafka } from '../support/scripted-kafka/scripted-kafka.js'
import { requestDifferences } from './compare-requests.js'
import { transactionDifferences } from './compare-sequences.js'
import { readGolden } from './scenario.js'
import { sendRecordedRequests } from './send-recorded-requests.js'
import { traceOfPlay, traceOfTranscript } from './trace.js'

describe('ScriptedKafka answers the requests of the Java client as in the recording', () => {
  for (const golden of readGolden()) {
    const { scenario, transcript } = golden
    it(`of ${scenario.name}, reads what was recorded of them, and keeps the same logs`, async () => {
      const cluster = await ScriptedKafka.start(scenario.cluster, scenario.rules)
      try {
        for (const { hold } of scenario.rules ?? []) if (hold !== undefined) cluster.release(hold)
        const answers = await sendRecordedRequests(golden, cluster)
        const [expected, got] = [traceOfTranscript(transcript), traceOfPlay([], cluster)]
        expect(answers).to.deep.equal([])
        expect(requestDifferences(scenario, expected, got)).to.deep.equal([])
        expect(transactionDifferences(scenario, expected, got)).to.deep.equal([])
        expect(got.log).to.deep.equal(expected.log)
        expect(got.offsets).to.deep.equal(expected.offsets)
      } finally {
        await cluster.close()
      }
    })
  }
})
