/**
 * Class names of the configuration → objects. Only names built in or registered in code are known: a name from a file never
 * reaches `import()`.
 *
 * @see docs/reference/faults.md#names-from-files
 */

import type { NullKeyRule } from '../config/client-defaults.js'
import { asKafkaError, ConfigError, printable } from '../errors.js'
import { nameOfThrown } from '../name-of-thrown.js'
import type { ProducerInterceptor } from './interceptors.js'
import {
  DefaultPartitioner,
  RotatingPartitioner,
  UniformStickyPartitioner,
} from './partitioners/legacy-partitioners.js'
import type { Partitioner } from './partitioners/partitioner.js'
import { RoundRobinPartitioner } from './partitioners/round-robin-partitioner.js'
import type { PluginConfig, Serializer } from './serializer.js'
import { serializerClasses } from './serializer-classes.js'

type Plugin = Serializer | Partitioner | ProducerInterceptor

/** A class whose constructor takes nothing, as in Java, where `configure` gets the configuration; or an instance. */
export type RegisteredPlugin = (new () => Plugin) | Plugin

/** Class name → implementation. */
export type PluginClasses = Readonly<Record<string, RegisteredPlugin>>

const CLIENTS = 'org.apache.kafka.clients.producer.'

const partitionerClasses: ReadonlyMap<string, new () => Partitioner> = new Map<string, new () => Partitioner>(
  [
    [`${CLIENTS}RoundRobinPartitioner`, RoundRobinPartitioner],
    [`${CLIENTS}UniformStickyPartitioner`, UniformStickyPartitioner],
  ],
)

/** Its name is the same in all releases that have it, and what it does is not. */
const DEFAULT_PARTITIONER = `${CLIENTS}internals.DefaultPartitioner`

/** Partitioners that can be named without a class of one's own. */
export const partitionerClassNames: readonly string[] = [...partitionerClasses.keys(), DEFAULT_PARTITIONER]

/** The serializer that a key names, configured. @throws {ConfigError} see {@link pluginNamed}. */
export function serializerNamed(
  name: string,
  isKey: boolean,
  config: PluginConfig,
  classes: PluginClasses,
): Serializer {
  const key = isKey ? 'key.serializer' : 'value.serializer'
  return pluginNamed<Serializer>(key, name, 'serialize', serializerClasses, classes, (made) =>
    made.configure?.(config, isKey),
  )
}

/**
 * The partitioner that decides, configured; null: the built-in rules.
 *
 * @param name - `partitioner.class`, or null.
 * @param nullKeys - the rule of the release where there is no name.
 * @throws {ConfigError} see {@link pluginNamed}.
 */
export function partitionerNamed(
  name: string | null,
  nullKeys: NullKeyRule,
  config: PluginConfig,
  classes: PluginClasses,
): Partitioner | null {
  const isDefault = name === null || name === DEFAULT_PARTITIONER
  if (isDefault && nullKeys === 'rotate') return new RotatingPartitioner()
  if (isDefault && (nullKeys === 'sticky' || name !== null)) return new DefaultPartitioner()
  if (name === null) return null
  return pluginNamed<Partitioner>(
    'partitioner.class',
    name,
    'partition',
    partitionerClasses,
    classes,
    (made) => made.configure?.(config),
  )
}

/** The interceptors that are named, not configured: see `ProducerInterceptors`. @throws {ConfigError} */
export function interceptorsNamed(names: readonly string[], classes: PluginClasses): ProducerInterceptor[] {
  return names.map((name) =>
    pluginNamed<ProducerInterceptor>('interceptor.classes', name, null, new Map(), classes),
  )
}

/**
 * An instance of a class; one that was registered as it is.
 *
 * @param method - that it must have; null for none.
 * @param configure - called for what was made here, not for an instance of the user's.
 * @throws {ConfigError} for an unknown name, a throwing constructor or `configure`, and a class of the wrong kind.
 */
function pluginNamed<T extends Plugin>(
  key: string,
  name: string,
  method: (keyof T & string) | null,
  builtIn: ReadonlyMap<string, new () => T>,
  classes: PluginClasses,
  configure: (made: T) => void = () => {},
): T {
  const registered = Object.hasOwn(classes, name) ? classes[name] : builtIn.get(name)
  if (registered === undefined) throw unknown(key, name, builtIn, classes)
  try {
    const isClass = typeof registered === 'function'
    const made = (isClass ? new (registered as new () => T)() : registered) as T
    if (method !== null && typeof made?.[method] !== 'function') {
      throw new ConfigError(`${key}=${printable(name)} has no method ${method}()`, key)
    }
    if (isClass) configure(made)
    return made
  } catch (cause) {
    const own = asKafkaError(cause)
    if (own instanceof ConfigError) throw own
    const what = own?.message ?? nameOfThrown(cause)
    throw new ConfigError(`${key}=${printable(name)} cannot be made: ${what}`, key, { cause })
  }
}

function unknown(
  key: string,
  name: string,
  builtIn: ReadonlyMap<string, unknown>,
  classes: PluginClasses,
): ConfigError {
  const known = [...builtIn.keys(), ...Object.keys(classes)].map(printable)
  const shown = printable(name)
  const are = known.length === 0 ? '' : ` Known are ${known.join(', ')};`
  return new ConfigError(
    `${key}=${shown} names a class that is not known here.${are} pass your own as new KafkaProducer(config, { classes: { '${shown}': YourClass } })`,
    key,
  )
}
