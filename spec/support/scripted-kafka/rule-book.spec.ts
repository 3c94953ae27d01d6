import { expect } from 'chai'
import { errorFor, type Part, RuleBook } from './rule-book.js'
import type { Rule } from './script.js'

/** How many of six equal requests the rule acts on, as their numbers. */
function acting(rule: Rule, ...parts: Part[]): number[] {
  const book = new RuleBook([rule])
  return [1, 2, 3, 4, 5, 6].filter(() => book.match({ api: 'Produce', broker: 0, parts }).length > 0)
}

const part = (topic: string, partition: number, ...values: string[]): Part => ({
  topic,
  partition,
  values: new Set(values),
})

describe('RuleBook of the scripted brokers', () => {
  const cases: [title: string, rule: Rule, parts: Part[], acts: number[]][] = [
    ['acts on every request without a count', { on: 'Produce' }, [], [1, 2, 3, 4, 5, 6]],
    ['acts on the nth request', { on: 'Produce', nth: 2 }, [], [2]],
    ['acts from one request to another', { on: 'Produce', from: 2, to: 4 }, [], [2, 3, 4]],
    ['does not act on another API', { on: 'Metadata' }, [], []],
    ['does not act at another broker', { on: 'Produce', broker: 1 }, [], []],
    [
      'acts where a partition is named',
      { on: 'Produce', topic: 't', partition: 1, nth: 1 },
      [part('t', 1)],
      [1],
    ],
    ['does not act on another partition', { on: 'Produce', topic: 't', partition: 1 }, [part('t', 0)], []],
    [
      'acts where a record is in the request',
      { on: 'Produce', record: 'v', nth: 1 },
      [part('t', 0, 'u', 'v')],
      [1],
    ],
    ['does not act without the record', { on: 'Produce', record: 'v' }, [part('t', 0, 'u')], []],
  ]
  for (const [title, rule, parts, acts] of cases) {
    it(title, () => expect(acting(rule, ...parts)).to.deep.equal(acts))
  }

  it('has an error for the partitions that the rule is about, and for no other', () => {
    const rules: Rule[] = [
      { on: 'Produce', topic: 't', error: 'CORRUPT_MESSAGE' },
      { on: 'Produce', partitionErrors: { 'u/1': 'INVALID_RECORD' } },
    ]
    const errors = [part('t', 0), part('u', 0), part('u', 1)].map((one) => errorFor(rules, one))
    expect(errors).to.deep.equal(['CORRUPT_MESSAGE', undefined, 'INVALID_RECORD'])
  })
})
