/** Versions of TLS: `ssl.enabled.protocols` and `ssl.protocol` as OpenSSL wants them, a range with gaps. */
import { constants } from 'node:crypto'
import type { SecureContextOptions, SecureVersion } from 'node:tls'
import type { SecurityValues } from './security-values.js'

/** Oldest first, with what switches one off. */
const versions: readonly (readonly [name: SecureVersion, off: number])[] = [
  ['TLSv1', constants.SSL_OP_NO_TLSv1],
  ['TLSv1.1', constants.SSL_OP_NO_TLSv1_1],
  ['TLSv1.2', constants.SSL_OP_NO_TLSv1_2],
  ['TLSv1.3', constants.SSL_OP_NO_TLSv1_3],
]

const names = versions.map(([name]) => name as string)

/** @throws {ConfigError} for a version that is not known, and where none is left. */
export function tlsVersions(values: SecurityValues): SecureContextOptions {
  const enabled = listIn(values.text('ssl.enabled.protocols'))
  for (const name of enabled) if (!names.includes(name)) refuse(values, 'ssl.enabled.protocols', name)
  const newest = newestOf(values)
  const allowed = versions
    .slice(0, newest + 1)
    .filter(([name]) => enabled.length === 0 || enabled.includes(name))
  const [first] = allowed
  const last = allowed.at(-1)
  if (first === undefined || last === undefined) {
    const protocol = values.shown('ssl.protocol')
    return values.fail(
      'ssl.enabled.protocols',
      `allows no version up to that of ssl.protocol, which is ${protocol}`,
    )
  }
  const from = versions.indexOf(first)
  const gaps = versions.slice(from, versions.indexOf(last)).filter((version) => !allowed.includes(version))
  return {
    minVersion: first[0],
    maxVersion: last[0],
    ...(gaps.length > 0 && { secureOptions: gaps.reduce((options, [, off]) => options | off, 0) }),
  }
}

/** `TLS` is any version. */
function newestOf(values: SecurityValues): number {
  const protocol = values.text('ssl.protocol')
  if (protocol === 'TLS') return versions.length - 1
  const at = names.indexOf(protocol)
  return at === -1 ? refuse(values, 'ssl.protocol', protocol) : at
}

function refuse(values: SecurityValues, key: string, name: string): never {
  return values.fail(key, `has "${values.shown(key, name)}": expected ${names.join(', ')}`)
}

/** The words of a list that is separated by commas. */
export function listIn(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
}
