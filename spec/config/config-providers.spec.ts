import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect } from 'chai'
import { ProducerConfig } from '../../lib/config/producer-config.js'
import { ConfigError } from '../../lib/errors.js'
import { KafkaProducerConfig } from '../../lib/kafka-producer/kafka-producer-config.js'
import { silentLogger } from '../../lib/logger.js'

const PACKAGE = 'org.apache.kafka.common.config.provider'
const providers = {
  'config.providers': 'env,file,directory',
  'config.providers.env.class': `${PACKAGE}.EnvVarConfigProvider`,
  'config.providers.file.class': `${PACKAGE}.FileConfigProvider`,
  'config.providers.directory.class': `${PACKAGE}.DirectoryConfigProvider`,
}

/** `${…}` without looking like a template. */
const ref = (text: string): string => `$\{${text}}`

describe('config.providers', () => {
  let folder: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'providers-'))
    writeFileSync(
      join(folder, 'secrets.properties'),
      'password=from-file\nname=gr\u00fc\u00df\nwith\\:colon=c\n',
    )
    writeFileSync(join(folder, 'password'), 'from-directory\n')
    mkdirSync(join(folder, 'other'))
    process.env.KCP_SPEC_SECRET = 'from-environment'
  })
  after(() => {
    rmSync(folder, { recursive: true })
    delete process.env.KCP_SPEC_SECRET
  })

  function configOf(properties: Record<string, string>): ProducerConfig {
    const all = { 'metadata.broker.list': 'a:1', ...providers, ...properties }
    return new ProducerConfig(all, { logger: silentLogger })
  }

  function valueWith(text: string, more: Record<string, string> = {}): string | undefined {
    return configOf({ 'my.value': text, ...more }).get('my.value')
  }

  function refusalOf(text: string, more: Record<string, string> = {}): ConfigError {
    try {
      valueWith(text, more)
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigError)
      return error as ConfigError
    }
    throw new Error('nothing was thrown')
  }

  it('an environment variable is put in the place of its reference', () => {
    expect(valueWith(ref('env:KCP_SPEC_SECRET'))).to.equal('from-environment')
  })

  it('references stand anywhere in a value, and more than once', () => {
    const text = `a ${ref('env:KCP_SPEC_SECRET')}, ${ref('env:KCP_SPEC_SECRET')};`
    expect(valueWith(text)).to.equal('a from-environment, from-environment;')
  })

  it('a key of a properties file is read in UTF-8, and may hold a colon', () => {
    expect(valueWith(ref(`file:${folder}/secrets.properties:password`))).to.equal('from-file')
    expect(valueWith(ref(`file:${folder}/secrets.properties:name`))).to.equal('gr\u00fc\u00df')
    expect(valueWith(ref(`file:${folder}/secrets.properties:with:colon`))).to.equal('c')
  })

  it('a file of a directory is a value, without the line end that is trimmed from any value', () => {
    expect(valueWith(ref(`directory:${folder}:password`))).to.equal('from-directory')
  })

  for (const text of [ref('x'), ref('other:KEY'), '$\x7benv', '$env:X', '$\x7b', '{env:X}']) {
    it(`${text} is no reference to a provider and stays`, () => expect(valueWith(text)).to.equal(text))
  }

  it('what a provider gave is not looked at again for references', () => {
    process.env.KCP_SPEC_NESTED = ref('env:KCP_SPEC_SECRET')
    try {
      expect(valueWith(ref('env:KCP_SPEC_NESTED'))).to.equal(ref('env:KCP_SPEC_SECRET'))
    } finally {
      delete process.env.KCP_SPEC_NESTED
    }
  })

  it('without config.providers nothing is replaced', () => {
    const config = new ProducerConfig(
      { 'metadata.broker.list': 'a:1', x: ref('env:KCP_SPEC_SECRET') },
      { logger: silentLogger },
    )
    expect(config.get('x')).to.equal(ref('env:KCP_SPEC_SECRET'))
  })

  it('KafkaProducer has providers too', () => {
    const config = new KafkaProducerConfig(
      { 'bootstrap.servers': 'a:1', ...providers, 'client.id': ref('env:KCP_SPEC_SECRET') },
      { logger: silentLogger, hasKeySerializer: true, hasValueSerializer: true },
    )
    expect(config.clientId).to.equal('from-environment')
  })

  const refusals: [what: string, text: string, more: Record<string, string>, says: RegExp][] = [
    [
      'a variable that is not there',
      'env:KCP_NO_SUCH',
      {},
      /my\.value refers to \$\{env:KCP_NO_SUCH\}: there is no such environment variable/,
    ],
    ['a path of a variable', 'env:path:X', {}, /have no path/],
    [
      'a variable that is not allowed',
      'env:KCP_SPEC_SECRET',
      { 'config.providers.env.param.allowlist.pattern': 'OTHER_.*' },
      /allowlist\.pattern does not allow/,
    ],
    [
      'a pattern that is none',
      'env:KCP_SPEC_SECRET',
      { 'config.providers.env.param.allowlist.pattern': '(' },
      /no regular expression/,
    ],
    ['a file that is not there', 'file:/no/such/file:key', {}, /cannot be read \(ENOENT\)/],
    ['a file without a path', 'file:key', {}, /needs a path/],
    ['a directory in place of a name', 'directory:/tmp:a/b', {}, /name of a file in it/],
    ['the directory above', 'directory:/tmp:..', {}, /name of a file in it/],
    [
      'a path that is not allowed',
      'directory:/etc:passwd',
      { 'config.providers.directory.param.allowed.paths': '/tmp,/var' },
      /allowed\.paths does not allow/,
    ],
    [
      'a way out of an allowed path',
      `directory:${join('/tmp', 'x')}/../../etc:passwd`,
      { 'config.providers.directory.param.allowed.paths': '/tmp' },
      /allowed\.paths does not allow/,
    ],
    [
      'allowed paths that are not absolute',
      'directory:/etc:passwd',
      { 'config.providers.directory.param.allowed.paths': 'etc' },
      /must be absolute/,
    ],
  ]
  for (const [what, text, more, says] of refusals) {
    it(`a reference to ${what} is a ConfigError that names the reference`, () => {
      expect(refusalOf(ref(text), more).message).to.match(says)
    })
  }

  it('a key that a file does not have is a ConfigError', () => {
    expect(refusalOf(ref(`file:${folder}/secrets.properties:none`)).message).to.match(/no such key/)
  })

  it('a path inside an allowed one is read', () => {
    const more = { 'config.providers.directory.param.allowed.paths': `/nowhere,${folder}` }
    expect(valueWith(ref(`directory:${folder}:password`), more)).to.equal('from-directory')
  })

  it('a provider without a class, and one of an unknown class, are errors that name the known ones', () => {
    const unknown: Record<string, string>[] = [
      { 'config.providers': 'vault' },
      { 'config.providers': 'vault', 'config.providers.vault.class': 'com.example.Vault' },
    ]
    for (const properties of unknown) {
      const error = refusalOf('x', properties)
      expect(error.key).to.equal('config.providers.vault.class')
      expect(error.message).to.include('EnvVarConfigProvider').and.include('DirectoryConfigProvider')
    }
  })

  it('what a provider gave is in no log line, error, JSON or inspect, whatever the key', () => {
    const lines: string[] = []
    const log = (line: string) => void lines.push(line)
    const logger = { debug: log, info: log, warn: log, error: log }
    const canary = ref('env:KCP_SPEC_SECRET')
    const config = new ProducerConfig(
      {
        'metadata.broker.list': 'a:1',
        ...providers,
        'client.id': canary,
        'my.secret': canary,
        'serializer.class': canary,
      },
      { logger },
    )
    const shown = [...lines, inspect(config), JSON.stringify(config)].join('\n')
    expect(shown).to.include('client.id=[not shown]').and.not.include('from-environment')
    expect(config.clientId).to.equal('from-environment')
    for (const key of [
      'request.required.acks',
      'producer.type',
      'compression.codec',
      'metadata.broker.list',
    ]) {
      expect(refusalOf('', { [key]: canary }).message).to.not.include('from-environment')
    }
  })

  it('keys of a provider that is named are no unknown settings', () => {
    const lines: string[] = []
    const warn = (line: string) => void lines.push(line)
    new ProducerConfig({ 'metadata.broker.list': 'a:1', ...providers }, { logger: { ...silentLogger, warn } })
    expect(lines).to.deep.equal([])
  })

  it('a value of a million characters is looked through in linear time', () => {
    for (const text of ['$\x7b'.repeat(500_000), '$\x7b:'.repeat(300_000), ref('a').repeat(200_000)]) {
      expect(valueWith(text)).to.have.length(text.length)
    }
  })
})
