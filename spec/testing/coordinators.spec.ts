import { expect } from 'chai'
import { Coordinators } from '../../lib/testing/coordinators.js'
import type { EraName } from '../../lib/testing/index.js'
import { wire } from '../support/wire.js'
import { RawStage } from './support/raw-stage.js'

const FIND_COORDINATOR = 10

describe('Coordinators of a test cluster', () => {
  const stage = new RawStage()
  afterEach(() => stage.close())

  async function answer(era: EraName, request: Buffer): Promise<{ answer: Buffer; port: number }> {
    const cluster = await stage.start({ era })
    const client = await stage.connect(cluster)
    client.write(request)
    return { answer: (await client.answer())!, port: cluster.broker(0).port }
  }

  for (const era of ['0.8', '0.10', '2.8'] as const) {
    it(`of groups are found with FindCoordinator v0 in era ${era}`, async () => {
      const request = wire().requestHeader(FIND_COORDINATOR, 0, 5, 'c1').string('readers').framed()
      const { answer: found, port } = await answer(era, request)
      expect(found).to.deep.equal(wire().int32(5).int16(0).int32(0).string('127.0.0.1').int32(port).build())
    })
  }

  it('are found in one answer for several names from v4 on', async () => {
    const request = wire()
      .requestHeader(FIND_COORDINATOR, 4, 5, 'c1')
      .noTags()
      .int8(1)
      .compactArray(['a', 'b'], (to, key) => to.compactString(key))
      .noTags()
      .framed()
    const { answer: found, port } = await answer('3.9', request)
    const expected = wire()
      .int32(5)
      .noTags()
      .int32(0)
      .compactArray(['a', 'b'], (to, key) =>
        to
          .compactString(key)
          .int32(0)
          .compactString('127.0.0.1')
          .int32(port)
          .int16(0)
          .compactString(null)
          .noTags(),
      )
      .noTags()
      .build()
    expect(found).to.deep.equal(expected)
  })

  it('are spread by the hash of the name, as Kafka spreads them over fifty partitions', () => {
    const coordinators = new Coordinators(Array.from({ length: 50 }, (_, id) => id))
    // "readers".hashCode() is 1080410128 in Java, "tx" 3716, "polygenelubricants" −2147483648.
    expect(
      ['readers', 'tx', 'polygenelubricants'].map((name) => coordinators.of('group', name)),
    ).to.deep.equal([28, 16, 0])
  })

  it('move for one kind of name alone, and away from a broker that is down', () => {
    const coordinators = new Coordinators([0, 1])
    coordinators.move('transaction', 'tx', 1)
    expect(coordinators.of('group', 'tx')).to.equal(0)
    coordinators.moveFrom((broker) => broker === 1, [0])
    expect(coordinators.of('transaction', 'tx')).to.equal(0)
    expect(() => coordinators.move('groups' as 'group', 'tx', 0)).to.throw(RangeError, 'not groups')
  })
})
