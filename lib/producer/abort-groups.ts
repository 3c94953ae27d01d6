/**
 * Calls that one AbortSignal ends together: one listener per signal, however many calls wait with it. A listener for
 * each would mean a leak warning from the eleventh on, and a walk over all of them whenever one comes or goes.
 */

interface Group<T> {
  readonly members: Set<T>
  readonly onAbort: () => void
}

export class AbortGroups<T> {
  readonly #end: (members: ReadonlySet<T>) => void
  readonly #bySignal = new Map<AbortSignal, Group<T>>()

  /** @param end - called with all members of a signal when it aborts; they are no members any more by then. */
  constructor(end: (members: ReadonlySet<T>) => void) {
    this.#end = end
  }

  /** The signal must not have aborted yet. */
  add(signal: AbortSignal, member: T): void {
    const group = this.#bySignal.get(signal)
    if (group) {
      group.members.add(member)
      return
    }
    const members = new Set([member])
    const onAbort = (): void => {
      this.#forget(signal, onAbort)
      this.#end(members)
    }
    signal.addEventListener('abort', onAbort)
    this.#bySignal.set(signal, { members, onAbort })
  }

  /** Does nothing for who is no member. */
  delete(signal: AbortSignal, member: T): void {
    const group = this.#bySignal.get(signal)
    if (!group?.members.delete(member)) return
    if (group.members.size === 0) this.#forget(signal, group.onAbort)
  }

  #forget(signal: AbortSignal, onAbort: () => void): void {
    this.#bySignal.delete(signal)
    try {
      signal.removeEventListener('abort', onAbort)
    } catch {
      // A signal of another make; what it still calls finds nobody.
    }
  }
}
