import { expect } from 'chai'
import fc from 'fast-check'
import { type Link, LinkedList } from '../lib/linked-list.js'

function itemsOf<T>(list: LinkedList<T>): T[] {
  const items: T[] = []
  for (let link = list.first; link; link = link.next) items.push(link.item)
  return items
}

describe('LinkedList', () => {
  it('is empty before the first item', () => {
    expect(new LinkedList().first).to.equal(null)
  })

  it('keeps the order of its items, whichever are removed', () => {
    const steps = fc.array(fc.option(fc.nat()), { maxLength: 40 })
    fc.assert(
      fc.property(steps, (all) => {
        const list = new LinkedList<number>()
        const links: Link<number>[] = []
        for (const [i, remove] of all.entries()) {
          if (remove === null) links.push(list.push(i))
          else for (const link of links.splice(remove % Math.max(1, links.length), 1)) list.remove(link)
          expect(itemsOf(list)).to.deep.equal(links.map(({ item }) => item))
          expect(list.size).to.equal(links.length)
        }
      }),
    )
  })
})
