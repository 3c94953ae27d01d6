import { expect } from 'chai'
import fc from 'fast-check'
import sinon from 'sinon'
import { DecodeError } from '../../lib/errors.js'
import { FrameDecoder, foreignProtocolHint } from '../../lib/protocol/frame.js'
import { wire } from '../support/wire.js'

/** What comes out of these chunks, and the error that ended it. */
function framesOf(decoder: FrameDecoder, chunks: readonly Buffer[]): { frames: string[]; error?: unknown } {
  const frames: string[] = []
  try {
    for (const chunk of chunks) for (const frame of decoder.push(chunk)) frames.push(String(frame))
  } catch (error) {
    return { frames, error }
  }
  return { frames }
}

function chunksOf(stream: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size))
  return chunks
}

function lengthOf(value: number): Buffer {
  return wire().int32(value).build()
}

describe('FrameDecoder', () => {
  const stream = Buffer.concat([
    wire().string('a').framed(),
    wire().framed(),
    wire().string('bc').framed(),
    wire().string('d'.repeat(300)).framed(),
  ])
  const frames = ['\0\x01a', '', '\0\x02bc', `\x01\x2c${'d'.repeat(300)}`]

  it('yields the same frames from chunks of any size', () => {
    for (let size = 1; size <= stream.length; size++) {
      const decoder = new FrameDecoder(1024)
      expect(framesOf(decoder, chunksOf(stream, size)), `${size} bytes`).to.deep.equal({ frames })
      expect(decoder.pendingBytes).to.equal(0)
    }
  })

  it('yields the same frames however the stream is split, empty chunks included', () => {
    const sizes = fc.array(fc.nat(40), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(sizes, (lengths) => {
        const chunks: Buffer[] = []
        let at = 0
        for (const length of lengths) {
          chunks.push(stream.subarray(at, at + length))
          at += length
        }
        if (at < stream.length) chunks.push(stream.subarray(at))
        expect(framesOf(new FrameDecoder(1024), chunks)).to.deep.equal({ frames })
      }),
    )
  })

  it('keeps no more than what has arrived, whatever length was announced', () => {
    const decoder = new FrameDecoder(0x7fffffff)
    let arrived = 0
    for (const chunk of [lengthOf(0x7ffffff0), Buffer.alloc(1), Buffer.alloc(5000)]) {
      expect(framesOf(decoder, [chunk]).frames).to.deep.equal([])
      arrived += chunk.length
      expect(decoder.pendingBytes).to.equal(arrived)
    }
  })

  it('counts a length that has not arrived in full as pending', () => {
    const decoder = new FrameDecoder(8)
    expect(framesOf(decoder, [Buffer.alloc(3)]).frames).to.deep.equal([])
    expect(decoder.pendingBytes).to.equal(3)
  })

  it('counts only the frame begun, not the ones in front of it', () => {
    const decoder = new FrameDecoder(8)
    const chunk = Buffer.concat([wire().string('a').framed(), lengthOf(8), Buffer.alloc(2)])
    expect(framesOf(decoder, [chunk]).frames).to.have.length(1)
    expect(decoder.pendingBytes).to.equal(6)
  })

  it('joins the pieces of a frame once, however many there are', () => {
    const concat = sinon.spy(Buffer, 'concat')
    const chunks = chunksOf(wire().raw(Buffer.alloc(1000, 'x')).framed(), 1)
    concat.resetHistory()
    expect(framesOf(new FrameDecoder(1000), chunks).frames).to.have.length(1)
    // Once for the length, once for the frame.
    expect(concat.callCount).to.equal(2)
  })

  it('FrameDecoder hands out the frame that a chunk is, as a view of it', () => {
    const chunk = wire()
      .raw(Buffer.of(1, 2, 3))
      .framed()
    const only = new FrameDecoder(3).only(chunk)
    expect(only).to.deep.equal(Buffer.of(1, 2, 3))
    expect(only!.buffer).to.equal(chunk.buffer)
  })

  for (const [what, hex] of [
    ['holds less than a length', '000000'],
    ['ends inside its frame', '00000003' + '0102'],
    ['holds the beginning of a second frame', '00000001' + '01' + '00'],
    ['is a frame above the limit', '00000004' + '01020304'],
    ['has a negative length', 'ffffffff'],
  ] as const) {
    it(`FrameDecoder takes no chunk for a frame that ${what}`, () => {
      expect(new FrameDecoder(3).only(Buffer.from(hex, 'hex'))).to.equal(null)
    })
  }

  it('FrameDecoder takes no chunk for a frame while an earlier one is not complete', () => {
    const decoder = new FrameDecoder(100)
    const begun = [...decoder.push(Buffer.from('0000000801', 'hex'))]
    expect([begun, decoder.only(Buffer.from('00000001ff', 'hex'))]).to.deep.equal([[], null])
  })

  it('hands out a view of the chunk where a frame is in one chunk', () => {
    const chunk = wire().string('a').framed()
    const [frame] = [...new FrameDecoder(8).push(chunk)]
    chunk[6] = 0x62
    expect(String(frame)).to.equal('\0\x01b')
  })

  describe('limits', () => {
    it('accepts a frame of exactly the limit', () => {
      const chunk = wire().raw(Buffer.alloc(8, 'x')).framed()
      expect(framesOf(new FrameDecoder(8), [chunk])).to.deep.equal({ frames: ['xxxxxxxx'] })
    })

    for (const length of [9, 0x7fffffff, -1, -4, -0x80000000]) {
      it(`refuses the length ${length} as soon as its fourth byte is there`, () => {
        const { frames: none, error } = framesOf(new FrameDecoder(8), chunksOf(lengthOf(length), 1))
        expect(none).to.deep.equal([])
        expect(error).to.be.instanceOf(DecodeError)
        expect((error as DecodeError).message).to.equal(`frame length ${length} is outside 0..8`)
      })
    }

    for (const size of [1, 4, 7, 1000]) {
      it(`yields the frames in front of a bad length, from chunks of ${size} bytes`, () => {
        const spoiled = Buffer.concat([stream, lengthOf(-1)])
        const { frames: good, error } = framesOf(new FrameDecoder(1024), chunksOf(spoiled, size))
        expect(good).to.deep.equal(frames)
        expect(error).to.be.instanceOf(DecodeError)
      })
    }
  })

  for (const [what, greeting, hint] of [
    [
      'an HTTP server',
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      /outside 0\.\.1024: this looks like an HTTP server/,
    ],
    ['a TLS listener', Buffer.from('15030300020246', 'hex'), /this looks like a TLS listener/],
    ['an SSH server', 'SSH-2.0-x\r\n', /this looks like an SSH server/],
  ] as const) {
    it(`recognises ${what} in its error`, () => {
      const { error } = framesOf(new FrameDecoder(1024), [Buffer.from(greeting)])
      expect((error as Error).message).to.match(hint)
    })
  }
})

