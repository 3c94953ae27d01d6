/** What hints say of the classic producer alone: names of its classes, and settings with a surprise. */
import { printable } from '../errors.js'
import type { GivenProperties } from './given-properties.js'
import { type Hint, warning } from './hints.js'
import type { SettingKey } from './producer-keys.js'

/** Class names of the modern Java client → the name that does the same here. */
const classicClassByModernName: ReadonlyMap<string, string> = new Map([
  ['org.apache.kafka.common.serialization.StringSerializer', 'kafka.serializer.StringEncoder'],
  ['org.apache.kafka.common.serialization.ByteArraySerializer', 'kafka.serializer.DefaultEncoder'],
  ['org.apache.kafka.common.serialization.BytesSerializer', 'kafka.serializer.DefaultEncoder'],
  ['org.apache.kafka.common.serialization.ByteBufferSerializer', 'kafka.serializer.DefaultEncoder'],
  ['org.apache.kafka.common.serialization.LongSerializer', 'kafka.serializer.LongEncoder'],
  ['org.apache.kafka.common.serialization.IntegerSerializer', 'kafka.serializer.IntegerEncoder'],
  ['org.apache.kafka.common.serialization.VoidSerializer', 'kafka.serializer.NullEncoder'],
  ['org.apache.kafka.clients.producer.internals.DefaultPartitioner', 'kafka.producer.DefaultPartitioner'],
])

/** @param effective - the value in force of each setting, as one would write it. */
export function producerHints(given: GivenProperties, effective: ReadonlyMap<string, string>): Hint[] {
  return [...classHints(given, effective), ...attemptHints(given, effective)]
}

/** Tells the classic name of a class of the modern Java client; undefined for other names. */
export function classNameHint(name: string): string | undefined {
  if (!name.startsWith('org.apache.kafka.')) return undefined
  const classic = classicClassByModernName.get(name)
  return `a class of the modern Java client${classic === undefined ? '' : `; here it is ${classic}`}`
}

/** What a class is called here; undefined for a name that is not known, which may be a secret. */
export function classNameFor(name: string): string | undefined {
  const isOurs = /^kafka\.(serializer|producer)\.[A-Z]\w*$/.test(name)
  return classicClassByModernName.get(name) ?? (isOurs ? name : undefined)
}

function classHints(given: GivenProperties, effective: ReadonlyMap<string, string>): Hint[] {
  const keys: SettingKey[] = ['key.serializer.class', 'partitioner.class', 'serializer.class']
  return keys
    .filter((key) => given.has(key))
    .flatMap((key) => {
      const name = effective.get(key)!
      const hint = classNameHint(name)
      const unless =
        'it has to be registered under this name to be used (options.classes, or --classes of a tool)'
      return hint === undefined
        ? []
        : [warning(`${given.where(key)}${key} names ${printable(name)}, ${hint}; ${unless}`)]
    })
}

function attemptHints(given: GivenProperties, effective: ReadonlyMap<string, string>): Hint[] {
  const key = 'message.send.max.retries'
  const retries = Number(effective.get(key))
  return retries < 0
    ? [
        warning(
          `${given.where(key)}${key}=${retries} makes no attempt at all: every send fails; write 0 for one attempt`,
        ),
      ]
    : []
}
