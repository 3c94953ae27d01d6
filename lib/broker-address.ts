/** Where a broker is reached; a leaf that every layer may use. */
import { printable } from './errors.js'

/** One entry of `metadata.broker.list`, or an address that a broker advertises. */
export interface BrokerAddress {
  /** A name or an IP address, without brackets. */
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
}

/** `host:port`, IPv6 in brackets, fit for a message. */
export function addressText({ host, port }: BrokerAddress): string {
  const safe = printable(host)
  return host.includes(':') ? `[${safe}]:${port}` : `${safe}:${port}`
}

/** Whether an address can be connected to at all; brokers may advertise others. */
export function isReachable({ host, port }: BrokerAddress): boolean {
  return host !== '' && port >= 1 && port <= 65535
}
