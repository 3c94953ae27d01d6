/** Tables as markdown, and as text for a terminal. Pure. */
import type { Spread } from '../support/statistics.js'
import type { Cell, Column, Table, Unit } from './report.js'

const NOTHING = '–'

/** A value as a reader wants it: three significant digits, or whole numbers with commas. */
export function formatted(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return NOTHING
  switch (unit) {
    case 'ratio':
      return `× ${digits(value)}`
    case 'share':
      return `${digits(value * 100)} %`
    case 'perSecond':
      return Math.round(Number(value.toPrecision(3))).toLocaleString('en-US')
    case 'count':
      return Math.round(value).toLocaleString('en-US')
    default:
      return digits(value)
  }
}

/** Three significant digits, two after the point at most. */
function digits(value: number): string {
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(size >= 10 ? 1 : 2)
}

export function cellText(cell: Cell | undefined, { unit, hasSpread = false }: Column): string {
  if (cell === null || cell === undefined) return NOTHING
  if (typeof cell === 'string') return cell
  if (typeof cell === 'number') return formatted(cell, unit)
  const { median, lowest, highest }: Spread = cell
  const text = formatted(median, unit)
  if (!hasSpread || lowest === highest) return text
  const bare = (value: number): string => formatted(value, unit).replace(/^× | %$/g, '')
  return `${text} (${bare(lowest)}–${bare(highest)})`
}

/** A column's name with its unit, where the name alone does not say it. */
export function heading({ name, unit }: Column): string {
  return unit === 'µs' || unit === 'ms' || unit === 'MB' || unit === 'bytes' ? `${name}, ${unit}` : name
}

export function markdownTable({ columns, rows }: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = columns.map(({ unit }) => (unit === 'text' ? '---' : '--:'))
  return [
    line(columns.map(heading)),
    `|${rule.join('|')}|`,
    ...rows.map((row) => line(columns.map((column, index) => cellText(row[index], column)))),
  ].join('\n')
}

export function plainTable({ columns, rows }: Table): string {
  const texts = [
    columns.map(heading),
    ...rows.map((row) => columns.map((column, index) => cellText(row[index], column))),
  ]
  const widths = columns.map((_, index) => Math.max(...texts.map((row) => row[index]!.length)))
  return texts
    .map((row) =>
      row
        .map((text, index) =>
          columns[index]!.unit === 'text' ? text.padEnd(widths[index]!) : text.padStart(widths[index]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
