/**
 * Which brokers take nothing though there is something for them: `partitioner.availability.timeout.ms`.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-794
 */

interface NodeTimes {
  /** When there was something for it the last time. */
  readyMs: number
  /** When it could take something the last time. */
  drainedMs: number
}

export class NodeLatency {
  readonly #timeoutMs: number
  readonly #timesByNode = new Map<number, NodeTimes>()

  /** @param timeoutMs - 0: no broker is ever slow. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** There is something for a broker. @param canDrain - whether it can take it now. */
  update(nodeId: number, nowMs: number, canDrain: boolean): void {
    if (this.#timeoutMs === 0) return
    const times = this.#timesByNode.get(nodeId)
    if (!times) {
      this.#timesByNode.set(nodeId, { readyMs: nowMs, drainedMs: nowMs })
      return
    }
    times.readyMs = nowMs
    if (canDrain) times.drainedMs = nowMs
  }

  isSlow(nodeId: number): boolean {
    const times = this.#timeoutMs === 0 ? undefined : this.#timesByNode.get(nodeId)
    return times !== undefined && times.readyMs - times.drainedMs > this.#timeoutMs
  }
}
