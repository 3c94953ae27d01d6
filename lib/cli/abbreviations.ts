/**
 * Writes abbreviated options out: joptsimple, which the original used, took every unambiguous beginning of an option
 * for the option. Knows which options take a value, so that a value is never mistaken for an option.
 */

/** An option with its dashes → whether it always takes a value. */
export type TakesValue = ReadonlyMap<string, boolean>

/**
 * @param tellAmbiguous - called with the argument and the options that begin with it; must not return.
 * @returns the arguments; what is no option, and what begins no option, as it is.
 */
export function expandAbbreviations(
  argv: readonly string[],
  takesValue: TakesValue,
  tellAmbiguous: (argument: string, candidates: readonly string[]) => never,
): string[] {
  const names = [...takesValue.keys()]
  const expanded: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!
    const [beginning, assigned] = splitAtFirst(argument)
    const name = names.includes(beginning) ? beginning : nameOf(beginning)
    expanded.push(assigned === undefined ? name : `${name}=${assigned}`)
    const isValueNext = assigned === undefined && takesValue.get(name) === true && i + 1 < argv.length
    if (isValueNext) expanded.push(argv[++i]!)
  }
  return expanded

  function nameOf(beginning: string): string {
    if (!beginning.startsWith('--') || beginning === '--') return beginning
    const candidates = names.filter((name) => name.startsWith(beginning))
    if (candidates.length > 1) tellAmbiguous(beginning, candidates)
    return candidates[0] ?? beginning
  }
}

/** `--a=b=c` → `--a` and `b=c`; anything that is no option stays whole. */
function splitAtFirst(argument: string): [string, string | undefined] {
  const at = argument.startsWith('--') ? argument.indexOf('=') : -1
  return at < 0 ? [argument, undefined] : [argument.slice(0, at), argument.slice(at + 1)]
}
