/** What is wrong with the tables of an API: looks at every struct of its request and response, however deep. */
import type { Api } from '../../../lib/protocol/api.js'
import type { Field } from '../../../lib/protocol/schema.js'
import type { Type } from '../../../lib/protocol/types.js'

type Anything = Partial<Field<unknown>> & { fields?: Record<string, Anything>; element?: Anything }

/** One line per problem: where, and what. */
export function tableProblems(api: Api<unknown, unknown>): string[] {
  const { request, response } = api.tables
  return [
    ...versionProblems(api),
    ...structProblems(api, `${api.name}Request`, request),
    ...structProblems(api, `${api.name}Response`, response),
  ]
}

function versionProblems({
  name,
  key,
  minVersion,
  maxVersion,
  flexibleFrom,
}: Api<unknown, unknown>): string[] {
  const problems: string[] = []
  if (!Number.isInteger(key) || key < 0) problems.push(`${name}: key ${key}`)
  if (
    !(
      Number.isInteger(minVersion) &&
      Number.isInteger(maxVersion) &&
      0 <= minVersion &&
      minVersion <= maxVersion
    )
  ) {
    problems.push(`${name}: versions ${minVersion} to ${maxVersion}`)
  }
  if (flexibleFrom < 1) problems.push(`${name}: flexible from ${flexibleFrom}`)
  return problems
}

function structProblems(api: Api<unknown, unknown>, where: string, type: Type<unknown>): string[] {
  const { fields, element } = type as Anything
  if (element) return structProblems(api, `${where}[]`, element as Type<unknown>)
  if (!fields) return []
  const tags = Object.values(fields).flatMap(({ tag }) => (tag === undefined ? [] : [tag]))
  const problems = new Set(tags).size === tags.length ? [] : [`${where}: two fields have the same tag`]
  for (const [name, field] of Object.entries(fields)) {
    const place = `${where}.${name}`
    problems.push(...fieldProblems(api, place, name, field))
    problems.push(...structProblems(api, place, (field.type ?? field) as Type<unknown>))
  }
  return problems
}

function fieldProblems(api: Api<unknown, unknown>, place: string, name: string, field: Anything): string[] {
  const { minVersion, maxVersion, flexibleFrom } = api
  const problems: string[] = []
  if (!/^[a-z][A-Za-z0-9]*$/.test(name)) problems.push(`${place}: is no camelCase name`)
  if (field.since === undefined) return problems
  const { since, until = Number.POSITIVE_INFINITY, tag } = field
  if (since > until) problems.push(`${place}: ends at ${until}, before it starts at ${since}`)
  if (since > maxVersion || until < minVersion) problems.push(`${place}: is in none of the versions`)
  if (until !== Number.POSITIVE_INFINITY && until >= maxVersion)
    problems.push(`${place}: ends after the last version`)
  if (tag === undefined && since <= minVersion && until === Number.POSITIVE_INFINITY) {
    problems.push(`${place}: is in all versions, so its first version has no effect`)
  }
  if (tag !== undefined && (!Number.isInteger(tag) || tag < 0)) problems.push(`${place}: tag ${tag}`)
  if (tag !== undefined && since < flexibleFrom)
    problems.push(`${place}: is tagged before the flexible versions`)
  return problems
}
