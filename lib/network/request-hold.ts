/**
 * Holds the requests of a connection back while something else has it to itself, such as another login. They go on in the order
 * in which they came, all in the turn in which the hold ends: nothing that is sent later gets in front of them.
 */
export class RequestHold {
  #waiting: (() => void)[] | null = null

  get isHeld(): boolean {
    return this.#waiting !== null
  }

  /** From now on requests are to {@link wait}. */
  begin(): void {
    this.#waiting ??= []
  }

  /** Resolves as the request does, which is sent when the hold ends; a request that throws rejects. */
  wait<T>(send: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting!.push(() => {
        try {
          resolve(send())
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  /** Lets all go on now. A second call does nothing. */
  end(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = null
    for (const goOn of waiting) goOn()
  }
}
