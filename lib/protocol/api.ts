/**
 * What one Kafka API is: its key, the versions supported here, and the tables of its request and response.
 */
import { UnsupportedVersionError } from '../errors.js'
import type { Codec, Type } from './types.js'

export interface Api<Request, Response> {
  readonly key: number
  /** Kafka's name, e.g. `Produce`. */
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
  /** First version with compact forms and tag buffers; infinite where there is none. */
  readonly flexibleFrom: number
  /** First version after whose throttled answer the client holds back new requests; infinite where none does. */
  readonly throttledByClientFrom: number
  /** The tables themselves, for whoever walks them. */
  readonly tables: { readonly request: Type<Request>; readonly response: Type<Response> }
  /** @throws {UnsupportedVersionError} outside minVersion..maxVersion. */
  request(version: number): Codec<Request>
  /** @throws {UnsupportedVersionError} outside minVersion..maxVersion. */
  response(version: number): Codec<Response>
}

export interface ApiTable<Request, Response> {
  key: number
  name: string
  /** First and last version, both included. */
  versions: readonly [first: number, last: number]
  flexibleFrom?: number
  throttledByClientFrom?: number
  request: Type<Request>
  response: Type<Response>
}

export function defineApi<Request, Response>(table: ApiTable<Request, Response>): Api<Request, Response> {
  const [minVersion, maxVersion] = table.versions
  const flexibleFrom = table.flexibleFrom ?? Number.POSITIVE_INFINITY
  const compiled = <T>(type: Type<T>): ((version: number) => Codec<T>) => {
    const codecs: (Codec<T> | undefined)[] = []
    return (version) => {
      if (!Number.isInteger(version) || version < minVersion || version > maxVersion) {
        throw new UnsupportedVersionError(
          `${table.name} v${version} is not supported; versions ${minVersion} to ${maxVersion} are`,
        )
      }
      codecs[version] ??= type.compile(version, version >= flexibleFrom)
      return codecs[version]
    }
  }
  return {
    key: table.key,
    name: table.name,
    minVersion,
    maxVersion,
    flexibleFrom,
    throttledByClientFrom: table.throttledByClientFrom ?? Number.POSITIVE_INFINITY,
    tables: { request: table.request, response: table.response },
    request: compiled(table.request),
    response: compiled(table.response),
  }
}
