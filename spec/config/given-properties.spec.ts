import { expect } from 'chai'
import fc from 'fast-check'
import { GivenProperties } from '../../lib/config/given-properties.js'
import { parsePropertyLines } from '../../lib/config/properties.js'
import { ConfigError } from '../../lib/errors.js'

const fromText = (text: string, source?: string) =>
  GivenProperties.fromLines(parsePropertyLines(text, source), source)

describe('GivenProperties', () => {
  describe('from JavaScript values', () => {
    const accepted: [string, unknown, string][] = [
      ['a string', 'x', 'x'],
      ['a string with blanks around it', ' \t x y \n', 'x y'],
      ['a number', 5, '5'],
      ['a number below zero', -1, '-1'],
      ['a bigint', 2n ** 60n, '1152921504606846976'],
      ['true', true, 'true'],
      ['the empty string', '', ''],
    ]
    for (const [what, value, text] of accepted) {
      it(`takes ${what} as ${JSON.stringify(text)}`, () => {
        expect(GivenProperties.fromValues({ key: value }).get('key')).to.equal(text)
        expect(GivenProperties.fromValues(new Map([['key', value]])).get('key')).to.equal(text)
      })
    }

    it('takes arrays of strings for settings that are lists', () => {
      const given = GivenProperties.fromValues({
        'metadata.broker.list': ['a:1', 'b:2'],
        'compressed.topics': [],
      })
      expect(given.get('metadata.broker.list')).to.equal('a:1,b:2')
      expect(given.get('compressed.topics')).to.equal('')
    })

    const refused: [string, string, unknown, string][] = [
      [
        'undefined',
        'client.id',
        undefined,
        'client.id is undefined: expected a string, a number or a boolean; leave the key out',
      ],
      ['null', 'client.id', null, 'client.id is null'],
      ['an object', 'x', { hunter: 2 }, 'x is an object'],
      ['a Date', 'x', new Date(0), 'x is an object'],
      ['a symbol', 'x', Symbol('hunter2'), 'x is a symbol'],
      ['an array for what is no list', 'client.id', ['hunter2'], 'client.id is an array'],
      [
        'an array with something else in it',
        'compressed.topics',
        ['t', 5],
        'compressed.topics: entry 2 is a number, not a string',
      ],
      [
        'an array of objects',
        'metadata.broker.list',
        [{}],
        'metadata.broker.list: entry 1 is an object, not a string',
      ],
      ['an object for a list', 'compressed.topics', {}, 'expected a string or an array of strings'],
      [
        'a class',
        'serializer.class',
        class Mine {},
        'give the name here and the class itself in options.classes',
      ],
      [
        'the brokers of kafkajs',
        'brokers',
        ['h:1'],
        'brokers is an option of kafkajs, write metadata.broker.list',
      ],
    ]
    for (const [what, key, value, problem] of refused) {
      it(`refuses ${what} without repeating it: ${problem}`, () => {
        const read = () => GivenProperties.fromValues({ [key]: value })
        expect(read).to.throw(ConfigError, problem).with.property('key', key)
        expect(read).to.not.throw('hunter')
      })
    }

    for (const [what, properties, problem] of [
      ['a string', 'a=b', 'use ProducerConfig.fromText'],
      ['null', null, 'not null'],
      ['undefined', undefined, 'not undefined'],
      ['an array', [], 'not an array'],
      ['a Map with a key that is no string', new Map([[1, 'x']]), 'a key of the configuration is a number'],
    ] as const) {
      it(`refuses ${what} in place of the properties`, () => {
        expect(() => GivenProperties.fromValues(properties)).to.throw(ConfigError, problem)
      })
    }

    it('keeps any keys and values, and leaves Object.prototype alone', () => {
      const before = Object.getOwnPropertyNames(Object.prototype)
      const keys = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('__proto__', 'constructor', 'toString'),
      )
      fc.assert(
        fc.property(fc.array(fc.tuple(keys, fc.string({ unit: 'binary' }))), (pairs) => {
          const given = GivenProperties.fromValues(new Map(pairs))
          expect(given.keys()).to.deep.equal([...new Map(pairs).keys()].sort())
          for (const [key, value] of new Map(pairs)) expect(given.get(key)).to.equal(value.trim())
        }),
      )
      expect(Object.getOwnPropertyNames(Object.prototype)).to.deep.equal(before)
    })

    it('takes __proto__ of parsed JSON for an ordinary key', () => {
      const given = GivenProperties.fromValues(JSON.parse('{"__proto__":"x"}'))
      expect(given.keys()).to.deep.equal(['__proto__'])
    })

    it('does not find inherited properties such as toString', () => {
      const given = GivenProperties.fromValues({})
      expect(given.has('toString')).to.equal(false)
      expect(given.get('__proto__')).to.equal(undefined)
    })
  })

  describe('from lines', () => {
    it('trims values, lets the last one win, and notes the repetition with both lines', () => {
      const given = fromText('a=1\nb=2\na =  3 \n', 'p.properties')
      expect(given.get('a')).to.equal('3')
      expect(given.repetitions).to.deep.equal([
        'p.properties:3: a is repeated: this line counts, line 1 does not',
      ])
    })

    it('places a key by source and line, by line, by source, or not at all', () => {
      expect(fromText('\na=1', 'dir/p.properties').where('a')).to.equal('dir/p.properties:2: ')
      expect(fromText('\na=1').where('a')).to.equal('line 2: ')
      expect(GivenProperties.fromValues({ a: 1 }, 'the settings').where('a')).to.equal('the settings: ')
      expect(GivenProperties.fromValues({ a: 1 }).where('a')).to.equal('')
    })
  })

  describe('layered', () => {
    const layered = fromText('a=file\nb=file', 'p.properties').layered(
      new Map([
        ['a', 'under'],
        ['c', ' under '],
      ]),
      new Map([['b', ' top ']]),
    )

    it('takes what is on top, then what is given, then what is underneath', () => {
      expect(layered.keys().map((key) => layered.get(key))).to.deep.equal(['file', 'top', 'under'])
    })

    it('gives a line only to what came from one', () => {
      expect(layered.where('a')).to.equal('p.properties:1: ')
      expect(layered.where('b')).to.equal('')
      expect(layered.where('c')).to.equal('')
      expect(layered.where('missing')).to.equal('p.properties: ')
    })

    it('keeps the repetitions, of which there may be many', () => {
      const many = fromText('a=1\n'.repeat(200_000)).layered(undefined, undefined)
      expect(many.repetitions).to.have.length(199_999)
    })
  })
})