describe('foreignProtocolHint', () => {
  const rows: [title: string, bytes: Buffer, hint: RegExp | ''][] = [
    ['a TLS alert', Buffer.from('15030300020246', 'hex'), /looks like a TLS listener, reached without TLS/],
    ['a TLS 1.0 alert', Buffer.from('15030100020246', 'hex'), /TLS listener/],
    ['a TLS handshake', Buffer.from('1603030031', 'hex'), /TLS listener/],
    ['an HTTP status line', Buffer.from('HTTP/1.1 400 Bad Request\r\n'), /looks like an HTTP server/],
    ['an SSH greeting', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'), /looks like an SSH server/],
    ['an SMTP greeting', Buffer.from('220 mail ESMTP\r\n'), /looks like a text protocol/],
    ['four letters', Buffer.from('+OK\r'), /text protocol/],
    ['an absurd length', Buffer.from('7ffffff0', 'hex'), ''],
    ['a negative length', Buffer.from('ffffffff00', 'hex'), ''],
    ['a byte of another TLS version', Buffer.from('1502000000', 'hex'), ''],
    ['too few letters', Buffer.from('abc'), ''],
    ['nothing', Buffer.alloc(0), ''],
  ]
  for (const [title, bytes, hint] of rows) {
    it(hint === '' ? `has no hint for ${title}` : `recognises ${title}`, () => {
      if (hint === '') expect(foreignProtocolHint(bytes)).to.equal('')
      else expect(foreignProtocolHint(bytes)).to.match(hint)
    })
  }
})
