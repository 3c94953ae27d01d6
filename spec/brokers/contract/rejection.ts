import { expect } from 'chai'

/** What `promise` rejects with; fails when it does not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  const nothing = Symbol('nothing')
  const outcome = await promise.then(
    () => nothing,
    (error: unknown) => error,
  )
  expect(outcome, 'a rejection').not.to.equal(nothing)
  return outcome
}
