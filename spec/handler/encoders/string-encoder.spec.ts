import { expect } from 'chai'
import { EncodeError } from '../../../lib/errors.js'
import { StringEncoder } from '../../../lib/handler/encoders/string-encoder.js'

describe('StringEncoder', () => {
  it('writes text in the charset of serializer.encoding', () => {
    const bytes = new StringEncoder({ serializerEncoding: 'latin1' }).toBytes('Zürich')
    expect(bytes).to.deep.equal(Buffer.from('5afc72696368', 'hex'))
  })

  it('returns text as it is for UTF-8', () => {
    expect(new StringEncoder({ serializerEncoding: 'UTF8' }).toBytes('Zürich 😀')).to.equal('Zürich 😀')
  })

  it('returns null for null', () => {
    expect(new StringEncoder({ serializerEncoding: 'UTF8' }).toBytes(null)).to.equal(null)
  })

  it('distinguishes an empty string from null', () => {
    expect(new StringEncoder({ serializerEncoding: 'UTF8' }).toBytes('')).to.equal('')
    expect(new StringEncoder({ serializerEncoding: 'latin1' }).toBytes('')).to.deep.equal(Buffer.alloc(0))
  })

  describe('with an unknown charset', () => {
    const encoder = new StringEncoder({ serializerEncoding: 'no\u001bsuch' })

    it('refuses every text, and names the charset safely', () => {
      expect(() => encoder.toBytes('secret-text')).to.throw(
        EncodeError,
        'serializer.encoding=no\\u{1b}such is not a charset known here',
      )
    })

    it('returns null for null all the same', () => {
      expect(encoder.toBytes(null)).to.equal(null)
    })
  })

  for (const [what, value] of [
    ['bytes', Buffer.from('secret')],
    ['number', 7],
    ['object', { toString: () => 'secret' }],
    ['undefined', undefined],
    ['object', new String('secret')],
  ] as const) {
    it(`refuses ${Object.prototype.toString.call(value)} and does not show it`, () => {
      expect(() => new StringEncoder({ serializerEncoding: 'UTF8' }).toBytes(value))
        .to.throw(EncodeError)
        .that.satisfies(
          ({ message }: Error) =>
            message.startsWith(`StringEncoder takes a string, not ${what};`) && !message.includes('secret'),
        )
    })
  }
})
