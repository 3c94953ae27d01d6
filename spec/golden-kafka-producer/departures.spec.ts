/** The list of departures: each is of a scenario that exists, and expects something else than the original did. */
import { expect } from 'chai'
import { differences } from './compare.js'
import { asOurs, departures } from './departures.js'
import { readGolden } from './scenario.js'
import { traceOfTranscript } from './trace.js'

describe('departures from the Java client', () => {
  for (const [name, { decision }] of Object.entries(departures)) {
    it(`of ${name} (${decision}) expect something else than the original did`, () => {
      const golden = readGolden().find(({ scenario }) => scenario.name === name)!
      const { scenario, transcript } = asOurs(golden)
      const [ours, theirs] = [transcript, golden.transcript].map(traceOfTranscript) as [never, never]
      expect(differences(scenario, ours, ours)).to.deep.equal([])
      expect(differences(scenario, ours, theirs)).to.not.deep.equal([])
    })
  }
})
