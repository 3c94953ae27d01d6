/** Runs of a random spec, one per seed; the environment variable SEED runs that one alone. */

/**
 * Runs seeds 1 to `count`, so many beside each other that their waits overlap. After the first failure no other run begins.
 *
 * @throws {Error} that names the seed, caused by what its run has thrown.
 */
export async function forEachSeed(
  count: number,
  atATime: number,
  run: (seed: number) => Promise<void>,
): Promise<void> {
  const first = Number(process.env.SEED ?? 1)
  const seeds = Array.from({ length: process.env.SEED ? 1 : count }, (_, i) => first + i)
  const worker = async (): Promise<void> => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      try {
        await run(seed)
      } catch (error) {
        seeds.length = 0
        const text = `seed ${seed} (SEED=${seed} repeats it): ${(error as Error).message}`
        throw new Error(text, { cause: error })
      }
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: atATime }, worker))
  for (const outcome of workers) if (outcome.status === 'rejected') throw outcome.reason
}
