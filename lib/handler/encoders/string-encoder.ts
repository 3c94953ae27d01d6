/**
 * `kafka.serializer.StringEncoder`: text in the charset of `serializer.encoding` (UTF8).
 *
 * Charset names are Java's, in any case. What a charset cannot express becomes `?`, as Java does it, and never an
 * error; an unknown charset fails each message, as in the original.
 *
 * @see classic-producer reference §15.2(1–3)
 */
import { EncodeError, printable } from '../../errors.js'
import type { Serialized } from '../../protocol/writer.js'
import type { Encoder } from './encoder.js'

type Encode = (text: string) => Serialized

/** UTF-8 is left as text: it is written straight into the request. */
const asIs: Encode = (text) => text

/** One byte a code point; what lies above `last` becomes `?`, a surrogate pair one `?`. */
function singleByte(last: number): Encode {
  return (text) => {
    const bytes: number[] = []
    for (const character of text) {
      const codePoint = character.codePointAt(0)!
      bytes.push(codePoint <= last ? codePoint : 0x3f)
    }
    return Buffer.from(bytes)
  }
}

const LONE_SURROGATE = /\p{Surrogate}/gu

function utf16le(text: string): Buffer {
  return Buffer.from(text.replace(LONE_SURROGATE, '\ufffd'), 'utf16le')
}

function utf16be(text: string): Buffer {
  return utf16le(text).swap16()
}

/** Java's UTF-16 starts with a byte order mark, but makes no bytes of an empty string. */
function utf16(text: string): Buffer {
  return text === '' ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0xfe, 0xff]), utf16be(text)])
}

const charsets: ReadonlyMap<string, Encode> = new Map(
  (
    [
      [asIs, 'utf-8', 'utf8', 'unicode-1-1-utf-8'],
      [utf16, 'utf-16', 'utf16', 'utf_16', 'unicode', 'unicodebig'],
      [utf16be, 'utf-16be', 'utf_16be', 'x-utf-16be', 'iso-10646-ucs-2', 'unicodebigunmarked'],
      [utf16le, 'utf-16le', 'utf_16le', 'x-utf-16le', 'unicodelittleunmarked'],
      [
        singleByte(0xff),
        'iso-8859-1',
        'iso8859-1',
        'iso8859_1',
        'iso_8859-1',
        'latin1',
        'l1',
        '8859_1',
        'cp819',
        'ibm819',
      ],
      [singleByte(0x7f), 'us-ascii', 'ascii', 'ascii7', 'iso646-us', 'ansi_x3.4-1968', '646', 'cp367'],
    ] as [Encode, ...string[]][]
  ).flatMap(([encode, ...names]) => names.map((name) => [name, encode] as [string, Encode])),
)

/** The part of the configuration that the encoder looks at. */
export interface StringEncoderConfig {
  readonly serializerEncoding: string
}

export class StringEncoder implements Encoder {
  readonly #encode: Encode | undefined
  readonly #charset: string

  constructor(config: StringEncoderConfig) {
    this.#charset = config.serializerEncoding
    this.#encode = charsets.get(this.#charset.toLowerCase())
  }

  /** @throws {EncodeError} for anything but a string and null, and for an unknown charset. */
  toBytes(value: unknown): Serialized {
    if (value === null) return null
    if (typeof value !== 'string') {
      throw new EncodeError(
        `StringEncoder takes a string, not ${value instanceof Uint8Array ? 'bytes' : typeof value}; ` +
          'for bytes write serializer.class=kafka.serializer.DefaultEncoder',
      )
    }
    if (!this.#encode) {
      throw new EncodeError(`serializer.encoding=${printable(this.#charset)} is not a charset known here`)
    }
    return this.#encode(value)
  }
}
