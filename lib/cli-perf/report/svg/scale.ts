/** Scales of the axes of a chart: which values get a tick, and where a value lies between the ends. Pure. */

export interface Scale {
  /** Ascending, each between the ends. */
  readonly ticks: readonly number[]
  /** Where a value lies: 0 at the lower end, 1 at the upper one. */
  at(value: number): number
}

const STEPS = [1, 2, 5, 10]
/** Keeps the noise of floating-point sums out of labels. */
const DIGITS = 12
/** A float that lies on a tick may be off by that part of a step. */
const SLACK = 1e-9

/**
 * From `min` on, with ticks at 1, 2 or 5 times a power of ten.
 *
 * @param maxTicks - at least 2.
 * @param isExact - the upper end is `max`; else the first tick that is not below it.
 */
export function linearScale(min: number, max: number, maxTicks: number, isExact = false): Scale {
  const span = max > min ? max - min : 1
  const step = stepFor(span, maxTicks)
  const last = isExact ? Math.floor(span / step + SLACK) : Math.ceil(span / step - SLACK)
  const ticks = Array.from({ length: last + 1 }, (_, i) => rounded(min + i * step))
  const width = isExact ? span : last * step
  return { ticks, at: (value) => (value - min) / width }
}

/** The smallest step that needs no more ticks than that. */
function stepFor(span: number, maxTicks: number): number {
  const rough = span / Math.max(maxTicks - 1, 1)
  const power = 10 ** Math.floor(Math.log10(rough))
  return power * STEPS.find((step) => step * power >= rough * (1 - SLACK))!
}

/**
 * Logarithmic, from the tick at or below `lowest` to the one at or above `highest`; ticks at 1, 2 and 5 times each power of ten,
 * or at powers alone where that were too many.
 *
 * @param lowest - above 0.
 */
export function logScale(lowest: number, highest: number, maxTicks: number): Scale {
  const steps = stepsBetween(lowest, Math.max(highest, lowest))
  const [first, last] = [Math.log10(steps[0]!), Math.log10(steps.at(-1)!)]
  const powers = steps.filter((value) => isPower(value))
  const every = Math.ceil(powers.length / maxTicks)
  const ticks = steps.length <= maxTicks ? steps : powers.filter((_, i) => i % every === 0)
  return { ticks, at: (value) => (Math.log10(value) - first) / (last - first) }
}

/** At least two. */
function stepsBetween(lowest: number, highest: number): number[] {
  const all: number[] = []
  const [low, high] = [Math.floor(Math.log10(lowest)), Math.ceil(Math.log10(highest))]
  for (let power = low; power <= high + 1; power++) {
    for (const step of [1, 2, 5]) all.push(rounded(step * 10 ** power))
  }
  const first = all.findLastIndex((value) => value <= lowest * (1 + SLACK))
  const last = all.findIndex((value) => value >= highest * (1 - SLACK))
  return all.slice(first, Math.max(last, first + 1) + 1)
}

function isPower(value: number): boolean {
  const exponent = Math.log10(value)
  return Math.abs(exponent - Math.round(exponent)) < SLACK
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS))
}
