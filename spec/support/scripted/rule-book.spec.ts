import { expect } from 'chai'
import { RuleBook, type RuleEvent } from './rule-book.js'
import type { Rule } from './script.js'

const produceTo = (broker: number, ...partitions: number[]): RuleEvent => ({
  on: 'produce',
  broker,
  topics: [{ topic: 't', partitions }],
})

/** Which of the events, counted from 1, the rule acted on. */
function actsOn(rule: Rule, events: RuleEvent[]): number[] {
  const book = new RuleBook([rule])
  return events.flatMap((event, index) => (book.match(event).length > 0 ? [index + 1] : []))
}

describe('RuleBook', () => {
  const four = [produceTo(0, 0), produceTo(1, 1), produceTo(0, 0, 1), produceTo(0, 1)]
  const rows: [string, Rule, number[]][] = [
    ['acts on every event of its kind without filters and counts', { on: 'produce' }, [1, 2, 3, 4]],
    ['does not act on other kinds of event', { on: 'metadata' }, []],
    ['counts only the events that fit its filters', { on: 'produce', broker: 0, nth: 2 }, [3]],
    ['finds its partition among others of a request', { on: 'produce', topic: 't', partition: 1 }, [2, 3, 4]],
    ['does not act on other topics', { on: 'produce', topic: 'u' }, []],
    ['takes a list of counts', { on: 'produce', nth: [1, 4] }, [1, 4]],
    ['takes a first and a last count', { on: 'produce', from: 2, to: 3 }, [2, 3]],
    ['acts from a count on when no last one is given', { on: 'produce', from: 3 }, [3, 4]],
  ]
  for (const [title, rule, expected] of rows) {
    it(title, () => expect(actsOn(rule, four)).to.deep.equal(expected))
  }

  it('counts connections by broker', () => {
    const connections = [0, 1, 0].map((broker): RuleEvent => ({ on: 'connect', broker, topics: [] }))
    expect(actsOn({ on: 'connect', broker: 0, nth: 2 }, connections)).to.deep.equal([3])
  })

  it('lets each rule count for itself', () => {
    const book = new RuleBook([
      { on: 'produce', nth: 1, error: 6 },
      { on: 'produce', nth: 2, error: 7 },
    ])
    expect([1, 2, 3].map(() => book.match(produceTo(0, 0)).map(({ error }) => error))).to.deep.equal([
      [6],
      [7],
      [],
    ])
  })
})
