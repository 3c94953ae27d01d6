/**
 * What sections a Markdown page has, under the names that links use: GitHub's, which are the heading in small letters,
 * without punctuation, blanks as hyphens, and a number behind the second one of a name.
 *
 * @see https://github.com/Flet/github-slugger for the rule, which GitHub does not document
 */

/** The anchors of a page, those of `<a id="…">` included. */
export function sectionsOf(page: string): ReadonlySet<string> {
  const sections = new Set<string>()
  const times = new Map<string, number>()
  for (const line of withoutCode(page.split('\n'))) {
    for (const [, id] of line.matchAll(/<a (?:id|name)="([^"]+)"/g)) sections.add(id!)
    const heading = /^#{1,6} +(.*?)(?: +#+)? *$/.exec(line)?.[1]
    if (heading === undefined) continue
    const slug = slugOf(heading)
    const before = times.get(slug) ?? 0
    times.set(slug, before + 1)
    sections.add(before === 0 ? slug : `${slug}-${before}`)
  }
  return sections
}

/** The lines of a page, those of fenced code empty. */
export function withoutCode(lines: readonly string[]): string[] {
  let isCode = false
  return lines.map((line) => {
    const isFence = /^ *(```|~~~)/.test(line)
    if (isFence) isCode = !isCode
    return isCode || isFence ? '' : line
  })
}

function slugOf(heading: string): string {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-')
}
