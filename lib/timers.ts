/** Timers that everybody needs; a leaf. */

/** Node lets a timer that is set for longer go off at once. */
export const LONGEST_TIMER_MS = 0x7fffffff

/** Resolves after this number of milliseconds, or when the signal aborts; at once where it is aborted already. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
