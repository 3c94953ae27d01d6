/** The detected release of a broker and its report. */
import { expect } from 'chai'
import { isAtLeast } from '../../support/index.js'
import type { ContractCase } from '../contract-case.js'

/** True when `release`, as the producer names it (`0.8`, `3.1 to 3.4`, `4.4+`), can be that of a broker `version`. */
export function covers(release: string, version: string): boolean {
  const [first = '', last = first] = release.replace('+', '').split(' to ')
  if (!isAtLeast(version, first)) return false
  return (
    release.endsWith('+') || version === last || version.startsWith(`${last}.`) || !isAtLeast(version, last)
  )
}

export const detectionCases: readonly ContractCase[] = [
  {
    name: 'release recognised',
    title: 'tells once which release the broker has',
    group: 'release recognised',
    topics: ['detection'],
    write: async ({ producer: newProducer, version, address }) => {
      const producer = newProducer()
      const seen: { broker: string; release: string; previous: string | null }[] = []
      producer.on('version', (event) => seen.push(event))
      await producer.deliver({ topic: 'detection', message: 'one' })
      await producer.deliver({ topic: 'detection', message: 'two' })
      expect(seen).to.have.lengthOf(1)
      expect(seen[0]).to.include({ broker: address, previous: null })
      const { release } = seen[0]!
      expect(covers(release, version), `${release} is taken for ${version}`).to.equal(true)
      return { figure: release }
    },
  },
]
