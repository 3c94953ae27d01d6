/** Which producer a command line asks for: `--new-producer` chooses, wherever it stands, unless it is the value of another option. */
import { type Tool, takesValues } from './command-line.js'

const NEW_PRODUCER = '--new-producer'

/**
 * @param argv - without the executable and the script.
 * @param tools - the tool with either producer: only options of one of them can be told from values.
 */
export function choosesNewProducer(argv: readonly string[], ...tools: readonly Tool[]): boolean {
  const takesValue = new Map(tools.flatMap(({ rows }) => [...takesValues(rows)]))
  // What is ambiguous between the tools is left for the parser of the chosen one.
  const names = [...takesValue.keys()]
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!
    if (argument === '--') return false
    const fitting = names.filter((name) => name === argument)
    const candidates = fitting.length > 0 ? fitting : names.filter((name) => name.startsWith(argument))
    if (!argument.startsWith('--') || candidates.length === 0) continue
    if (candidates.every((name) => name === NEW_PRODUCER)) return true
    if (candidates.every((name) => takesValue.get(name))) i++
  }
  return false
}
