/**
 * The rows of settings as the code uses them: by key, and the name of the field each one becomes.
 */
import camelCase from 'lodash/camelCase.js'
import { connectionSettings } from './connection-settings.js'
import { producerSettings } from './producer-settings.js'
import type { Setting } from './setting.js'

type Row = (typeof producerSettings)[number] | (typeof connectionSettings)[number]

/** A key of this producer, e.g. `request.required.acks`. */
export type SettingKey = Row['key']

type CamelCase<Key extends string> = Key extends `${infer Head}.${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Key

/** The field of `ProducerConfig` that holds a key, e.g. `requestRequiredAcks`. */
export type SettingField = CamelCase<SettingKey>

/** The words that a setting with choices accepts. */
export type ChoiceOf<Key extends SettingKey> =
  Extract<Row, { key: Key }> extends { choices: readonly (infer Word)[] } ? Word : never

/** Every setting, those of connections first. */
export const settings: readonly (Setting & { readonly key: SettingKey })[] = [
  ...connectionSettings,
  ...producerSettings,
]

const settingByKey: ReadonlyMap<string, Setting> = new Map(settings.map((row) => [row.key, row]))

/** The row of a key, or undefined if the key is not a setting of this producer. */
export function settingOf(key: SettingKey): Setting
export function settingOf(key: string): Setting | undefined
export function settingOf(key: string): Setting | undefined {
  return settingByKey.get(key)
}

/** `request.required.acks` → `requestRequiredAcks`. */
export function fieldOf(key: SettingKey): SettingField {
  return camelCase(key) as SettingField
}

/** What a setting accepts, for an error or a table, e.g. `an integer from -1 to 1`. */
export function acceptedBy({ type, unit, min, max, choices, range, canBeOff }: Setting): string {
  const orOff = canBeOff ? ', or off' : ''
  if (range !== undefined) return range + orOff
  if (choices !== undefined) {
    return `${choices.join(choices.length === 2 ? ' or ' : ', ')}${type === 'codec' ? `, or 0 to ${choices.length - 1}` : ''}`
  }
  if (type !== 'int' && type !== 'long') return 'a text'
  const limits =
    min !== undefined && max !== undefined
      ? ` from ${min} to ${max}`
      : min !== undefined
        ? ` of at least ${min}`
        : ''
  return `an integer${limits}${unit === undefined ? '' : ` (${unit})`}${orOff}`
}
