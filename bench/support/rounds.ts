/**
 * Interleaved rounds: each round takes one sample of every variant, and begins with another variant than the round before,
 * so that what happens to the machine meanwhile is shared by all.
 */

export interface Variant<Figures> {
  readonly name: string
  sample(): Promise<Figures>
}

export interface Samples<Figures> {
  /** One per round; empty when the variant failed. */
  readonly rounds: readonly Figures[]
  /** Why it has no samples; the first failure ends a variant. */
  readonly failure: string | null
}

/** @returns samples by the name of their variant, in the order of the variants. */
export async function interleaved<Figures>(
  variants: readonly Variant<Figures>[],
  rounds: number,
  onSample: (
    variant: string,
    round: number,
    figures: Figures | null,
    failure: string | null,
  ) => void = () => {},
): Promise<Map<string, Samples<Figures>>> {
  const figuresOf = new Map<string, Figures[]>(variants.map(({ name }) => [name, []]))
  const failures = new Map<string, string>()
  for (let round = 0; round < rounds; round++) {
    for (const { name, sample } of rotated(variants, round)) {
      if (failures.has(name)) continue
      try {
        const figures = await sample()
        figuresOf.get(name)!.push(figures)
        onSample(name, round, figures, null)
      } catch (error) {
        failures.set(name, error instanceof Error ? error.message : String(error))
        onSample(name, round, null, failures.get(name)!)
      }
    }
  }
  return new Map(
    [...figuresOf].map(([name, all]) => {
      const failure = failures.get(name) ?? null
      return [name, { rounds: failure === null ? all : [], failure }]
    }),
  )
}

export function rotated<T>(all: readonly T[], by: number): T[] {
  const at = all.length === 0 ? 0 : by % all.length
  return [...all.slice(at), ...all.slice(0, at)]
}
