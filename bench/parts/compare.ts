/** Samples of rows: each product, and the floor where there is one, interleaved, against null brokers. */
import type { Context } from '../context.js'
import type { Sample } from '../programs/support/measured.js'
import type { Cell, Column } from '../report/report.js'
import { type BrokerFigures, type ProgramRun, runAgainst, runProgram } from '../support/program.js'
import { interleaved, type Samples, type Variant } from '../support/rounds.js'
import { ratioOf, type Spread, spreadOf } from '../support/statistics.js'
import type { Row } from '../workloads.js'

/** Those of a null broker are missing where it is not one. */
type ComparedFigures = Sample & Partial<BrokerFigures>

export type FiguresByVariant = ReadonlyMap<string, Samples<ComparedFigures>>

export interface ComparedVariant extends Pick<ProgramRun, 'program' | 'execArgv'> {
  readonly name: string
  /** Folder of the product; empty for the floor. */
  readonly product: string
  readonly variant?: string
  /** Default: that of the others. */
  readonly row?: Row
}

export const FLOOR: ComparedVariant = { name: 'floor', program: 'floor/main', product: '' }

export function productVariants({ products }: Context): ComparedVariant[] {
  return products.map(({ name, folder }) => ({ name, program: 'clients/classic', product: folder }))
}

/**
 * One row: all variants in turn, as many rounds as the context says.
 * @param bootstrap - of other brokers than the null brokers of the row.
 */
export async function compare(
  context: Context,
  row: Row,
  variants: readonly ComparedVariant[],
  bootstrap: string | null = null,
): Promise<FiguresByVariant> {
  context.log(row.name)
  const plain: Variant<ComparedFigures>[] = variants.map(
    ({ name, program, product, variant = '', row: own = row, execArgv = [] }) => ({
      name,
      sample: async () => {
        const { workload, broker: shape } = own
        const plan = { variant, product, workload, partitions: shape.partitions }
        if (bootstrap !== null) return runProgram({ program, plan: { ...plan, bootstrap }, execArgv })
        const broker = await context.nullBrokers.get(shape)
        return runAgainst(broker, { program, plan: { ...plan, bootstrap: broker.bootstrap }, execArgv })
      },
    }),
  )
  return interleaved(plain, context.rounds, (name, _round, figures, failure) =>
    context.log(
      figures
        ? `  ${name} ${figures.cpuUs.toFixed(3)} µs, ${rounded(figures.perSecond)}/s`
        : `  ${name}: ${failure}`,
    ),
  )
}

function rounded(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en-US')
}

export type FigureName = {
  [Name in keyof ComparedFigures]-?: ComparedFigures[Name] extends number | undefined ? Name : never
}[keyof ComparedFigures]

export function figuresOf(samples: FiguresByVariant, variant: string, figure: FigureName): number[] {
  return (samples.get(variant)?.rounds ?? []).map((round) => round[figure] ?? Number.NaN)
}

/** Null where a variant has no samples. */
export function spreadOfFigure(
  samples: FiguresByVariant,
  variant: string,
  figure: FigureName,
): Spread | null {
  const values = figuresOf(samples, variant, figure)
  return values.length === 0 ? null : spreadOf(values)
}

export function ratioOfFigures(
  samples: FiguresByVariant,
  variant: string,
  base: string,
  figure: FigureName,
): Spread | null {
  return ratioOf(figuresOf(samples, variant, figure), figuresOf(samples, base, figure))
}

/** Columns that say how a variant did, whatever it is compared with. */
export const healthColumns: readonly Column[] = [
  { name: 'collector', unit: 'share' },
  { name: 'loop delay p99', unit: 'ms' },
  { name: 'RSS peak', unit: 'MB' },
  { name: 'null broker', unit: 'share' },
]

export function healthCells(samples: FiguresByVariant, variant: string): Cell[] {
  return (['gcShare', 'delayP99Ms', 'peakRssMb', 'brokerShare'] as const).map((figure) =>
    spreadOfFigure(samples, variant, figure),
  )
}
