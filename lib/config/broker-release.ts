/**
 * The releases of Kafka, and the reader of `broker.version`: `auto`, or a release whose protocol is to be spoken without
 * asking the broker.
 */

/** The release families whose protocol differs or that a user may want to name, oldest first. */
export const brokerReleases = [
  ...['0.8.0', '0.8.1', '0.8.2', '0.9.0', '0.10.0', '0.10.1', '0.10.2', '0.11.0', '1.0', '1.1'],
  ...['2.0', '2.1', '2.2', '2.3', '2.4', '2.5', '2.6', '2.7', '2.8'],
  ...['3.0', '3.1', '3.2', '3.3', '3.4', '3.5', '3.6', '3.7', '3.8', '3.9'],
  ...['4.0', '4.1', '4.2', '4.3', '4.4'],
] as const

/** A family of Kafka releases with one protocol, e.g. `0.8.2`, `2.8`. */
export type BrokerRelease = (typeof brokerReleases)[number]

/** `0.8.2.2` → `0.8.2`, `3.9.1` → `3.9`, `auto` → `auto`; undefined for anything else. */
export function parseBrokerRelease(text: string): BrokerRelease | 'auto' | undefined {
  if (text === 'auto') return text
  const family = /^\d+(\.\d+)*$/.test(text) ? text : ''
  return brokerReleases.find((release) => family === release || parentOf(family) === release)
}

const parentOf = (version: string): string => version.slice(0, Math.max(0, version.lastIndexOf('.')))
