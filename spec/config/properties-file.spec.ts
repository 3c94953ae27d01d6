import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ProducerConfig } from '../../lib/config/producer-config.js'
import { readPropertiesFile } from '../../lib/config/properties-file.js'
import { ConfigError } from '../../lib/errors.js'
import { silentLogger } from '../../lib/logger.js'

describe('readPropertiesFile', () => {
  let directory: string
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'config-spec-'))
  })
  after(() => rmSync(directory, { recursive: true }))

  function written(bytes: Uint8Array | string): string {
    const path = join(directory, 'producer.properties')
    writeFileSync(path, bytes)
    return path
  }

  it('reads ISO-8859-1, as Java does', () => {
    expect(readPropertiesFile(written(Buffer.from([0x61, 0x3d, 0xfc, 0x80])))).to.equal('a=\u00fc\u0080')
  })

  it('reads UTF-8 that begins with a byte order mark', () => {
    expect(readPropertiesFile(written('\ufeffa=ü€'))).to.equal('a=ü€')
  })

  for (const encoding of ['fffe', 'feff']) {
    it(`refuses UTF-16 (${encoding})`, () => {
      const path = written(Buffer.from(`${encoding}61003d00`, 'hex'))
      expect(() => readPropertiesFile(path)).to.throw(ConfigError, 'is in UTF-16')
    })
  }

  it('reads 1 MiB and not a byte more', () => {
    expect(readPropertiesFile(written(Buffer.alloc(1 << 20, 'a')))).to.have.length(1 << 20)
    const path = written(Buffer.alloc((1 << 20) + 1, 'a'))
    expect(() => readPropertiesFile(path)).to.throw(ConfigError, 'is larger than 1048576 bytes')
  })

  it('reads the empty file', () => {
    expect(readPropertiesFile(written(''))).to.equal('')
  })

  it('names a file that is not there, with the error of the system as cause', () => {
    const path = join(directory, 'missing.properties')
    expect(() => readPropertiesFile(path))
      .to.throw(ConfigError, `cannot read the configuration ${path}: ENOENT`)
      .with.nested.property('cause.code', 'ENOENT')
  })

  it('names a directory', () => {
    expect(() => readPropertiesFile(directory)).to.throw(ConfigError, 'EISDIR')
  })

  it('refuses a value that is no path', () => {
    expect(() => readPropertiesFile(undefined as never)).to.throw(ConfigError, 'undefined')
  })

  it('serves ProducerConfig.fromFile, which names path and line', () => {
    const path = written('metadata.broker.list=h:9092\r\nclient.id=me\r\nrequest.timeout.ms=never\r\n')
    expect(() => ProducerConfig.fromFile(path)).to.throw(
      ConfigError,
      `${path}:3: request.timeout.ms is "never"`,
    )
    const options = { source: 'mine', logger: silentLogger }
    expect(() => ProducerConfig.fromFile(path, options)).to.throw(ConfigError, /^mine:3: /)
    expect(
      ProducerConfig.fromFile(written('metadata.broker.list=h:1\nclient.id=me'), options).clientId,
    ).to.equal('me')
  })
})
