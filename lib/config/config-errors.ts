/**
 * The errors of one configuration, gathered while it is read, so that all of them are reported at once.
 *
 * What cannot be read is replaced by a stand-in until the end, where the configuration is refused; a rule that compares several
 * settings asks {@link ConfigErrors.areSound} first, so that no error follows from another.
 */
import { asKafkaError, ConfigError } from '../errors.js'

/** More than anybody reads; a text from anywhere may have any number. */
const MAX_ERRORS = 100

export class ConfigErrors {
  readonly #found: ConfigError[] = []
  readonly #texts = new Set<string>()
  readonly #keys = new Set<string | undefined>()

  /**
   * What `read` returns; after a ConfigError, which is kept, the stand-in. Other errors are thrown on.
   *
   * @throws {ConfigError} as {@link throwIfAny}, at the hundredth.
   */
  attempt<T, S = T>(read: () => T, standIn: S): T | S {
    try {
      return read()
    } catch (thrown) {
      const error = asKafkaError(thrown)
      if (!(error instanceof ConfigError)) throw thrown
      this.#add(error)
      return standIn
    }
  }

  /** Whether none of these keys has an error so far. */
  areSound(keys: readonly string[]): boolean {
    return !keys.some((key) => this.#keys.has(key))
  }

  /** @throws {ConfigError} if there was one: that one, or one that lists all, in the order in which they were found. */
  throwIfAny(): void {
    const [first] = this.#found
    if (first === undefined) return
    if (this.#found.length === 1) throw first
    const lines = this.#found.map(({ message }) => message)
    const orMore = lines.length >= MAX_ERRORS ? ' or more' : ''
    const text = `${lines.length}${orMore} errors in the configuration:\n${lines.join('\n')}`
    throw new ConfigError(text, first.key, { errors: this.#found })
  }

  /** A setting may be read more than once. */
  #add(error: ConfigError): void {
    if (this.#texts.has(error.message)) return
    this.#texts.add(error.message)
    this.#keys.add(error.key)
    this.#found.push(error)
    if (this.#found.length >= MAX_ERRORS) this.throwIfAny()
  }
}
