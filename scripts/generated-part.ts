/**
 * Parts of documents that are generated: what stands between the lines `<!-- NAME:begin -->` and `<!-- NAME:end -->`.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

export interface GeneratedPart {
  readonly document: string
  /** NAME of its two lines. */
  readonly name: string
  readonly content: string
  /** What it was made from, for whoever finds it out of date. */
  readonly source: string
}

/**
 * The document with the content between its two lines.
 *
 * @throws {Error} if a line is missing, or they are the wrong way round.
 */
export function withPart(text: string, { document, name, content }: Omit<GeneratedPart, 'source'>): string {
  const beginLine = `<!-- ${name}:begin -->`
  const endLine = `<!-- ${name}:end -->`
  const begin = text.indexOf(beginLine)
  const end = text.indexOf(endLine)
  if (begin === -1 || end < begin)
    throw new Error(`${document} needs a line ${beginLine} and, below it, a line ${endLine}`)
  return `${text.slice(0, begin + beginLine.length)}\n\n${content}\n\n${text.slice(end)}`
}

/**
 * Writes what is out of date, or with `isCheck` only names it. A document that does not exist is passed over.
 *
 * @returns the exit code: 1 when something is out of date in a check, or has lost its lines.
 */
export function updateParts(parts: readonly GeneratedPart[], isCheck: boolean): number {
  let code = 0
  for (const part of parts.filter(({ document }) => existsSync(document))) {
    try {
      const text = readFileSync(part.document, 'utf8')
      const updated = withPart(text, part)
      if (updated === text) continue
      if (isCheck) throw new Error(`${part.document} is out of date with ${part.source}: run npm run docs`)
      writeFileSync(part.document, updated)
      console.log(`${part.document} written`)
    } catch (problem) {
      console.error(problem instanceof Error ? problem.message : problem)
      code = 1
    }
  }
  return code
}
