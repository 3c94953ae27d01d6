/** The pages that are made from reports: `docs/benchmarks/index.md`, and the table of the README. Pure. */
import type { Environment, Report } from './report.js'
import { markdownTable } from './tables.js'

const QUICK_WARNING =
  '**From a quick run:** short samples, few rounds. Good for a first look, not for a comparison.'

/** @param order - names of parts; reports of others come last. */
export function benchmarksPage(reports: readonly Report[], order: readonly string[]): string {
  const sorted = inOrder(reports, order)
  const contents = sorted.map(({ part, title }) => `- [${title}](#${part})`)
  return `# Benchmarks

Written by \`npm run bench\`; each part says when, on what and by which command. Absolute figures belong to one machine on one
day, so ratios within one interleaved run come first. What is lost is listed as what is won.

${contents.join('\n')}

${sorted.map(sectionOf).join('\n\n')}
`
}

/** The lines of the README: one for each headline. */
export function headlineTable(reports: readonly Report[], order: readonly string[]): string {
  const sorted = inOrder(reports, order).filter(({ headlines }) => headlines.length > 0)
  if (sorted.length === 0) return 'Nothing has been measured yet.'
  const environments = [...new Set(sorted.map(({ environment }) => environmentText(environment)))]
  const isQuick = sorted.some(({ environment }) => environment.isQuick)
  return [
    `${environments.join('; ')}. In brackets the lowest and the highest round. All tables: [benchmarks](docs/benchmarks/index.md).`,
    ...(isQuick ? ['', QUICK_WARNING] : []),
    '',
    '| measured | |',
    '|---|--:|',
    ...sorted.flatMap(({ headlines }) => headlines.map(({ what, figure }) => `| ${what} | ${figure} |`)),
  ].join('\n')
}

function inOrder(reports: readonly Report[], order: readonly string[]): Report[] {
  const rank = ({ part }: Report): number => (order.includes(part) ? order.indexOf(part) : order.length)
  return [...reports].sort((a, b) => rank(a) - rank(b))
}

export function environmentText({ date, node, cores, memoryGb }: Environment): string {
  return `${date}, Node.js ${node}, ${cores} cores, ${memoryGb} GB`
}

function sectionOf({ part, title, text, environment, tables, charts }: Report): string {
  const blocks = tables.map((table) =>
    [table.title === '' ? '' : `### ${table.title}`, table.note, markdownTable(table)]
      .filter((block) => block !== '')
      .join('\n\n'),
  )
  return [
    `<a id="${part}"></a>`,
    `## ${title}`,
    `\`${environment.command}\`: ${environmentText(environment)}. [Figures](${part}.json)`,
    ...(environment.isQuick ? [QUICK_WARNING] : []),
    text,
    ...blocks,
    ...charts.map(({ name, title: chartTitle }) => `![${chartTitle}](${name}.svg)`),
  ].join('\n\n')
}
