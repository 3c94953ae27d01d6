/** Which rules act on an event: filters and counts, nothing else. Pure apart from its counters. */
import type { Rule } from './script.js'

/** What happens at a broker. */
export interface RuleEvent {
  on: Rule['on']
  broker: number
  /** Topics and partitions named by the request; a metadata request names no partitions. */
  topics: { topic: string; partitions: number[] }[]
}

export class RuleBook {
  readonly #entries: { rule: Rule; count: number }[]

  constructor(rules: readonly Rule[] = []) {
    this.#entries = rules.map((rule) => ({ rule, count: 0 }))
  }

  /** Counts the event in every rule it fits; returns the rules that act on it, in the order they were given. */
  match(event: RuleEvent): Rule[] {
    const acting: Rule[] = []
    for (const entry of this.#entries) {
      if (!fits(entry.rule, event)) continue
      entry.count += 1
      if (isDue(entry.rule, entry.count)) acting.push(entry.rule)
    }
    return acting
  }
}

/** True where the rule's filters name this partition (or, without filters, every partition). */
export function names(rule: Rule, topic: string, partition: number): boolean {
  return namesTopic(rule, topic) && (rule.partition === undefined || rule.partition === partition)
}

/** True where the rule's filters name this topic, or none. */
export function namesTopic(rule: Rule, topic: string): boolean {
  return rule.topic === undefined || rule.topic === topic
}

function fits(rule: Rule, event: RuleEvent): boolean {
  if (rule.on !== event.on) return false
  if (rule.broker !== undefined && rule.broker !== event.broker) return false
  if (rule.topic === undefined && rule.partition === undefined) return true
  return event.topics.some(({ topic, partitions }) =>
    rule.partition === undefined || event.on === 'metadata'
      ? namesTopic(rule, topic)
      : partitions.some((partition) => names(rule, topic, partition)),
  )
}

function isDue(rule: Rule, count: number): boolean {
  if (rule.nth !== undefined) return [rule.nth].flat().includes(count)
  return count >= (rule.from ?? 1) && count <= (rule.to ?? Number.POSITIVE_INFINITY)
}
