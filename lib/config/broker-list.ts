/**
 * Reads `metadata.broker.list`: `host:port,host:port,…`.
 *
 * Takes what the Scala producer took and could have connected to. Stricter where that one accepted an entry
 * which then failed at every connect (`a:1;b:2`, `http://a:1`, port 70000), clearer where it failed with a
 * null pointer (`localhost`, `:9092`), and an empty list is an error at once. Resolves no name.
 */
import { isIPv6 } from 'node:net'
import type { BrokerAddress } from '../broker-address.js'
import { printable } from '../errors.js'

const EXPECTED = 'expected host:port,host:port,… such as localhost:9092'

/**
 * @param fail - called with what is wrong and what to write instead; does not return.
 * @returns the addresses in their order, duplicates kept.
 */
export function parseBrokerList(text: string, fail: (problem: string) => never): readonly BrokerAddress[] {
  const entries = splitList(text)
  if (entries.length === 0) fail(`names no broker: ${EXPECTED}`)
  return Object.freeze(
    entries.map((entry, index) => {
      const result = parseEntry(entry)
      if (typeof result === 'string') fail(`entry ${index + 1}, ${shown(entry)}, ${result}: ${EXPECTED}`)
      return Object.freeze(result)
    }),
  )
}

/** Splits at commas; blanks around items and empty items are dropped, as in the original. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** An address, or what is wrong with the entry. */
function parseEntry(entry: string): BrokerAddress | string {
  if (entry.includes('://')) return 'has a protocol in front'
  if (/[\s;]/.test(entry)) return 'holds a blank or a semicolon; entries are separated by commas'
  if (entry.includes('@')) return 'holds a user name or an @'
  const colon = entry.lastIndexOf(':')
  if (colon === -1 || entry.endsWith(']')) return 'has no port'
  const port = entry.slice(colon + 1)
  if (!/^\d+$/.test(port))
    return port === '' ? 'has no port after the colon' : 'has a port that is not a number'
  if (Number(port) < 1 || Number(port) > 65535) return 'has a port outside 1 to 65535'
  const host = withoutBrackets(entry.slice(0, colon))
  return hostProblem(host) ?? { host, port: Number(port) }
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}

function hostProblem(host: string): string | undefined {
  if (host === '') return 'has no host'
  if (host.includes(':') && !isIPv6(host)) {
    return 'has more than one colon and is not an IPv6 address; write one in brackets, [::1]:9092'
  }
  // Letters of any script: Node resolves international names. % separates the zone of an IPv6 address.
  if (!/^[\p{L}\p{N}._%:-]+$/u.test(host)) return 'has a host with a character that no host name holds'
  return undefined
}

/** The entry fit for a message. In front of an @ there may be a password. */
function shown(entry: string): string {
  const at = entry.lastIndexOf('@')
  return `"${printable(at === -1 ? entry : `***${entry.slice(at)}`)}"`
}
