/**
 * Finds the known key that was probably meant by an unknown one. Pure: it compares texts only.
 */

/** A longer key is no typing error, and comparing it would cost. */
const MAX_COMPARED_CHARACTERS = 100

/**
 * The candidate that differs only in case or punctuation, else the nearest one within a quarter of the key's
 * length and three edits; undefined if there is none.
 */
export function similarKey(key: string, candidates: Iterable<string>): string | undefined {
  if (key.length > MAX_COMPARED_CHARACTERS) return undefined
  const wanted = bare(key)
  let nearest: string | undefined
  let least = Math.min(3, Math.floor(wanted.length / 4)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(wanted, bare(candidate))
    if (distance < least) {
      nearest = candidate
      least = distance
    }
  }
  return nearest
}

const bare = (key: string): string => key.toLowerCase().replace(/[._-]/g, '')

/** Levenshtein: insertions, deletions and substitutions that turn one word into the other. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const substitution = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1)
      current.push(Math.min(substitution, previous[column]! + 1, current[column - 1]! + 1))
    }
    previous = current
  }
  return previous[to.length]!
}
