/**
 * Replaces `${provider:key}` and `${provider:path:key}` in values: what `config.providers` names, with the three providers that
 * come with Kafka, which read environment variables, properties files and directories of one file per value.
 *
 * A name that is not in `config.providers` is left as it is written, as in Java. A value that is not there is an error here,
 * where the Java client would go on with the `${…}` as a password. Blocks, as a configuration is read once, at the start.
 * Nothing that a provider gave is ever repeated in an error.
 *
 * @see KIP-297, KIP-421; org.apache.kafka.common.config.ConfigTransformer, Kafka 4.3
 */
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { ConfigError, printable } from '../errors.js'
import { splitList } from './broker-list.js'
import type { GivenProperties } from './given-properties.js'
import { parseProperties } from './properties.js'
import { readSmallFile } from './properties-file.js'

const KEY = 'config.providers'
const PACKAGE = 'org.apache.kafka.common.config.provider.'

/** Gives the value of one reference. @param fail - ends in a ConfigError; never give it a value. */
type Provider = (path: string, key: string, fail: (problem: string) => never) => string

/** Parameters of a provider: `config.providers.NAME.param.…`. */
type Parameters = (name: string) => string | undefined

const providerClasses: Readonly<Record<string, (parameters: Parameters) => Provider>> = {
  [`${PACKAGE}EnvVarConfigProvider`]: environmentProvider,
  [`${PACKAGE}FileConfigProvider`]: fileProvider,
  [`${PACKAGE}DirectoryConfigProvider`]: directoryProvider,
}

/**
 * The same properties with each reference replaced.
 *
 * @throws {ConfigError} for a provider without a class that is known here, and for a value that is not there.
 */
export function withProvidedValues(given: GivenProperties): GivenProperties {
  const names = splitList(given.get(KEY) ?? '')
  if (names.length === 0) return given
  const providers = new Map(names.map((name) => [name, providerNamed(name, given)]))
  return given.replaced((key, text) => (key.startsWith(KEY) ? text : replaceIn(text, key, providers, given)))
}

/** A reference cannot hold a closing brace, so one pass from brace to brace is enough. */
function replaceIn(
  text: string,
  key: string,
  providers: ReadonlyMap<string, Provider>,
  given: GivenProperties,
): string {
  let result = ''
  let at = 0
  for (;;) {
    const start = text.indexOf('${', at)
    const end = start === -1 ? -1 : text.indexOf('}', start)
    if (end === -1) return result + text.slice(at)
    const reference = text.slice(start + 2, end)
    const [name = '', ...rest] = reference.split(':')
    const provider = rest.length === 0 ? undefined : providers.get(name)
    result += text.slice(at, start)
    if (provider === undefined) result += text.slice(start, end + 1)
    else {
      const path = rest.length === 1 ? '' : rest[0]!
      const wanted = rest.length === 1 ? rest[0]! : rest.slice(1).join(':')
      result += provider(path, wanted, (problem) => {
        throw new ConfigError(
          `${given.where(key)}${printable(key)} refers to \${${printable(reference)}}: ${problem}`,
          key,
        )
      })
    }
    at = end + 1
  }
}

function providerNamed(name: string, given: GivenProperties): Provider {
  const key = `${KEY}.${name}.class`
  const className = given.get(key)
  const known = Object.keys(providerClasses).join(', ')
  if (className === undefined) {
    throw new ConfigError(
      `${given.where(KEY)}${KEY} names ${printable(name)}, and ${printable(key)} is missing: known are ${known}`,
      key,
    )
  }
  if (!Object.hasOwn(providerClasses, className)) {
    throw new ConfigError(
      `${given.where(key)}${printable(key)} names a class that is not known here: known are ${known}`,
      key,
    )
  }
  return providerClasses[className]!((parameter) => given.get(`${KEY}.${name}.param.${parameter}`))
}

function environmentProvider(parameters: Parameters): Provider {
  const pattern = parameters('allowlist.pattern')
  return (path, name, fail) => {
    if (path !== '') fail(`environment variables have no path, write \${NAME:VARIABLE}`)
    if (pattern !== undefined && !wholeMatch(pattern, fail).test(name))
      fail('allowlist.pattern does not allow it')
    return process.env[name] ?? fail('there is no such environment variable')
  }
}

function wholeMatch(pattern: string, fail: (problem: string) => never): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u')
  } catch {
    return fail('allowlist.pattern is no regular expression')
  }
}

function fileProvider(parameters: Parameters): Provider {
  const texts = new Map<string, ReadonlyMap<string, string>>()
  return (path, key, fail) => {
    if (path === '') fail(`a file provider needs a path, write \${NAME:PATH:KEY}`)
    checkAllowed(path, parameters, fail)
    let properties = texts.get(path)
    if (properties === undefined) {
      properties = parseFile(path, fail)
      texts.set(path, properties)
    }
    return properties.get(key) ?? fail('the file has no such key')
  }
}

function parseFile(path: string, fail: (problem: string) => never): ReadonlyMap<string, string> {
  const text = contentOf(path, fail)
  try {
    return parseProperties(text)
  } catch (error) {
    return fail(
      `the file is no properties file: ${error instanceof ConfigError ? error.message : 'unreadable'}`,
    )
  }
}

function directoryProvider(parameters: Parameters): Provider {
  return (path, name, fail) => {
    if (path === '') fail(`a directory provider needs a path, write \${NAME:PATH:FILE}`)
    if (/[/\\]/.test(name) || name === '..' || name === '.')
      fail('what follows the path must be the name of a file in it')
    checkAllowed(path, parameters, fail)
    return contentOf(join(path, name), fail)
  }
}

/** In UTF-8, as Java reads both kinds. */
function contentOf(path: string, fail: (problem: string) => never): string {
  try {
    return readSmallFile(path).toString('utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return fail(`the file cannot be read${typeof code === 'string' ? ` (${printable(code)})` : ''}`)
  }
}

function checkAllowed(path: string, parameters: Parameters, fail: (problem: string) => never): void {
  const allowed = parameters('allowed.paths')
  if (allowed === undefined || allowed === '') return
  const isInside = splitList(allowed).some((folder) => {
    if (!isAbsolute(folder)) fail('allowed.paths must be absolute')
    const way = relative(resolve(folder), resolve(path))
    return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
  })
  if (!isInside) fail('allowed.paths does not allow the path')
}
