/** What the listeners of a test cluster ask of clients: which mechanisms, and how long a session lasts. */
import { type Era, eraNamed } from '../eras.js'
import { OAuthBearerServer } from './oauthbearer-server.js'
import { PlainServer } from './plain-server.js'
import { ScramServer } from './scram-server.js'
import type { Credentials, MechanismName, ServerExchange } from './server-exchange.js'

interface Mechanism {
  readonly name: MechanismName
  /** First era that has it, by its name. */
  readonly since: string
  readonly needs: 'users' | 'tokens'
  begin(credentials: Credentials): ServerExchange
}

const mechanisms: readonly Mechanism[] = [
  { name: 'PLAIN', since: '0.10', needs: 'users', begin: (credentials) => new PlainServer(credentials) },
  ...(['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const).map(
    (name): Mechanism => ({
      name,
      since: '0.10',
      needs: 'users',
      begin: (credentials) => new ScramServer(name, credentials),
    }),
  ),
  {
    name: 'OAUTHBEARER',
    since: '2.8',
    needs: 'tokens',
    begin: (credentials) => new OAuthBearerServer(credentials),
  },
]

export const mechanismNames: readonly MechanismName[] = mechanisms.map(({ name }) => name)

export interface ListenerLoginOptions extends Credentials {
  /** Default: all that there are credentials for. */
  readonly mechanisms: readonly MechanismName[] | null
  /** Default: sessions do not end by themselves. */
  readonly sessionLifetimeMs: number
}

export class ListenerLogin {
  readonly sessionLifetimeMs: number
  readonly #options: ListenerLoginOptions

  constructor(options: ListenerLoginOptions) {
    this.#options = options
    this.sessionLifetimeMs = options.sessionLifetimeMs
  }

  /** What a broker of this era has. */
  mechanismsOf(era: Era): MechanismName[] {
    const { mechanisms: wanted, validateToken } = this.#options
    return mechanisms
      .filter(({ name, since, needs }) => {
        if (wanted && !wanted.includes(name)) return false
        if (needs === 'tokens' && !validateToken) return false
        return isSince(era, since)
      })
      .map(({ name }) => name)
  }

  begin(name: string): ServerExchange {
    return mechanisms.find((mechanism) => mechanism.name === name)!.begin(this.#options)
  }
}

/** Releases are in the order of the table of eras. */
function isSince(era: Era, since: string): boolean {
  return orderOf(era.release) >= orderOf(eraNamed(since).release)
}

function orderOf(release: string): number {
  const [major = 0, minor = 0] = release.split('.').map(Number)
  return major * 1000 + minor
}
