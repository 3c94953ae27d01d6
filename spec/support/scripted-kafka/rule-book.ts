/** Which rules of a script act on a request, and which error they mean for a partition. Pure apart from its counters. */
import type { ErrorName } from './error-codes.js'
import type { ApiName } from './messages.js'
import type { Rule } from './script.js'

/** What rules look at in a request. */
export interface Matched {
  api: ApiName
  broker: number
  /** Topics without partitions where the request names none. */
  parts: readonly { topic: string; partition?: number; values?: ReadonlySet<string> }[]
}

export type Part = Matched['parts'][number]

export class RuleBook {
  readonly #entries: { rule: Rule; count: number }[]

  constructor(rules: readonly Rule[]) {
    this.#entries = rules.map((rule) => ({ rule, count: 0 }))
  }

  /** Counts the request in every rule that it matches; returns those whose turn it is. */
  match(request: Matched): Rule[] {
    const acting: Rule[] = []
    for (const entry of this.#entries) {
      if (!matches(entry.rule, request)) continue
      entry.count += 1
      if (isDue(entry.rule, entry.count)) acting.push(entry.rule)
    }
    return acting
  }
}

/** The error that rules have for one partition or topic, undefined for none. */
export function errorFor(rules: readonly Rule[], part: Part): ErrorName | undefined {
  return ruleFor(rules, part)?.error
}

/** As {@link errorFor}, with the rule, which may say more about the answer. */
export function ruleFor(
  rules: readonly Rule[],
  part: Part,
): { error: ErrorName | undefined; rule: Rule } | undefined {
  for (const rule of rules) {
    const name = `${part.topic}/${part.partition}`
    const error = rule.partitionErrors?.[name] ?? rule.topicErrors?.[part.topic] ?? rule.error
    const says = error ?? rule.recordErrors ?? rule.hint
    if (says !== undefined && isAbout(rule, part) && !isForOthers(rule, error)) return { error, rule }
  }
  return undefined
}

/** The error of a request that has only one. */
export function errorOf(rules: readonly Rule[]): ErrorName | undefined {
  return rules.find(({ error }) => error !== undefined)?.error
}

/** The rule lists errors by name, and this part is not on the list. */
function isForOthers(rule: Rule, error: ErrorName | undefined): boolean {
  return error === undefined && (rule.partitionErrors ?? rule.topicErrors) !== undefined
}

function matches(rule: Rule, { api, broker, parts }: Matched): boolean {
  if (rule.on !== api) return false
  if (rule.broker !== undefined && rule.broker !== broker) return false
  const isAboutAll = rule.topic === undefined && rule.partition === undefined && rule.record === undefined
  return isAboutAll || parts.some((part) => isAbout(rule, part))
}

function isAbout({ topic, partition, record }: Rule, part: Part): boolean {
  return (
    (topic === undefined || topic === part.topic) &&
    (partition === undefined || part.partition === undefined || partition === part.partition) &&
    (record === undefined || part.values?.has(record) === true)
  )
}

function isDue({ nth, from = 1, to = Number.POSITIVE_INFINITY }: Rule, count: number): boolean {
  return nth === undefined ? count >= from && count <= to : count === nth
}
