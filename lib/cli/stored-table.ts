/** Stored messages as an aligned table, for people. */
import type { StoredMessage } from '../testing/index.js'

/** @param messages - as TestCluster gives them. */
export function storedTable(topic: string, messages: readonly StoredMessage[]): string {
  const rows = messages.map(({ partition, offset, key, value }) => [
    topic,
    String(partition),
    String(offset),
    key === null ? '(none)' : key.toString(),
    value === null ? '(null)' : value.toString(),
  ])
  return table(['topic', 'partition', 'offset', 'key', 'value'], rows)
}

/** Rows as aligned text, for people. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd()
  return [line(header), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n')
}
