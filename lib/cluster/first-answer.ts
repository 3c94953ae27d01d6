/**
 * Asks one candidate after the other until one has answered, and the next one beside those that take long: somebody who accepts
 * a question and never answers costs a moment, not a time limit. Knows nothing of brokers.
 */

/**
 * @param ask - one candidate; what it rejects with is its own affair.
 * @param patienceMs - how long the latest one may take before the next one is asked beside it.
 * @returns the first answer, or null when nobody is left who could give one.
 */
export function firstAnswer<Candidate, Answer>(
  candidates: readonly Candidate[],
  ask: (candidate: Candidate) => Promise<Answer>,
  patienceMs: number,
): Promise<Answer | null> {
  return new Promise((resolve) => {
    let asked = 0
    let unanswered = 0
    let timer: NodeJS.Timeout | undefined
    const end = (answer: Answer | null): void => {
      clearTimeout(timer)
      asked = candidates.length
      resolve(answer)
    }
    const askNext = (): void => {
      clearTimeout(timer)
      if (asked === candidates.length) {
        if (unanswered === 0) end(null)
        return
      }
      const candidate = candidates[asked++]!
      unanswered++
      if (asked < candidates.length) timer = setTimeout(askNext, patienceMs)
      ask(candidate).then(end, () => {
        unanswered--
        askNext()
      })
    }
    askNext()
  })
}
