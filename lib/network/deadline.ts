/**
 * Time limits on what a peer does.
 *
 * A stall of this process must not pass for a slow peer: when the time is up, the event loop first gets to read what
 * has arrived meanwhile.
 *
 * @see docs/decisions/0000-classic-producer.md#d7
 */

/**
 * Calls `onExpired` after `timeoutMs`, unless cancelled before; then also when the time is up and only the reading
 * is not done.
 *
 * @param timeoutMs - at most 2³¹−1, as for any timer of Node.
 * @returns cancels; may be called more than once.
 */
export function startDeadline(timeoutMs: number, onExpired: () => void): () => void {
  let lastTurn: NodeJS.Immediate | undefined
  const timer = setTimeout(() => {
    lastTurn = setImmediate(onExpired)
  }, timeoutMs)
  return () => {
    clearTimeout(timer)
    clearImmediate(lastTurn)
  }
}
