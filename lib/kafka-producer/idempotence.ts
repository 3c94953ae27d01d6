/**
 * Policy, pure: whether a configuration gives an idempotent producer, and what contradicts it. Kafka's
 * `ProducerConfig.postProcessAndValidateIdempotenceConfigs`.
 */

/** Batches that a broker remembers of a producer, so that it can tell a repeated one. */
const MAX_IN_FLIGHT = 5

export interface IdempotenceSettings {
  /** null where the key is not set. */
  readonly explicit: boolean | null
  /** What the release has where the key is not set. */
  readonly byDefault: boolean
  readonly isTransactional: boolean
  readonly acks: -1 | 0 | 1
  readonly retries: number
  readonly maxInFlight: number
  /** Whether more than five in flight are an error even where idempotence was not asked for, as from 4.0 on. */
  readonly refusesManyInFlight: boolean
}

export type Idempotence =
  | { readonly isOn: boolean; readonly notice: string | null }
  /** Key that is wrong, and why. */
  | {
      readonly wrong: 'acks' | 'retries' | 'max.in.flight.requests.per.connection' | 'enable.idempotence'
      readonly problem: string
    }

export function idempotenceOf(settings: IdempotenceSettings): Idempotence {
  const { explicit, byDefault, isTransactional } = settings
  const isWanted = explicit ?? (byDefault || isTransactional)
  if (!isWanted) {
    return isTransactional
      ? { wrong: 'enable.idempotence', problem: 'is false, and transactional.id needs it' }
      : { isOn: false, notice: null }
  }
  const conflict = conflictOf(settings)
  if (!conflict) return { isOn: true, notice: null }
  const [wrong, problem, isError] = conflict
  const needed = isTransactional ? 'transactional.id' : 'enable.idempotence'
  if (explicit || isTransactional || isError)
    return { wrong, problem: `${problem}, and ${needed} needs${needs[wrong]}` }
  return {
    isOn: false,
    notice: `${wrong} ${problem}: enable.idempotence is off, so a retry can store a record twice`,
  }
}

const needs = {
  acks: ' all',
  retries: ' at least 1',
  'max.in.flight.requests.per.connection': ` at most ${MAX_IN_FLIGHT}`,
} as const

type Conflict = readonly [key: keyof typeof needs, problem: string, isError: boolean]

function conflictOf({
  acks,
  retries,
  maxInFlight,
  refusesManyInFlight,
}: IdempotenceSettings): Conflict | null {
  if (retries === 0) return ['retries', 'is 0', false]
  if (acks !== -1) return ['acks', `is ${acks}`, false]
  if (maxInFlight <= MAX_IN_FLIGHT) return null
  return ['max.in.flight.requests.per.connection', `is ${maxInFlight}`, refusesManyInFlight]
}
