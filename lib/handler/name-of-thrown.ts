/**
 * What something thrown by foreign code is called in a message: an error by its name, anything else by its type.
 * Never its text, which may show a payload; and whatever was thrown, naming it does not throw.
 */
import { printable } from '../errors.js'

export function nameOfThrown(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return printable(String(thrown.name))
  } catch {
    // An error that cannot even tell its name.
  }
  return `something of type ${typeof thrown}`
}
