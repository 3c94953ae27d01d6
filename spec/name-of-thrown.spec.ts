import { expect } from 'chai'
import { EncodeError } from '../lib/errors.js'
import { nameOfThrown, unexpected } from '../lib/name-of-thrown.js'
import { evilValues } from './support/evil-values.js'

class Nameless extends Error {
  override get name(): string {
    throw new Error('no name')
  }
}

describe('nameOfThrown', () => {
  for (const [title, thrown, name] of [
    ['an error', new RangeError('secret'), 'RangeError'],
    ['an error of ours', new EncodeError('secret'), 'EncodeError'],
    ['an error whose name is a number', Object.assign(new Error('secret'), { name: 5 }), '5'],
    [
      'an error whose name would colour a terminal',
      Object.assign(new Error(), { name: '\u001b[31m' }),
      '\\u{1b}[31m',
    ],
    ['an error whose name throws', new Nameless('secret'), 'something of type object'],
    [
      'an error whose name has no text',
      Object.assign(new Error(), { name: Object.create(null) }),
      'something of type object',
    ],
    ['a string', 'secret', 'something of type string'],
    ['null', null, 'something of type object'],
    ['undefined', undefined, 'something of type undefined'],
    ['a symbol', Symbol('secret'), 'something of type symbol'],
    ['an object without a prototype', Object.create(null), 'something of type object'],
  ] as const) {
    it(`returns ${name} for ${title}`, () => {
      expect(nameOfThrown(thrown)).to.equal(name)
    })
  }
})

describe('unexpected', () => {
  it('returns a KafkaError as it is', () => {
    const error = new EncodeError('as it is')
    expect(unexpected(error)).to.equal(error)
  })

  for (const [what, value] of Object.entries(evilValues)) {
    it(`converts ${what} to a possibly-persisted KafkaError`, () => {
      const error = unexpected(value)
      expect(error).to.include({ code: 'KAFKA_UNEXPECTED', persistence: 'possibly-persisted' })
      expect(error.message).not.to.contain('secret')
    })
  }
})
