import { expect } from 'chai'
import { inOrderOfAsking } from '../../lib/cluster/metadata-candidates.js'

type Row = [port: number, load: number, hasFailed?: boolean]

/** Ports in the order of asking. */
function order(...rows: Row[]): number[] {
  const candidates = rows.map(([port, load, hasFailed = false]) => ({
    address: { host: 'b', port },
    load,
    hasFailed,
  }))
  return inOrderOfAsking(candidates).map(({ port }) => port)
}

describe('inOrderOfAsking', () => {
  const rows: [title: string, candidates: Row[], ports: number[]][] = [
    [
      'keeps the given order of brokers without a request in flight',
      [
        [3, 0],
        [1, 0],
        [2, 0],
      ],
      [3, 1, 2],
    ],
    [
      'asks brokers without a request in flight before busy ones',
      [
        [1, 1],
        [2, 0],
        [3, 5],
        [4, 0],
      ],
      [2, 4, 1, 3],
    ],
    [
      'asks the least loaded broker first where all are busy',
      [
        [1, 3],
        [2, 1],
        [3, 2],
      ],
      [2, 3, 1],
    ],
    [
      'keeps the given order of equally loaded brokers',
      [
        [2, 1],
        [1, 1],
        [3, 1],
      ],
      [2, 1, 3],
    ],
    [
      'asks brokers that hold requests back last',
      [
        [1, Infinity],
        [2, 5],
      ],
      [2, 1],
    ],
    [
      'asks a busy broker before one that has failed and may not even connect',
      [
        [1, 2],
        [2, 0, true],
        [3, 0],
      ],
      [3, 1, 2],
    ],
    [
      'asks brokers that have failed in their turn where none is busy',
      [
        [1, 0, true],
        [2, 0],
      ],
      [1, 2],
    ],
    ['asks nobody where there is nobody', [], []],
  ]
  for (const [title, candidates, ports] of rows) {
    it(title, () => {
      expect(order(...candidates)).to.deep.equal(ports)
    })
  }

  it('leaves nobody out', () => {
    expect(order([1, 1, true], [2, 0, true], [3, Infinity], [4, 0])).to.have.members([1, 2, 3, 4])
  })
})
