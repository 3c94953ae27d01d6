/** Counts in texts for people: "1 message", "2 messages". */

/** @param plural - only where it is not the noun with an s. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`
}
