/** SASL mechanisms without cryptography. */
import type { SaslExchange, SaslMechanism } from '../../../lib/security/sasl-mechanism.js'

export interface FakeMechanismOptions {
  /** Default: PLAIN. */
  readonly name?: string
  /** What each exchange sends, first to last. Default: one token, `me`. */
  readonly tokens?: readonly string[]
  /** Called with each challenge; what it throws is the error of the exchange. */
  onChallenge?(challenge: string): void
  /** In place of the first token. */
  first?(): Promise<Buffer>
  /** Whether it is satisfied in the end. Default: yes. */
  readonly isSatisfied?: boolean
  expiresAt?(): number
}

export class FakeMechanism implements SaslMechanism {
  readonly name: string
  /** Brokers that an exchange was begun for. */
  readonly begun: string[] = []
  readonly #options: FakeMechanismOptions

  constructor(options: FakeMechanismOptions = {}) {
    this.#options = options
    this.name = options.name ?? 'PLAIN'
  }

  begin({ host, port }: { host: string; port: number }): SaslExchange {
    this.begun.push(`${host}:${port}`)
    const { tokens = ['me'], onChallenge, first, isSatisfied = true, expiresAt } = this.#options
    const left = [...tokens]
    const next = (): Buffer | undefined => {
      const token = left.shift()
      return token === undefined ? undefined : Buffer.from(token)
    }
    return {
      first: first ?? (async () => next()!),
      next: async (challenge) => {
        onChallenge?.(challenge.toString())
        return next()
      },
      get done() {
        return left.length === 0 && isSatisfied
      },
      ...(expiresAt && { expiresAt: expiresAt() }),
    }
  }
}
