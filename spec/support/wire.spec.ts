import { expect } from 'chai'
import { readLz4OfMagic0 } from './lz4.js'
import { reading, wire } from './wire.js'
import { codecs, gzipMessageSet, messageSet, readMessageSet } from './wire-message-set.js'

// Recorded: the second produce request of the Scala producer 0.8.2.2 to partition 1 of topic t.
const recorded =
  '00000044000000000000000b000263310001000003e80000000100017400000001000000010000001f' +
  '000000000000000000000013a3e294de00000000000161000000046e657874'

describe('wire()', () => {
  it('builds a produce request byte for byte as the Scala producer sent it', () => {
    const built = wire()
      .requestHeader(0, 0, 11, 'c1')
      .int16(1)
      .int32(1000)
      .array(['t'], (to, topic) =>
        to
          .string(topic)
          .array([1], (set, partition) =>
            set.int32(partition).bytes(messageSet([{ key: 'a', value: 'next' }])),
          ),
      )
      .framed()
    expect(built.toString('hex')).to.equal(recorded)
  })

  it('writes null strings, bytes and arrays as length −1', () => {
    const nulls = wire()
      .nullableString(null)
      .bytes(null)
      .array(null, () => {})
      .build()
    expect(nulls.toString('hex')).to.equal('ffff' + 'ffffffff' + 'ffffffff')
  })

  it('writes compact strings, arrays and numbers of more than seven bits as KIP-482 has them', () => {
    const built = wire()
      .uvarint(127)
      .uvarint(300)
      .compactString('ab')
      .compactString(null)
      .compactArray([7], (to, one) => to.int8(one).noTags())
      .compactArray(null, () => {})
      .build()
    expect(built.toString('hex')).to.equal('7f' + 'ac02' + '036162' + '00' + '020700' + '00')
  })

  it('reads back what it wrote', () => {
    const from = reading(wire().int8(-1).int16(-2).int32(-3).int64(-4n).string('é').raw('c0ff ee').build())
    expect([from.int8(), from.int16(), from.int32(), from.int64(), from.string()]).to.deep.equal([
      -1,
      -2,
      -3,
      -4n,
      'é',
    ])
    expect(from.raw(3).toString('hex')).to.equal('c0ffee')
    from.end()
  })

  it('reports the position at which bytes are missing', () => {
    expect(() => reading(wire().int32(9).build()).bytes()).to.throw(
      RangeError,
      '9 bytes wanted at byte 4, 0 left',
    )
  })
})

describe('message sets by hand', () => {
  it('reads the recorded set with a valid CRC', () => {
    const [message] = readMessageSet(Buffer.from(recorded, 'hex').subarray(41))
    expect(message).to.include({ offset: 0n, crcIsValid: true, magic: 0, attributes: 0 })
    expect(String(message!.key)).to.equal('a')
    expect(String(message!.value)).to.equal('next')
  })

  it('notices a damaged message', () => {
    const set = messageSet([{ key: 'a', value: 'next' }])
    set[set.length - 1] = 0
    expect(readMessageSet(set)[0]!.crcIsValid).to.equal(false)
  })

  it('looks into a gzip wrapper, whose offset is that of its last message', () => {
    const [wrapper] = readMessageSet(gzipMessageSet([{ value: 'x' }, { key: 'k', value: null }]))
    expect(wrapper).to.include({ offset: 1n, crcIsValid: true, attributes: 1, key: null })
    expect(wrapper!.inner!.map(({ offset, value }) => [offset, value && String(value)])).to.deep.equal([
      [0n, 'x'],
      [1n, null],
    ])
  })

  it('looks into an LZ4 wrapper', () => {
    const stored = wire()
      .raw('04224d18 60 40 1a')
      .raw(Buffer.from([0x1c, 0, 0, 0x80]))
      .raw(messageSet([{ value: 'xy' }]))
    const value = stored.uint32(0).build()
    const [wrapper] = readMessageSet(messageSet([{ value, attributes: codecs.lz4 }]))
    expect(wrapper!.inner!.map((message) => String(message.value))).to.deep.equal(['xy'])
  })
})

describe('LZ4 as Kafka 0.8 reads it', () => {
  // One block: three literals, a match of nine bytes three back, one literal.
  const frame = (header: string) => Buffer.from(`04224d18${header}08000000356162630300107a00000000`, 'hex')

  // The largest block size is part of the header, and so of its checksum; the first is what the Scala producer wrote.
  for (const header of ['60401a', '605077', '6060d6', '607010']) {
    it(`reads a frame with the header ${header}`, () => {
      expect(readLz4OfMagic0(frame(header)).toString()).to.equal('abcabcabcabcz')
    })
  }

  it('refuses the standard header checksum', () => {
    expect(() => readLz4OfMagic0(frame('604082'))).to.throw(
      RangeError,
      'header checksum 0x82, a 0.8 reader wants 0x1a',
    )
  })

  it('refuses blocks that depend on each other', () => {
    expect(() => readLz4OfMagic0(frame('40401a'))).to.throw(RangeError, 'flags 0x40')
  })
})
