import { expect } from 'chai'
import { UnsupportedVersionError } from '../../lib/errors.js'
import { BrokerVersions } from '../../lib/network/broker-versions.js'
import { apiVersions, metadata, produce } from '../../lib/protocol/messages/index.js'
import { advertised, releaseNames, type VersionRange } from '../../lib/protocol/releases.js'

type Listed = [apiKey: number, minVersion: number, maxVersion: number]

function listing(...apis: Listed[]): BrokerVersions {
  return BrokerVersions.listed({
    apiKeys: apis.map(([apiKey, minVersion, maxVersion]) => ({ apiKey, minVersion, maxVersion })),
  })
}

function asListed(release: string): BrokerVersions {
  return listing(...[...advertised(release)].map(([key, [first, last]]): Listed => [key, first, last]))
}

function rowOf(versions: BrokerVersions): [release: string, produceV: number, metadataV: number] {
  return [versions.release, versions.versionOf(produce, 'b:1'), versions.versionOf(metadata, 'b:1')]
}

describe('BrokerVersions', () => {
  const rows: [release: string, produceV: number, metadataV: number][] = [
    ['0.10.0', 2, 1],
    ['0.11.0', 3, 4],
    ['2.1', 7, 7],
    ['2.8', 9, 11],
    ['3.9', 11, 12],
    ['4.0', 12, 13],
  ]
  for (const row of rows) {
    it(`uses Produce v${row[1]} and Metadata v${row[2]} with a broker of ${row[0]}`, () => {
      expect(rowOf(asListed(row[0]))).to.deep.equal(row)
      expect(rowOf(BrokerVersions.pinned(row[0]))).to.deep.equal(row)
    })
  }

  it('uses version 0 with a broker that closes on ApiVersions, and Produce v1 with a silent one', () => {
    expect(rowOf(BrokerVersions.v0_8)).to.deep.equal(['0.8', 0, 0])
    expect(rowOf(BrokerVersions.v0_9)).to.deep.equal(['0.9', 1, 0])
  })

  it('reports whether the broker was asked', () => {
    expect([
      asListed('2.8').isPinned,
      BrokerVersions.v0_8.isPinned,
      BrokerVersions.pinned('2.8').isPinned,
    ]).to.deep.equal([false, false, true])
  })

  it('finds a version for every known release', () => {
    for (const release of releaseNames) {
      expect(rowOf(BrokerVersions.pinned(release)).slice(1), release).to.satisfy((all: number[]) =>
        all.every((v) => v >= 0),
      )
    }
  })

  it('uses the newest common version with a newer broker', () => {
    expect(rowOf(listing([0, 3, 99], [3, 0, 99], [18, 0, 99]))).to.deep.equal(['4.4+', 13, 13])
  })

  // Proxies do that: Metadata below v10 tells no topic ids although Produce v13 wants them.
  it('uses the versions of a proxy that caps them, request by request', () => {
    const [, ...versions] = rowOf(listing([0, 0, 13], [3, 0, 9], [18, 0, 4]))
    expect(versions).to.deep.equal([13, 9])
  })

  it('can use an older version than the newest', () => {
    expect(asListed('4.1').newestUpTo(12, produce, 'b:1')).to.equal(12)
    expect(asListed('2.8').newestUpTo(12, produce, 'b:1')).to.equal(9)
  })

  describe('with nothing in common', () => {
    function errorFor(
      versions: BrokerVersions,
      work = () => versions.versionOf(produce, 'b:9092'),
    ): UnsupportedVersionError {
      try {
        work()
      } catch (error) {
        expect(error).to.be.instanceOf(UnsupportedVersionError)
        return error as UnsupportedVersionError
      }
      throw new Error('a version was found')
    }

    // A 4.x broker lists Produce v0 to v2 and closes the connection on them (KAFKA-18659).
    it('never takes Produce v0 to v2 with 4.x, although it lists them', () => {
      const versions = asListed('4.1')
      const { message } = errorFor(versions, () => versions.newestUpTo(2, produce, 'b:9092'))
      expect(message)
        .to.include('b:9092 (Kafka 4.1')
        .and.include('offers Produce v3 to v13, v0 to v2 can be used here')
    })

    it('advises a newer client where the broker is too new', () => {
      const error = errorFor(listing([0, 14, 20], [18, 0, 4]))
      expect(error.message).to.equal(
        'b:9092 (Kafka 4.4+) offers Produce v14 to v20, v0 to v13 can be used here: use a newer kafka-classic-producer',
      )
      expect(error.broker).to.equal('b:9092')
    })

    it('suggests a proxy as cause where a request is missing', () => {
      expect(errorFor(listing([3, 0, 9], [18, 0, 3])).message)
        .to.include('offers no Produce, v0 to v13 can be used here')
        .and.include('is there a proxy in front of it that leaves requests out?')
    })

    it('advises auto where the release was set', () => {
      const versions = BrokerVersions.pinned('0.8.2')
      const { message } = errorFor(versions, () => versions.versionOf(apiVersions, 'b:9092'))
      expect(message).to.equal(
        'b:9092 (Kafka 0.8.2) offers no ApiVersions, v0 to v4 can be used here: broker.version names a release that cannot be used; set it to auto',
      )
    })

    const bad: VersionRange[] = [
      [3, 1],
      [-5, -1],
      [-1, -1],
    ]
    for (const [first, last] of bad) {
      it(`refuses an invalid range: ${first} to ${last}`, () => {
        errorFor(listing([0, first, last], [18, 0, 3]))
      })
    }
  })
})
