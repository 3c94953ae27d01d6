/** Lists of texts that should be the same, and how they differ. */

const LONGEST_SHOWN = 300

/** Where two lists part, one line each; `what` is what they list. */
export function listDifferences(what: string, expected: readonly string[], got: readonly string[]): string[] {
  const found: string[] = []
  if (got.length !== expected.length) found.push(`${what}: ${got.length}, expected ${expected.length}`)
  const at = [...Array(Math.max(expected.length, got.length)).keys()].find(
    (index) => expected[index] !== got[index],
  )
  if (at === undefined) return found
  return [...found, `${what}, number ${at + 1}: ${shown(got[at])}; expected ${shown(expected[at])}`]
}

/** As {@link listDifferences} without regard to order. */
export function setDifferences(what: string, expected: readonly string[], got: readonly string[]): string[] {
  return listDifferences(`${what}, sorted`, [...expected].sort(), [...got].sort())
}

export function shown(text: string | undefined): string {
  if (text === undefined) return 'nothing'
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
}

/** The items by what `keyOf` says of them, in their order. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

/** Compares group by group; a group that one side lacks is compared with an empty one. */
export function groupDifferences<T>(
  expected: ReadonlyMap<string, T[]>,
  got: ReadonlyMap<string, T[]>,
  compare: (name: string, expected: T[], got: T[]) => string[],
): string[] {
  const names = [...new Set([...expected.keys(), ...got.keys()])].sort()
  return names.flatMap((name) => compare(name, expected.get(name) ?? [], got.get(name) ?? []))
}
