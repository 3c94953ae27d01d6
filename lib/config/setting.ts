/**
 * What a row of a table of settings says about one of them, and what follows from a row alone.
 *
 * The rows are data: the reader, the documentation table, the sample file and the hints all come from them.
 */
import camelCase from 'lodash/camelCase.js'

export interface Setting {
  /** As written in a `producer.properties`. The field of `ProducerConfig` is this name in camelCase. */
  readonly key: string
  readonly type:
    | 'int'
    | 'long'
    | 'double'
    | 'boolean'
    | 'string'
    | 'password'
    | 'class'
    | 'list'
    | 'brokers'
    | 'codec'
  readonly unit?: 'ms' | 'bytes' | 'messages' | 'retries' | 'requests'
  /** As one would write it in a file. Absent: the setting is required. */
  readonly default?: string
  /** Where the default is that of another setting. */
  readonly defaultIs?: string
  /** Smallest and largest value, inclusive. Without them: what the type can hold. */
  readonly min?: number
  readonly max?: number
  /** The only words that are accepted, exactly as written here unless the type says otherwise. */
  readonly choices?: readonly string[]
  /** What is accepted, in words, where `min`, `max` and `choices` do not say it. */
  readonly range?: string
  /** The word `off` is accepted and gives `null`. */
  readonly canBeOff?: true
  /** A key, with its meaning, of the Scala producer (`classic`) or of the Java client (`java`); `ours`: added here. */
  readonly source: 'classic' | 'java' | 'ours'
  /** First release with this key: of this package for `ours`, else of Kafka. */
  readonly since: string
  /** One or two sentences for the documentation: what it decides, what surprises. */
  readonly doc: string
  /** What follows from the default, to be read after "so"; used when a misspelt key leaves it in force. */
  readonly defaultMeans?: string
  /** A value to show where the user's own must not be repeated. */
  readonly example?: string
  /** Of keys of the Java client that cannot mean in Node what they mean there: what they do here; `doc` has the reason. */
  readonly inNode?: 'no effect' | 'another meaning' | 'only the default'
  /** Values that are often written and not accepted, in lower case → what to write instead. */
  readonly instead?: Readonly<Record<string, string>>
}

type CamelCase<Key extends string> = Key extends `${infer Head}.${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Key

/** The field of a configuration that holds a setting of a table, e.g. `requestRequiredAcks`. */
export type FieldIn<Row extends Setting> = CamelCase<Row['key']>

/** The words that a setting with choices accepts. */
export type ChoiceIn<Row extends Setting, Key extends Row['key']> =
  Extract<Row, { key: Key }> extends { choices: readonly (infer Word)[] } ? Word : never

/** `request.required.acks` → `requestRequiredAcks`. */
export function fieldOf<Row extends Setting>({ key }: Row): FieldIn<Row> {
  return camelCase(key) as FieldIn<Row>
}

/** What a setting accepts, for an error or a table, e.g. `an integer from -1 to 1`. */
export function acceptedBy({ type, unit, min, max, choices, range, canBeOff }: Setting): string {
  const orOff = canBeOff ? ', or off' : ''
  if (range !== undefined) return range + orOff
  if (choices !== undefined) {
    return `${choices.join(choices.length === 2 ? ' or ' : ', ')}${type === 'codec' ? `, or 0 to ${choices.length - 1}` : ''}`
  }
  if (type === 'boolean') return 'true or false'
  if (type !== 'int' && type !== 'long' && type !== 'double') return 'a text'
  const limits =
    min !== undefined && max !== undefined
      ? ` from ${min} to ${max}`
      : min !== undefined
        ? ` of at least ${min}`
        : ''
  return `${type === 'double' ? 'a number' : 'an integer'}${limits}${unit === undefined ? '' : ` (${unit})`}${orOff}`
}
