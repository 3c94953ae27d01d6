import { expect } from 'chai'
import { EntriesInUse } from '../../lib/metrics/entries-in-use.js'

interface Entry {
  readonly key: string
  uses: number
}

describe('EntriesInUse', () => {
  let entries: EntriesInUse<Entry>

  beforeEach(() => {
    entries = new EntriesInUse({ create: (key) => ({ key, uses: 0 }), usesOf: ({ uses }) => uses, kept: 500 })
  })

  const use = (key: string): void => void entries.get(key).uses++

  it('makes an entry at its first use, and only then', () => {
    use('a')
    use('b')
    use('a')
    expect([...entries.values()]).to.deep.equal([
      { key: 'a', uses: 2 },
      { key: 'b', uses: 1 },
    ])
  })

  it('keeps the configured number of entries, used or not', () => {
    for (let i = 0; i < 500; i++) use(`t${i}`)
    expect(entries.size).to.equal(500)
    use('t0')
    expect(entries.get('t0').uses).to.equal(2)
  })

  it('stays small when each key is used once', () => {
    let largest = 0
    for (let i = 0; i < 100_000; i++) {
      use(`t${i}`)
      largest = Math.max(largest, entries.size)
    }
    expect(largest).to.be.at.most(2000)
  })

  it('keeps every key that stays in use while others come and go', () => {
    for (let i = 0; i < 20_000; i++) {
      use(`once ${i}`)
      use(`always ${i % 300}`)
    }
    const kept = [...entries.values()].filter(({ key }) => key.startsWith('always'))
    expect(kept).to.have.length(300)
    expect(kept.reduce((sum, { uses }) => sum + uses, 0)).to.equal(20_000)
  })

  it('keeps more entries than configured while they are in use', () => {
    for (let i = 0; i < 2000; i++) for (let used = 0; used <= i; used++) use(`t${used}`)
    expect(entries.size).to.equal(2000)
    expect(entries.get('t0').uses).to.equal(2000)
  })
})
