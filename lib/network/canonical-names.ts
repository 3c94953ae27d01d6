/**
 * `client.dns.lookup=resolve_canonical_bootstrap_servers_only`: replaces the brokers of `bootstrap.servers` by the
 * canonical names of all their addresses, which is what a name resolves to and back. Kerberos wants the name that a broker
 * has in its principal, and not an alias for several of them.
 *
 * Names are resolved once, and again as long as none can be resolved.
 *
 * @see Kafka's ClientUtils 4.3; KIP-235
 */
import dns from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import uniqBy from 'lodash/uniqBy.js'
import { addressText, type BrokerAddress } from '../broker-address.js'
import { printable } from '../errors.js'
import type { Logger } from '../logger.js'

export interface CanonicalNamesOptions {
  readonly bootstrap: readonly BrokerAddress[]
  readonly logger: Logger
  /** Resolves a name to all of its addresses. Default: `dns.lookup`. */
  readonly lookup?: LookupFunction
  /** The name of an IP address. Default: `dns.lookupService`. */
  readonly nameOf?: (ip: string, port: number) => Promise<string>
}

export class CanonicalNames {
  readonly #options: CanonicalNamesOptions
  #found: Promise<readonly BrokerAddress[]> | null = null

  constructor(options: CanonicalNamesOptions) {
    this.#options = options
  }

  /** Never rejects: where no name can be resolved, these are the brokers as they were given. */
  brokers(): Promise<readonly BrokerAddress[]> {
    this.#found ??= this.#resolve()
    return this.#found
  }

  async #resolve(): Promise<readonly BrokerAddress[]> {
    const { bootstrap } = this.#options
    const found = (await Promise.all(bootstrap.map((one) => this.#namesOf(one)))).flat()
    if (found.length > 0) return uniqBy(found, addressText)
    this.#found = null
    return bootstrap
  }

  async #namesOf({ host, port }: BrokerAddress): Promise<BrokerAddress[]> {
    const { logger, nameOf = canonicalNameOf } = this.#options
    try {
      const ips = isIP(host) ? [host] : await this.#lookUp(host)
      // An address without a name stands for itself, as in Java.
      const names = ips.map((ip) => nameOf(ip, port).catch(() => ip))
      return (await Promise.all(names)).map((name) => ({ host: name, port }))
    } catch (error) {
      const why = printable((error as Error).message)
      logger.warn(`${printable(addressText({ host, port }))} of bootstrap.servers cannot be resolved: ${why}`)
      return []
    }
  }

  #lookUp(host: string): Promise<string[]> {
    const lookup: LookupFunction = this.#options.lookup ?? dns.lookup
    return new Promise((resolve, reject) => {
      lookup(host, { all: true }, (error, found) => {
        if (error) reject(error)
        else resolve(typeof found === 'string' ? [found] : found.map(({ address }) => address))
      })
    })
  }
}

async function canonicalNameOf(ip: string, port: number): Promise<string> {
  return (await dns.promises.lookupService(ip, port)).hostname
}
