import { expect } from 'chai'
import sinon from 'sinon'
import { DecodeError, EncodeError, UnsupportedVersionError } from '../../lib/errors.js'
import { type Api, defineApi } from '../../lib/protocol/api.js'
import { Reader } from '../../lib/protocol/reader.js'
import {
  changeCorrelationId,
  correlationIdOf,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  readRequestHeader,
} from '../../lib/protocol/request-response.js'
import { struct } from '../../lib/protocol/schema.js'
import { int8 } from '../../lib/protocol/types.js'
import { wire } from '../support/wire.js'

interface Toy {
  a: number
}

function toy(key: number): Api<Toy, Toy> {
  const body = struct({ a: int8 })
  return defineApi({ key, name: 'Toy', versions: [0, 3], flexibleFrom: 2, request: body, response: body })
}

const plain = toy(77)
const apiVersions = toy(18)

function requestHex(api: Api<Toy, Toy>, version: number, clientId: string | null): string {
  return encodeRequest(api, version, 5, clientId, { a: 9 }).toString('hex')
}

describe('encodeRequest', () => {
  it('puts length, key, version, correlation id and client id in front', () => {
    const expected = wire().requestHeader(77, 1, 5, 'c1').int8(9).framed()
    expect(requestHex(plain, 1, 'c1')).to.equal(expected.toString('hex'))
  })

  it('writes a null client id as length −1', () => {
    const expected = wire().requestHeader(77, 0, 5, null).int8(9).framed()
    expect(requestHex(plain, 0, null)).to.equal(expected.toString('hex'))
  })

  it('keeps the classic client id in flexible versions and puts a tag buffer behind it', () => {
    const expected = wire().requestHeader(77, 2, 5, 'c1').raw('00').int8(9).raw('00').framed()
    expect(requestHex(plain, 2, 'c1')).to.equal(expected.toString('hex'))
  })

  it('writes the same bytes whatever size was expected', () => {
    for (const sizeHint of [0, 1, 100_000]) {
      expect(encodeRequest(plain, 0, 5, 'c1', { a: 9 }, sizeHint).toString('hex')).to.equal(
        requestHex(plain, 0, 'c1'),
      )
    }
  })

  it('carries the largest correlation id', () => {
    expect(encodeRequest(plain, 0, 0x7fffffff, null, { a: 1 }).readInt32BE(8)).to.equal(0x7fffffff)
  })

  it('refuses a client id of more than 32,767 bytes', () => {
    expect(() => requestHex(plain, 0, 'x'.repeat(32768))).to.throw(EncodeError, '32768 bytes')
  })

  it('refuses an unsupported version', () => {
    expect(() => requestHex(plain, 4, 'c1')).to.throw(UnsupportedVersionError)
  })

  it('leaves no byte of unused memory in the request', () => {
    sinon.stub(Buffer, 'allocUnsafe').callsFake((size) => Buffer.alloc(size, 0xa5))
    expect(requestHex(plain, 2, 'c1')).not.to.include('a5')
  })

  it('leaves room for another correlation id', () => {
    const request = encodeRequest(plain, 0, 0, 'c1', { a: 9 })
    changeCorrelationId(request, 5)
    expect(request.toString('hex')).to.equal(encodeRequest(plain, 0, 5, 'c1', { a: 9 }).toString('hex'))
  })
})

describe('decodeResponse', () => {
  const rows: [title: string, api: Api<Toy, Toy>, version: number, frame: Buffer][] = [
    ['a classic header', plain, 1, wire().int32(5).int8(9).build()],
    ['a flexible header with its tag buffer', plain, 2, wire().int32(5).raw('00').int8(9).raw('00').build()],
    [
      'a flexible header with an unknown tag',
      plain,
      2,
      wire().int32(5).raw('01 07 02 ffff').int8(9).raw('00').build(),
    ],
    [
      'a flexible header with three empty tags',
      plain,
      2,
      wire().int32(5).raw('03 00 00 01 00 02 00').int8(9).raw('00').build(),
    ],
    [
      'the classic header of ApiVersions in a flexible version',
      apiVersions,
      2,
      wire().int32(5).int8(9).raw('00').build(),
    ],
  ]
  for (const [title, api, version, frame] of rows) {
    it(`reads ${title}`, () => {
      expect(decodeResponse(api, version, frame)).to.deep.equal({ body: { a: 9 }, trailingBytes: 0 })
    })

    it(`refuses every truncated copy of ${title}`, () => {
      for (let length = 0; length < frame.length; length++) {
        expect(() => decodeResponse(api, version, frame.subarray(0, length))).to.throw(DecodeError)
      }
    })
  }

  it('tolerates bytes after the last field and counts them', () => {
    const frame = wire().int32(5).int8(9).raw('010203').build()
    expect(decodeResponse(plain, 0, frame)).to.deep.equal({ body: { a: 9 }, trailingBytes: 3 })
  })

  it('refuses a header that announces more tags than bytes', () => {
    const frame = wire().int32(5).raw('f0ffffff07').int8(9).build()
    expect(() => decodeResponse(plain, 2, frame)).to.throw(DecodeError, 'announces 2147483632 elements')
  })
})

describe('encodeResponse', () => {
  it('puts length and correlation id in front', () => {
    expect(encodeResponse(plain, 1, -2, { a: 9 })).to.deep.equal(wire().int32(-2).int8(9).framed())
  })

  it('adds a tag buffer to the header of flexible versions, but for ApiVersions', () => {
    expect(encodeResponse(plain, 2, 5, { a: 9 })).to.deep.equal(
      wire().int32(5).raw('00').int8(9).raw('00').framed(),
    )
    expect(encodeResponse(apiVersions, 2, 5, { a: 9 })).to.deep.equal(
      wire().int32(5).int8(9).raw('00').framed(),
    )
  })
})

describe('readRequestHeader', () => {
  const never = (): number => Number.POSITIVE_INFINITY

  it('reads the header and stops at the body', () => {
    const reader = new Reader(wire().requestHeader(3, 0, 7, 'c1').int8(9).build())
    expect(readRequestHeader(reader, never)).to.deep.equal({
      apiKey: 3,
      apiVersion: 0,
      correlationId: 7,
      clientId: 'c1',
    })
    expect(reader.int8()).to.equal(9)
  })

  it('skips the tags of a flexible header', () => {
    const reader = new Reader(wire().requestHeader(3, 9, 7, null).raw('01 00 01 ff').int8(9).build())
    expect(readRequestHeader(reader, () => 9).clientId).to.equal(null)
    expect(reader.int8()).to.equal(9)
  })

  it('refuses every truncated copy', () => {
    const header = wire().requestHeader(3, 9, 7, 'c1').raw('01 00 01 ff').build()
    for (let length = 0; length < header.length; length++) {
      expect(() => readRequestHeader(new Reader(header.subarray(0, length)), () => 9)).to.throw(DecodeError)
    }
  })
})

describe('correlationIdOf', () => {
  it('reads the id at the front of a frame', () => {
    expect(correlationIdOf(wire().int32(-7).int8(1).build())).to.equal(-7)
  })

  for (const length of [0, 3]) {
    it(`refuses a frame of ${length} bytes`, () => {
      expect(() => correlationIdOf(Buffer.alloc(length))).to.throw(DecodeError, `${length} left`)
    })
  }
})
