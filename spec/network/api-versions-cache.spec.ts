import { expect } from 'chai'
import { ApiVersionsCache, type VersionSeen } from '../../lib/network/api-versions-cache.js'
import { BrokerVersions } from '../../lib/network/broker-versions.js'

const old = BrokerVersions.v0_8
const silent = BrokerVersions.v0_9

describe('ApiVersionsCache', () => {
  let seen: VersionSeen[]
  let known: ApiVersionsCache

  beforeEach(() => {
    seen = []
    known = new ApiVersionsCache(null, (one) => seen.push(one))
  })

  it('returns the versions of a broker by its address', () => {
    expect(known.of('a:1')).to.equal(null)
    known.learn('a:1', old)
    expect(known.of('a:1')).to.equal(old)
    expect(known.of('a:2')).to.equal(null)
  })

  it('forgets a broker when a connection to it has ended', () => {
    known.learn('a:1', old)
    known.learn('b:1', old)
    known.forget('a:1')
    expect([known.of('a:1'), known.of('b:1')]).to.deep.equal([null, old])
  })

  it('reports each broker when it is first seen, and no second connection', () => {
    known.learn('a:1', old)
    known.learn('a:1', old)
    known.learn('b:1', old)
    expect(seen).to.deep.equal([
      { broker: 'a:1', release: '0.8', previous: null },
      { broker: 'b:1', release: '0.8', previous: null },
    ])
  })

  it('reports a broker that comes back as another release, newer or older, and not as the same', () => {
    for (const versions of [old, old, silent, silent, old]) {
      known.learn('a:1', versions)
      known.forget('a:1')
    }
    expect(seen.map(({ release, previous }) => [previous, release])).to.deep.equal([
      [null, '0.8'],
      ['0.8', '0.9'],
      ['0.9', '0.8'],
    ])
  })

  it('remembers the last release of a thousand addresses', () => {
    for (let i = 0; i <= 1000; i++) known.learn(`a:${i}`, old)
    known.learn('a:1', silent)
    known.learn('a:0', silent)
    expect(seen.slice(-2).map(({ broker, previous }) => [broker, previous])).to.deep.equal([
      ['a:1', '0.8'],
      ['a:0', null],
    ])
  })

  it('returns the configured release for every broker', () => {
    const pinned = BrokerVersions.pinned('2.8')
    const set = new ApiVersionsCache(pinned, (one) => seen.push(one))
    set.learn('a:1', old)
    expect(set.of('a:1')).to.equal(pinned)
    set.forget('a:1')
    expect(set.of('a:1')).to.equal(pinned)
    expect(seen).to.deep.equal([])
  })
})
