/**
 * What a part of the bench found, as it is kept as JSON in `docs/benchmarks`: figures, not text, so that page, charts
 * and the README's table are made from it alone.
 */
import type { Spread } from '../support/statistics.js'

export type Unit = 'text' | 'ratio' | 'µs' | 'ms' | 'MB' | 'bytes' | 'share' | 'count' | 'perSecond'

export interface Column {
  readonly name: string
  readonly unit: Unit
  /** Shows how far the rounds lie apart. Default false. */
  readonly hasSpread?: boolean
}

/** Null: not measured, or not known. */
export type Cell = string | number | Spread | null

export interface Table {
  readonly title: string
  /** Markdown, above the table. Empty for none. */
  readonly note: string
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
}

export interface Series {
  readonly name: string
  /** `[x, y]`; of bars, x counts. */
  readonly points: readonly (readonly [x: number, y: number | null])[]
}

export interface Chart {
  /** Of its file, without the ending. */
  readonly name: string
  readonly title: string
  /** Drawn: by its part, not from figures. */
  readonly kind: 'bars' | 'lines' | 'drawn'
  /** Of bars: what each stands for. Of lines: the name of the x axis alone. */
  readonly labels: readonly string[]
  readonly unit: Unit
  readonly series: readonly Series[]
}

/** A line of the README's table. */
export interface Headline {
  readonly what: string
  readonly figure: string
}

export interface Environment {
  /** YYYY-MM-DD. */
  readonly date: string
  readonly node: string
  readonly cores: number
  readonly memoryGb: number
  readonly command: string
  /** Short samples and few rounds: good for a first look alone. */
  readonly isQuick: boolean
}

export interface Findings {
  readonly title: string
  /** Markdown: what was measured, and how. */
  readonly text: string
  readonly tables: readonly Table[]
  readonly charts: readonly Chart[]
  readonly headlines: readonly Headline[]
  /** SVG by the name of its chart, for those that are drawn; not kept as figures. */
  readonly drawings?: Readonly<Record<string, string>>
}

export interface Report extends Omit<Findings, 'drawings'> {
  readonly part: string
  readonly environment: Environment
}
