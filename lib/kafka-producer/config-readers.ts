/**
 * How the settings of KafkaProducer are read that are more than one row: required ones, defaults that depend on others, what
 * settings demand of each other, and what is not available.
 */
import type { BrokerAddress } from '../broker-address.js'
import type { ReleaseRules } from '../config/client-defaults.js'
import type { GivenProperties } from '../config/given-properties.js'
import { type Hint, missingHint, warning } from '../config/hints.js'
import {
  type KafkaProducerKey,
  type KafkaProducerSetting,
  kafkaProducerKeys,
} from '../config/kafka-producer-keys.js'
import type { Setting } from '../config/setting.js'
import { parseInteger, type SettingReader } from '../config/setting-reader.js'
import { ConfigError, printable } from '../errors.js'
import { idempotenceOf } from './idempotence.js'

/** What the settings are read from. */
export interface Source {
  readonly read: SettingReader<KafkaProducerSetting>
  readonly given: GivenProperties
  readonly rules: ReleaseRules
  /** Takes what is odd and can be used all the same. */
  readonly hints: Hint[]
}

/** The key of the old Scala producer; its value is taken for `acks`. */
export const OLD_ACKS = 'request.required.acks'

const MAX_INT32 = 2147483647
/** A string of the protocol has a length of 16 bits. */
const MAX_CLIENT_ID_CHARACTERS = 32767

let unnamedProducers = 0

export function bootstrapServers(from: Source): readonly BrokerAddress[] {
  requireKey(from, 'bootstrap.servers')
  return from.read.brokers('bootstrap.servers')
}

/** @param hasInstance - then it is not required, and the name has no effect. */
export function serializer(
  from: Source,
  key: 'key.serializer' | 'value.serializer',
  hasInstance = false,
): string {
  if (hasInstance) return ''
  requireKey(from, key)
  return from.read.text(key)
}

export function deliveryTimeoutMs(
  { read, given, hints }: Source,
  lingerMs: number,
  requestTimeoutMs: number,
): number {
  const key = 'delivery.timeout.ms'
  const timeoutMs = read.int(key)
  const leastMs = Math.min(MAX_INT32, lingerMs + requestTimeoutMs)
  if (timeoutMs >= leastMs) return timeoutMs
  const sum = `linger.ms + request.timeout.ms, which is ${leastMs}`
  if (!read.areSound(key, 'linger.ms', 'request.timeout.ms')) return timeoutMs
  if (given.has(key)) read.fail(key, `is ${timeoutMs}: expected at least ${sum}`)
  hints.push(warning(`${key} is raised from ${timeoutMs} to ${sum}`))
  return leastMs
}

export function retryBackoffMaxMs({ read, given, rules }: Source, retryBackoffMs: number): number {
  const key = 'retry.backoff.max.ms'
  return rules.isBackoffConstant && !given.has(key) ? retryBackoffMs : read.int(key)
}

export function reconnectBackoffMaxMs({ read, given }: Source, reconnectBackoffMs: number): number {
  const key = 'reconnect.backoff.max.ms'
  return given.has('reconnect.backoff.ms') && !given.has(key) ? reconnectBackoffMs : read.int(key)
}

/** What was given and will not happen, for the log. */
export function reportWithoutEffect({ given, hints }: Source): void {
  for (const { key, inNode, doc } of kafkaProducerKeys.settings as readonly Setting[]) {
    if (inNode !== 'no effect' || !given.has(key)) continue
    hints.push({ level: 'info', text: `${given.where(key)}${key} has no effect here: ${doc}` })
  }
}

export function gzipLevel({ read }: Source): number {
  const key = 'compression.gzip.level'
  const level = read.int(key)
  return level === -1 || (level >= 1 && level <= 9) ? level : read.refuse(key, String(level))
}

export function twoPhaseCommit({ read }: Source): boolean {
  const key = 'transaction.two.phase.commit.enable'
  return read.boolean(key) && read.fail(key, 'is true: there is no two-phase commit, write false')
}

export function transactionalId({ read, given }: Source): string | null {
  const key = 'transactional.id'
  if (!given.has(key)) return null
  return read.text(key) || read.fail(key, 'is empty: give it a name, or leave it out for no transactions')
}

/** Unnamed producers of a process are counted, as in the Java client; an empty name that was given stays empty. */
export function clientId({ read, given }: Source, transactionalId: string | null): string {
  const key = 'client.id'
  if (!given.has(key)) return `producer-${transactionalId ?? ++unnamedProducers}`
  const clientId = read.text(key)
  if (clientId.length <= MAX_CLIENT_ID_CHARACTERS) return clientId
  return read.fail(key, `has more than ${MAX_CLIENT_ID_CHARACTERS} characters`)
}

/** @param isIdempotent - asked for, or implied by a transactional id: then all is the default in every release. */
export function acks({ read, given, hints }: Source, isIdempotent: boolean): -1 | 0 | 1 {
  const key = 'acks'
  if (!given.has(key) && given.has(OLD_ACKS)) return oldAcks(given, hints)
  if (given.has(OLD_ACKS)) {
    hints.push(warning(`${given.where(OLD_ACKS)}${OLD_ACKS} is ignored: acks is set as well`))
  }
  const word = isIdempotent && !given.has(key) ? 'all' : read.choice(key)
  return word === 'all' ? -1 : (Number(word) as -1 | 0 | 1)
}

function oldAcks(given: GivenProperties, hints: Hint[]): -1 | 0 | 1 {
  const text = given.get(OLD_ACKS)!
  const acks = parseInteger(text, 'int')
  if (acks === -1 || acks === 0 || acks === 1) {
    hints.push(
      warning(
        `${given.where(OLD_ACKS)}${OLD_ACKS} is a setting of the old Scala producer: taken as acks=${acks}`,
      ),
    )
    return acks
  }
  throw new ConfigError(
    `${given.where(OLD_ACKS)}${OLD_ACKS} is "${printable(text)}": write acks=all, 0 or 1`,
    OLD_ACKS,
  )
}

/** @param isIdempotent - as of {@link acks}. */
export function retries({ read, given }: Source, isIdempotent: boolean): number {
  return isIdempotent && !given.has('retries') ? MAX_INT32 : read.int('retries')
}

/** The settings that idempotence depends on. */
export interface IdempotenceFields {
  readonly transactionalId: string | null
  readonly acks: -1 | 0 | 1
  readonly retries: number
  readonly maxInFlightRequestsPerConnection: number
}

export function idempotence({ read, given, rules, hints }: Source, fields: IdempotenceFields): boolean {
  const key = 'enable.idempotence'
  const isEnabled = read.boolean(key)
  if (!read.areSound(key, 'acks', 'retries', 'max.in.flight.requests.per.connection')) return isEnabled
  const result = idempotenceOf({
    explicit: given.has(key) ? isEnabled : null,
    byDefault: isEnabled,
    isTransactional: fields.transactionalId !== null,
    acks: fields.acks,
    retries: fields.retries,
    maxInFlight: fields.maxInFlightRequestsPerConnection,
    refusesManyInFlight: rules.refusesManyInFlight,
  })
  if ('wrong' in result) return read.fail(result.wrong, result.problem)
  // Whoever sets acks=1 need not be warned of it.
  if (result.notice) hints.push({ level: 'info', text: result.notice })
  return result.isOn
}

function requireKey({ read, given }: Source, key: KafkaProducerKey): void {
  if (given.has(key)) return
  const { example } = kafkaProducerKeys.settingOf(key)
  read.fail(key, `is missing: write ${key}=${example}${missingHint(key, given, kafkaProducerKeys)}`)
}
