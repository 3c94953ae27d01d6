/** What a scenario asks of a play by itself: how long things take, how many requests there are, in which versions. */
import type { ApiName } from '../support/scripted-kafka/messages.js'
import { setDifferences } from './lists.js'
import type { Scenario } from './scenario.js'
import type { Trace } from './trace.js'

/** A timer may be early by its own coarseness. */
const EARLY_MS = 5

interface Bounds {
  min?: number
  max?: number
}

function isWithin(value: number, { min = 0, max = Number.POSITIVE_INFINITY }: Bounds, slack = 0): boolean {
  return value >= min - slack && value <= max
}

const boundsText = ({ min = 0, max }: Bounds) => (max === undefined ? `at least ${min}` : `${min} to ${max}`)

export function durationFaults({ compare }: Scenario, { events }: Trace): string[] {
  return (compare.durations ?? []).flatMap(({ i, ...bounds }) => {
    const event = events.find((candidate) => candidate.kind === 'op' && candidate.i === i)
    if (event?.kind !== 'op' || isWithin(event.ms, bounds, EARLY_MS)) return []
    return [`operation ${i} takes ${Math.round(event.ms)} ms, expected ${boundsText(bounds)}`]
  })
}

export function gapFaults({ compare }: Scenario, { requests }: Trace): string[] {
  return (compare.gaps ?? []).flatMap(({ api, broker, from, to, ...bounds }) => {
    const some = requests.filter(
      (request) => request.api === api && (broker === undefined || request.broker === broker),
    )
    const what = `between ${api} ${from} and ${to}${broker === undefined ? '' : ` to broker ${broker}`}`
    const [first, second] = [some[from], some[to]]
    if (first === undefined || second === undefined) return [`${what}: only ${some.length} requests`]
    const ms = second.ms - first.ms
    return isWithin(ms, bounds, EARLY_MS)
      ? []
      : [`${what}: ${Math.round(ms)} ms, expected ${boundsText(bounds)}`]
  })
}

export function countFaults({ compare }: Scenario, { requests }: Trace): string[] {
  return (compare.counts ?? []).flatMap(({ api, ...bounds }) => {
    const count = requests.filter((request) => request.api === api).length
    return isWithin(count, bounds) ? [] : [`${count} requests ${api}, expected ${boundsText(bounds)}`]
  })
}

export function outstandingFaults({ compare }: Scenario, { requests }: Trace): string[] {
  return Object.entries(compare.maxOutstanding ?? {}).flatMap(([api, max]) => {
    const most = Math.max(
      0,
      ...requests.filter((request) => request.api === api).map(({ outstanding }) => outstanding),
    )
    return most <= max ? [] : [`${most} requests ${api} are unanswered at once, expected at most ${max}`]
  })
}

/** Versions that the scenario names are the point of it. */
export function versionFaults({ compare }: Scenario, expected: Trace, got: Trace): string[] {
  const versions = ({ requests }: Trace, api: ApiName) => [
    ...new Set(requests.filter((request) => request.api === api).map(({ version }) => String(version))),
  ]
  return (compare.versions ?? []).flatMap((api) =>
    setDifferences(`versions of ${api}`, versions(expected, api), versions(got, api)),
  )
}
