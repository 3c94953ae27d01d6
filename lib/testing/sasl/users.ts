/** The users of a test cluster and their passwords, which may change while it runs. */
export class Users {
  readonly #passwords: Map<string, string>

  constructor(passwords: Readonly<Record<string, string>> = {}) {
    this.#passwords = new Map(Object.entries(passwords))
  }

  get isEmpty(): boolean {
    return this.#passwords.size === 0
  }

  passwordOf(user: string): string | undefined {
    return this.#passwords.get(user)
  }

  /** @param password - null removes the user. */
  set(user: string, password: string | null): void {
    if (password === null) this.#passwords.delete(user)
    else this.#passwords.set(user, password)
  }
}
