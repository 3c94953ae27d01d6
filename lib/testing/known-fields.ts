/** Refuses what a test misspelt: an option that nobody reads would change nothing, in silence. */
import { printable } from '../errors.js'

/** @param whose - such as `a topic`. @throws {RangeError} that lists the known fields for one that is not among them. */
export function refuseUnknownFields(whose: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name))
      throw new RangeError(`${whose} has ${known.join(', ')}, not ${printable(name)}`)
  }
}
