/**
 * Reads `broker.version`: `auto`, or a release whose versions are used without an ApiVersions request.
 */
import { brokerReleases } from '../../config/connection.js'

/** A family of Kafka releases with one protocol, e.g. `0.8.2`, `2.8`. */
export type BrokerRelease = (typeof brokerReleases)[number]

/** `0.8.2.2` → `0.8.2`, `3.9.1` → `3.9`, `auto` → `auto`; undefined for anything else. */
export function parseBrokerRelease(text: string): BrokerRelease | 'auto' | undefined {
  if (text === 'auto') return text
  const family = /^\d+(\.\d+)*$/.test(text) ? text : ''
  return brokerReleases.find((release) => family === release || parentOf(family) === release)
}

const parentOf = (version: string): string => version.slice(0, Math.max(0, version.lastIndexOf('.')))
