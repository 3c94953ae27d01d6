/**
 * Polling with a limit: for what a real broker does in its own time and announces nowhere.
 */

export interface EventuallyOptions {
  /** Longest wait; then the promise rejects. */
  readonly timeoutMs: number
  /** Pause between two looks. Default 40. */
  readonly everyMs?: number
  /** What is waited for and what was last seen; completes the sentence "waited 5000 ms for …". */
  readonly what: () => string
}

/** Calls `look` until it gives something other than null, and resolves with that. An error of `look` ends the wait. */
export async function eventually<T>(
  look: () => T | null | Promise<T | null>,
  options: EventuallyOptions,
): Promise<T> {
  const deadline = performance.now() + options.timeoutMs
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (performance.now() >= deadline) {
      throw new Error(`waited ${options.timeoutMs} ms for ${options.what()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 40))
  }
}
