/** Who imports whom, by the text of the files. */
import { posix } from 'node:path'

export type Graph = ReadonlyMap<string, readonly string[]>

export interface Import {
  /** From the root of the repository; the source file, where the compiled one is named. */
  readonly target: string
}

const statement = /^(?:import|export)\s+[^'";]*?\bfrom\s+'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm

/** The imports of files of ours; those of packages are left out. */
export function importsIn(text: string, file: string): Import[] {
  return [...text.matchAll(statement)].map(([, source, dynamic]) => ({
    target: posix.join(posix.dirname(file), (source ?? dynamic)!).replace(/\.js$/, '.ts'),
  }))
}

/** The first circle that is found, its first place named again at its end, or null. */
export function circleIn(graph: Graph): string[] | null {
  const done = new Set<string>()
  const path: string[] = []
  const visit = (place: string): string[] | null => {
    const at = path.indexOf(place)
    if (at !== -1) return [...path.slice(at), place]
    if (done.has(place)) return null
    path.push(place)
    for (const next of graph.get(place) ?? []) {
      const circle = visit(next)
      if (circle) return circle
    }
    path.pop()
    done.add(place)
    return null
  }
  for (const place of graph.keys()) {
    const circle = visit(place)
    if (circle) return circle
  }
  return null
}
