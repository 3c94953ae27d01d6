import { expect } from 'chai'
import { type ApiVersionsResponse, apiVersions } from '../../lib/protocol/messages/index.js'
import { decodeResponse, encodeRequest } from '../../lib/protocol/request-response.js'
import type { TestCluster, TestClusterOptions } from '../../lib/testing/index.js'
import { RawStage } from './support/raw-stage.js'

describe('The features of a test cluster', () => {
  const stage = new RawStage()
  afterEach(() => stage.close())

  async function listed(cluster: TestCluster, broker = 0): Promise<ApiVersionsResponse> {
    const client = await stage.connect(cluster, broker)
    const names = { clientSoftwareName: 'spec', clientSoftwareVersion: '1' }
    client.write(encodeRequest(apiVersions, 3, 1, 'c', names))
    return decodeResponse(apiVersions, 3, (await client.answer())!).body
  }

  /** `level, epoch` of transaction.version. */
  async function transactionVersion(cluster: TestCluster, broker = 0): Promise<string> {
    const { finalizedFeatures, finalizedFeaturesEpoch } = await listed(cluster, broker)
    const feature = finalizedFeatures.find(({ name }) => name === 'transaction.version')
    return `${feature?.maxVersionLevel ?? 'none'}, ${finalizedFeaturesEpoch}`
  }

  const rows: readonly (readonly [what: string, options: TestClusterOptions, expected: string])[] = [
    ['is transaction version 2 from 4.0 on', { era: '4.3' }, '2, 1'],
    ['is no transaction version before', { era: '3.9' }, 'none, -1'],
    ['is a lower transaction version on demand', { era: '4.3', transactionVersion: 1 }, '1, 1'],
    ['is none on demand', { era: '4.3', transactionVersion: 0 }, 'none, 0'],
    ['is none while one broker is older', { era: ['4.3', '3.9'], brokers: 2 }, 'none, 0'],
  ]
  for (const [what, options, expected] of rows) {
    it(`${what}: ${JSON.stringify(options)}`, async () => {
      expect(await transactionVersion(await stage.start(options))).to.equal(expected)
    })
  }

  it('change with the last broker that is upgraded, under another epoch', async () => {
    const cluster = await stage.start({ era: ['4.3', '3.9'], brokers: 2 })
    await cluster.setEra('4.3', 1)
    expect(await transactionVersion(cluster)).to.equal('2, 1')
    await cluster.setEra('3.9', 1)
    expect(await transactionVersion(cluster)).to.equal('none, 2')
  })
})
