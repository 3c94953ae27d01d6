/**
 * Class names of the configuration → objects. Only names built in or registered in code are known: a name from a file
 * never reaches `import()`.
 *
 * @see docs/reference/faults.md#names-from-files
 */
import type { ProducerConfig } from '../config/producer-config.js'
import { classNameHint } from '../config/producer-hints.js'
import { asKafkaError, ConfigError, printable } from '../errors.js'
import { DefaultEncoder } from '../handler/encoders/default-encoder.js'
import type { Encoder } from '../handler/encoders/encoder.js'
import { NullEncoder } from '../handler/encoders/null-encoder.js'
import { IntegerEncoder, LongEncoder } from '../handler/encoders/number-encoders.js'
import { StringEncoder } from '../handler/encoders/string-encoder.js'
import { ByteArrayPartitioner } from '../handler/partitioners/byte-array-partitioner.js'
import { DefaultPartitioner } from '../handler/partitioners/default-partitioner.js'
import type { Partitioner } from '../handler/partitioners/partitioner.js'
import { nameOfThrown } from '../name-of-thrown.js'

type Constructor<T> = new (config: ProducerConfig) => T

/** A class whose constructor takes the ProducerConfig, as the original's took VerifiableProperties; or an instance. */
export type Registered = Constructor<Encoder> | Constructor<Partitioner> | Encoder | Partitioner

/** Class name → implementation. */
export type Classes = Readonly<Record<string, Registered>>

const builtIn: ReadonlyMap<string, Registered> = new Map<string, Registered>([
  ['kafka.serializer.DefaultEncoder', DefaultEncoder],
  ['kafka.serializer.StringEncoder', StringEncoder],
  ['kafka.serializer.NullEncoder', NullEncoder],
  ['kafka.serializer.LongEncoder', LongEncoder],
  ['kafka.serializer.IntegerEncoder', IntegerEncoder],
  ['kafka.producer.DefaultPartitioner', DefaultPartitioner],
  ['kafka.producer.ByteArrayPartitioner', ByteArrayPartitioner],
])

/** What can be named without a class of one's own. */
export const builtInClassNames: readonly string[] = [...builtIn.keys()]

function create(key: string, name: string, config: ProducerConfig, classes: Classes): unknown {
  const registered = Object.hasOwn(classes, name) ? classes[name] : builtIn.get(name)
  if (registered === undefined) {
    const known = [...builtIn.keys(), ...Object.keys(classes)].map(printable).join(', ')
    throw new ConfigError(
      `${key}=${printable(name)} names ${classNameHint(name) ?? 'a class that is not known here'}. ` +
        `Known are ${known}; pass your own as new Producer(config, { classes: { '${printable(name)}': YourClass } })`,
      key,
    )
  }
  if (typeof registered !== 'function') return registered
  try {
    return new (registered as Constructor<object>)(config)
  } catch (cause) {
    const own = asKafkaError(cause)
    const what = own ? `${own.name}: ${own.message}` : nameOfThrown(cause)
    throw new ConfigError(`${key}=${printable(name)}: its constructor threw ${what}`, key, { cause })
  }
}

function named<T extends object>(
  method: keyof T & string,
  key: string,
  name: string,
  config: ProducerConfig,
  classes: Classes,
): T {
  // Applications in plain JavaScript may have registered anything.
  const made = create(key, name, config, classes) as T | null
  if (hasMethod(made, method)) return made as T
  throw new ConfigError(`${key}=${printable(name)} has no method ${method}()`, key)
}

function hasMethod(made: unknown, method: string): boolean {
  try {
    return typeof (made as Record<string, unknown> | null)?.[method] === 'function'
  } catch {
    return false
  }
}

/** @throws {ConfigError} for an unknown name, a throwing constructor or a class of the wrong kind. */
export function partitionerOf(config: ProducerConfig, classes: Classes): Partitioner {
  return named<Partitioner>('partition', 'partitioner.class', config.partitionerClass, config, classes)
}

/** @throws {ConfigError} as {@link partitionerOf}. */
export function encodersOf(config: ProducerConfig, classes: Classes): { key: Encoder; value: Encoder } {
  const value = named<Encoder>('toBytes', 'serializer.class', config.serializerClass, config, classes)
  const { keySerializerClass } = config
  const key =
    keySerializerClass === config.serializerClass
      ? value
      : named<Encoder>('toBytes', 'key.serializer.class', keySerializerClass, config, classes)
  return { key, value }
}
