import { expect } from 'chai'
import { brokerReleases } from '../../lib/config/broker-release.js'
import {
  advertised,
  recognise,
  releaseApis,
  releaseNames,
  usableRange,
  type VersionRange,
} from '../../lib/protocol/releases.js'

const PRODUCE = 0
const METADATA = 3
const API_VERSIONS = 18
const FIND_COORDINATOR = 10
const INIT_PRODUCER_ID = 22
const ADD_PARTITIONS_TO_TXN = 24
const END_TXN = 26
const TXN_OFFSET_COMMIT = 28

const telling = releaseNames.filter((release) => releaseApis(release).has(API_VERSIONS))

/** A list with other versions of one API. */
function listWith(release: string, apiKey: number, range: VersionRange): Map<number, VersionRange> {
  return new Map(advertised(release)).set(apiKey, range)
}

describe('the table of releases', () => {
  it('has a row for each release that broker.version may name, in the same order, and no other', () => {
    expect(releaseNames).to.deep.equal([...brokerReleases])
  })

  it('refuses unknown release names', () => {
    expect(() => releaseApis('5.0')).to.throw(RangeError, 'no Kafka release 5.0 is known here')
  })

  for (const release of brokerReleases) {
    it(`has version ranges of Produce and Metadata for ${release}`, () => {
      const apis = releaseApis(release)
      expect([...apis.keys()]).to.include.members([PRODUCE, METADATA])
      for (const [key, [first, last]] of apis) expect(first, `key ${key}`).to.be.within(0, last)
    })
  }

  it('never takes a version away again, before 4.0', () => {
    const before4 = releaseNames.slice(0, releaseNames.indexOf('4.0')).map(releaseApis)
    before4.slice(1).forEach((apis, i) => {
      for (const [key, [first, last]] of before4[i]!) {
        expect(apis.get(key)![0], releaseNames[i]).to.equal(first)
        expect(apis.get(key)![1], releaseNames[i]).to.be.at.least(last)
      }
    })
  })

  // Kafka's own tables, the rows in which something changes for a producer.
  const milestones: [release: string, apiKey: number, range: VersionRange | undefined][] = [
    ['0.8.2', PRODUCE, [0, 0]],
    ['0.8.2', API_VERSIONS, undefined],
    ['0.9.0', PRODUCE, [0, 1]],
    ['0.9.0', API_VERSIONS, undefined],
    ['0.10.0', PRODUCE, [0, 2]],
    ['0.10.0', API_VERSIONS, [0, 0]],
    ['0.11.0', PRODUCE, [0, 3]],
    ['2.1', PRODUCE, [0, 7]],
    ['2.8', PRODUCE, [0, 9]],
    ['3.9', PRODUCE, [0, 11]],
    ['4.0', PRODUCE, [3, 12]],
    ['4.0', METADATA, [0, 13]],
    ['4.1', PRODUCE, [3, 13]],
    ['0.10.2', FIND_COORDINATOR, [0, 0]],
    ['0.10.2', INIT_PRODUCER_ID, undefined],
    ['0.10.2', END_TXN, undefined],
    ['0.11.0', FIND_COORDINATOR, [0, 1]],
    ['0.11.0', INIT_PRODUCER_ID, [0, 0]],
    ['0.11.0', END_TXN, [0, 0]],
    ['2.5', INIT_PRODUCER_ID, [0, 3]],
    ['2.5', TXN_OFFSET_COMMIT, [0, 3]],
    ['3.0', FIND_COORDINATOR, [0, 4]],
    ['3.6', ADD_PARTITIONS_TO_TXN, [0, 4]],
    ['3.9', END_TXN, [0, 4]],
    ['4.0', END_TXN, [0, 5]],
    ['4.3', TXN_OFFSET_COMMIT, [0, 5]],
    ['4.4', TXN_OFFSET_COMMIT, [0, 6]],
  ]
  for (const [release, apiKey, range] of milestones) {
    const what = range ? `v${range[0]} to v${range[1]}` : 'no version'
    it(`takes ${what} of API ${apiKey} for ${release}`, () => {
      expect(releaseApis(release).get(apiKey)).to.deep.equal(range)
    })
  }
})

describe('what 4.x lists', () => {
  for (const release of releaseNames.filter((name) => name.startsWith('4.'))) {
    // KAFKA-18659: an old librdkafka looked for Produce v0.
    it(`is Produce from v0 on for ${release}, of which the first three are not true`, () => {
      const [, last] = releaseApis(release).get(PRODUCE)!
      expect(advertised(release).get(PRODUCE)).to.deep.equal([0, last])
      expect(usableRange(PRODUCE, [0, last])).to.deep.equal([3, last])
    })
  }

  const honest: [apiKey: number, range: VersionRange][] = [
    [PRODUCE, [0, 11]],
    [PRODUCE, [3, 13]],
    [PRODUCE, [5, 12]],
    [METADATA, [0, 13]],
  ]
  for (const [apiKey, range] of honest) {
    it(`is believed of API ${apiKey} v${range[0]} to v${range[1]}`, () => {
      expect(usableRange(apiKey, range)).to.deep.equal(range)
    })
  }
})

describe('recognise', () => {
  /** `3.1 to 3.4` names all between; both ends count. */
  function covers(name: string, release: string): boolean {
    const [first, last = first] = name.split(' to ') as [string, string?]
    const at = releaseNames.indexOf(release)
    return at >= releaseNames.indexOf(first) && at <= releaseNames.indexOf(last!)
  }

  for (const release of telling) {
    it(`recognises ${release} by its list, alone or among releases with the same list`, () => {
      const name = recognise(advertised(release))
      expect(covers(name, release), name).to.equal(true)
      const [first, last = first] = name.split(' to ') as [string, string?]
      for (const end of [first, last!])
        expect([...advertised(end)], `${end} lists the same`).to.deep.equal([...advertised(release)])
    })
  }

  it('names a release that is alone in what it lists', () => {
    const names = ['0.10.0', '0.11.0', '2.8', '3.9', '4.0', '4.1'].map((release) =>
      recognise(advertised(release)),
    )
    expect(names).to.deep.equal(['0.10.0', '0.11.0', '2.8', '3.9', '4.0', '4.1'])
  })

  it('names the first and the last of several that list the same', () => {
    expect(recognise(advertised('3.2'))).to.equal('3.1 to 3.4')
    expect(recognise(advertised('1.1'))).to.equal('1.1')
  })

  it('does not mind that 4.x takes less than it lists', () => {
    expect(recognise(releaseApis('4.1'))).to.equal(recognise(advertised('4.1')))
  })

  for (const [apiKey, last] of [
    [PRODUCE, 14],
    [METADATA, 14],
    [API_VERSIONS, 6],
  ] as const) {
    it(`recognises a broker newer than all known releases by API ${apiKey} v${last}`, () => {
      expect(recognise(listWith('4.4', apiKey, [0, last]))).to.equal('4.4+')
    })
  }

  // Brokers with an older inter.broker.protocol.version leave transactional requests out.
  it('takes the nearest release where something is missing', () => {
    const list = new Map(advertised('2.8'))
    list.delete(22)
    expect(recognise(list)).to.equal('2.8')
  })

  it('does not fail on an empty list, nor on one of unknown requests alone', () => {
    expect(recognise(new Map())).to.be.a('string').and.match(/^\d/)
    expect(recognise(new Map([[999, [0, 1]]])))
      .to.be.a('string')
      .and.match(/^\d/)
  })
})
