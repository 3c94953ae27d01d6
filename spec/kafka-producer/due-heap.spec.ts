import { expect } from 'chai'
import { DueHeap, type DueItem } from '../../lib/kafka-producer/due-heap.js'
import { SeededRandom } from '../support/seeded-random.js'

const item = (dueMs: number): DueItem => ({ dueMs, heapIndex: -1 })

describe('DueHeap', () => {
  it('DueHeap has the item first that is due first, for random additions and removals', () => {
    const random = new SeededRandom(7)
    const heap = new DueHeap<DueItem>()
    const kept: DueItem[] = []
    for (let step = 0; step < 5000; step++) {
      if (kept.length === 0 || random.int(100) < 55) {
        const added = item(random.int(50))
        kept.push(added)
        heap.add(added)
      } else {
        const [removed] = kept.splice(random.int(kept.length), 1)
        heap.remove(removed!)
        expect(removed!.heapIndex).to.equal(-1)
      }
      expect(heap.size).to.equal(kept.length)
      const least = kept.length === 0 ? undefined : Math.min(...kept.map(({ dueMs }) => dueMs))
      expect(heap.first?.dueMs).to.equal(least)
    }
    expect(heap.toArray()).to.have.members(kept)
  })

  it('DueHeap ignores the removal of what is not in it', () => {
    const heap = new DueHeap<DueItem>()
    const only = item(1)
    heap.add(only)
    heap.remove(item(1))
    heap.remove(only)
    heap.remove(only)
    expect([heap.size, heap.first]).to.deep.equal([0, undefined])
  })
})
