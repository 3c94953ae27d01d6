/** The signals that end the tool in good order. Only tools listen to signals; the library never does. */

/** Name → number; a shell sees 128 and the number. */
export const stopSignals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

export type StopSignal = keyof typeof stopSignals

/**
 * @param onSignal - called for the first and for the second signal; a third one ends the process as if nobody listened.
 * @returns stops listening.
 */
export function onStopSignals(onSignal: (signal: StopSignal) => void): () => void {
  let received = 0
  const names = Object.keys(stopSignals) as StopSignal[]
  const listener = (signal: NodeJS.Signals): void => {
    received++
    if (received === 2) forget()
    onSignal(signal as StopSignal)
  }
  const forget = (): void => {
    for (const name of names) process.off(name, listener)
  }
  for (const name of names) process.on(name, listener)
  return forget
}
