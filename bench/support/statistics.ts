/** What the samples of a few rounds say. Pure. */

/** The middle of a few values, and how far they lie apart. */
export interface Spread {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

/** @param values - at least one. The median of an even number is the mean of the middle two. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('no values')
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, lowest: sorted[0]!, highest: sorted.at(-1)! }
}

/**
 * Ratios round by round, so that what slowed down a whole round is in both of its figures. Rounds that only one of the
 * two has are left out.
 *
 * @returns null when they have no round in common.
 */
export function ratioOf(values: readonly number[], baseValues: readonly number[]): Spread | null {
  const rounds = Math.min(values.length, baseValues.length)
  if (rounds === 0) return null
  return spreadOf(values.slice(0, rounds).map((value, round) => value / baseValues[round]!))
}
