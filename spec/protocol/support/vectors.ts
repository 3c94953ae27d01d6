/**
 * Reads spec/vectors/*.hex: the first line says where the bytes come from, every other one is a comment or a name
 * and its bytes.
 */
import { readFileSync } from 'node:fs'

/** @param file - name in spec/vectors without `.hex`. Throws for a file without source or a name it does not hold. */
export function vectorsOf(file: string): (name: string) => Buffer {
  const [source, ...lines] = readFileSync(
    new URL(`../../vectors/${file}.hex`, import.meta.url),
    'utf8',
  ).split('\n')
  if (!source?.startsWith('# ')) throw new Error(`${file}.hex does not say where its bytes come from`)
  const bytesByName = new Map(
    lines
      .filter((line) => /^[^#]/.test(line))
      .map((line) => line.split(' ') as [name: string, bytes: string]),
  )
  return (name) => {
    const hex = bytesByName.get(name)
    if (hex === undefined) throw new Error(`${file}.hex holds no ${name}`)
    return Buffer.from(hex, 'hex')
  }
}
