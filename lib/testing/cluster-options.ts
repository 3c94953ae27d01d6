/** What a test cluster is started with, and what is refused of it. */
import type { TlsOptions } from 'node:tls'
import { type EraName, eraNames } from './eras.js'
import { refuseUnknownFields } from './known-fields.js'
import type { VersionCaps } from './offered-apis.js'
import { ListenerLogin, mechanismNames } from './sasl/listener-login.js'
import type { MechanismName, TokenValidator } from './sasl/server-exchange.js'
import { Users } from './sasl/users.js'

export interface TestClusterOptions {
  /** Default 1; their ids count from 0. */
  brokers?: number
  /** Kafka release whose ways it has; a list has one for each broker. Default: the newest. */
  era?: EraName | readonly EraName[]
  /**
   * API key → first and last version that get through, as with a proxy in front of the brokers: others are neither
   * listed nor taken. Default: all of the era's.
   */
  apiVersions?: VersionCaps
  /** `broker.rack` of each broker, in answers from Metadata v1 on. Default none. */
  racks?: readonly string[]
  /** Whether naming an unknown topic creates it. Default true. */
  autoCreateTopics?: boolean
  /** Partitions of topics that are created without a number. Default 1. */
  defaultPartitions?: number
  /** Largest message, or compressed set, in bytes. Default 1,000,012, as in Kafka. */
  maxMessageBytes?: number
  /**
   * Whether the partitions of a broker that stops get another leader: at once, this many milliseconds later unless it is
   * up again by then, or not. Coordinators likewise. Default true.
   */
  failover?: boolean | number
  /**
   * Highest level of `transaction.version` (KIP-890). Below 2 transactions go on as in releases before 4.0, as in a
   * cluster whose features were not upgraded. Default 2, where all brokers know it.
   */
  transactionVersion?: 0 | 1 | 2
  /**
   * Connections are TLS: the key and the certificate of the brokers, for clients on `127.0.0.1`; with `requestCert` and `ca`
   * clients have to show theirs. Default: they are plain.
   */
  tls?: TlsOptions
  /** User name → password, for PLAIN and SCRAM: clients have to log in. Default: nobody has to. */
  users?: Readonly<Record<string, string>>
  /** Looks at the tokens of OAUTHBEARER, with which clients may log in as well. */
  validateToken?: TokenValidator
  /** Mechanisms that clients may log in with. Default: all that there are credentials for. */
  mechanisms?: readonly MechanismName[]
  /** Clients have to log in again after this time (KIP-368). Default: never. */
  sessionLifetimeMs?: number
}

// Not tied to any one release: what people run moves on, and a test that needs an old one names it.
const NEWEST_ERA = eraNames.at(-1)!

const optionNames: readonly string[] = [
  'brokers',
  'era',
  'apiVersions',
  'racks',
  'autoCreateTopics',
  'defaultPartitions',
  'maxMessageBytes',
  'failover',
  'transactionVersion',
  'tls',
  'users',
  'validateToken',
  'mechanisms',
  'sessionLifetimeMs',
] satisfies (keyof TestClusterOptions)[]

/**
 * The eras of the brokers, by id.
 *
 * @throws {RangeError} for what no cluster can be started with, naming the option.
 */
export function erasOf(options: TestClusterOptions): readonly EraName[] {
  refuseUnknownFields('a test cluster', options, optionNames)
  const { brokers = 1, era = NEWEST_ERA, transactionVersion = 2 } = options
  if (!Number.isInteger(brokers) || brokers < 1)
    throw new RangeError(`a test cluster has 1 broker or more, not ${String(brokers)}`)
  if (![0, 1, 2].includes(transactionVersion))
    throw new RangeError(`transactionVersion is 0, 1 or 2, not ${String(transactionVersion)}`)
  if (typeof era === 'string') return Array.from({ length: brokers }, () => era)
  if (era.length === brokers) return era
  throw new RangeError(`the test cluster has ${brokers} brokers and ${era.length} eras`)
}

/** What clients have to do to be let in. */
export interface ClusterLogin {
  readonly users: Users
  /** null: nobody has to log in. */
  readonly listener: ListenerLogin | null
}

/** @throws {RangeError} for a mechanism that there is not, or a lifetime that is no time. */
export function loginOf(options: TestClusterOptions): ClusterLogin {
  const { users: passwords, validateToken = null, mechanisms = null, sessionLifetimeMs = 0 } = options
  for (const name of mechanisms ?? []) {
    if (!mechanismNames.includes(name))
      throw new RangeError(
        `a test cluster has the mechanisms ${mechanismNames.join(', ')}, not ${String(name)}`,
      )
  }
  if (!(Number.isFinite(sessionLifetimeMs) && sessionLifetimeMs >= 0))
    throw new RangeError(`sessionLifetimeMs is a number of milliseconds, not ${String(sessionLifetimeMs)}`)
  const users = new Users(passwords)
  if (!passwords && !validateToken) return { users, listener: null }
  return { users, listener: new ListenerLogin({ users, validateToken, mechanisms, sessionLifetimeMs }) }
}
