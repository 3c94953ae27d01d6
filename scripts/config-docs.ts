/**
 * Writes the tables of settings into the documents, from the rows of `lib/config/`.
 *
 *     tsx scripts/config-docs.ts            writes what is out of date
 *     tsx scripts/config-docs.ts --check    changes nothing; exits 1 and names what is out of date
 *
 * A table goes between the lines BEGIN and END of a document. A document that does not exist is passed over,
 * one that has lost its lines is an error.
 */
import { pathToFileURL } from 'node:url'
import { clientReleases, defaultsOf } from '../lib/config/client-defaults.js'
import { kafkaProducerKeys } from '../lib/config/kafka-producer-keys.js'
import { producerKeys } from '../lib/config/producer-keys.js'
import type { Setting } from '../lib/config/setting.js'
import { updateParts, withPart } from './generated-part.js'

const NAME = 'config'
const DOCUMENTS = ['README.md', 'docs/CONFIGURATION.md']
const KAFKA_DOCUMENT = 'docs/KAFKA-PRODUCER-CONFIGURATION.md'

/** The markdown of all settings of the classic producer: those of the Scala producer, then ours. */
export function settingsTable(rows: readonly Setting[]): string {
  const classic = rows.filter(({ source }) => source === 'classic')
  const ours = rows.filter(({ source }) => source === 'ours')
  return [
    `The ${classic.length} settings of Kafka's Scala producer, with the defaults they have there:`,
    table(classic),
    `And ${ours.length} that are only here. At their defaults they change nothing:`,
    table(ours),
  ].join('\n\n')
}

/** The markdown of all settings of KafkaProducer: those of the Java client, ours, and what Node does not have. */
export function kafkaSettingsTable(rows: readonly Setting[]): string {
  const effective = rows.filter(({ inNode }) => inNode === undefined)
  const java = effective.filter(({ source }) => source === 'java')
  const ours = effective.filter(({ source }) => source === 'ours')
  const others = rows.filter(({ inNode }) => inNode !== undefined)
  return [
    `The ${java.length} keys of the Java client that mean here what they mean there, with the defaults of Kafka 4.3:`,
    table(java),
    `And ${ours.length === 1 ? 'one that is' : `${ours.length} that are`} only here:`,
    table(ours),
    '## Defaults by release',
    'What a key that is not set means where `client.defaults` names a release; all other defaults are the same in each:',
    releasesTable(),
    '## Keys without a meaning in Node',
    `${others.length} keys of the Java client are accepted, and their values checked, so that a configuration can be taken as it is. One that has no effect is named at INFO where it is given.`,
    nodeTable(others),
  ].join('\n\n')
}

/** The markdown of the settings of TLS and SASL, the same for both producers. */
export function securityTable(rows: readonly Setting[]): string {
  const effective = rows.filter(({ inNode }) => inNode === undefined)
  const others = rows.filter(({ inNode }) => inNode !== undefined)
  return [
    `The ${effective.length} keys of the Java client that mean here what they mean there, with the defaults of Kafka 4.3:`,
    table(effective),
    `And ${others.length} that have no meaning in Node. What names a class of Java is refused where it would be used; the rest has no effect, which is logged at INFO:`,
    nodeTable(others),
  ].join('\n\n')
}

function releasesTable(): string {
  const columns = clientReleases.map(defaultsOf)
  const keys = [...(columns[0]?.keys() ?? [])]
  return [
    `| key | ${clientReleases.join(' | ')} |`,
    `|---|${'---|'.repeat(clientReleases.length)}`,
    ...keys.map((key) => `| ${[key, ...columns.map((column) => column.get(key)!)].map(code).join(' | ')} |`),
  ].join('\n')
}

function nodeTable(rows: readonly Setting[]): string {
  return [
    '| key | default | accepted | here | why |',
    '|---|---|---|---|---|',
    ...rows.map((row) => {
      const [key = '', , byDefault = '', values = '', doc = ''] = cells(row)
      return `| ${[key, byDefault, values, row.inNode ?? '', doc].map(escaped).join(' | ')} |`
    }),
  ].join('\n')
}

/**
 * The document with the table between its two lines.
 *
 * @throws {Error} if a line is missing, or they are the wrong way round.
 */
export function withTable(document: string, name: string, content: string): string {
  return withPart(document, { document: name, name: NAME, content })
}

function table(rows: readonly Setting[]): string {
  const head = ['| key | type | default | accepted | meaning |', '|---|---|---|---|---|']
  return [...head, ...rows.map((row) => `| ${cells(row).map(escaped).join(' | ')} |`)].join('\n')
}

function cells(row: Setting): string[] {
  return [
    code(row.key),
    row.unit === undefined ? row.type : `${row.type}, ${row.unit}`,
    defaultOf(row),
    accepted(row),
    row.doc,
  ]
}

function defaultOf({ default: value, defaultIs }: Setting): string {
  if (value === undefined) return '*required*'
  if (defaultIs !== undefined) return `that of ${code(defaultIs)}`
  return value === '' ? 'empty' : code(value)
}

function accepted({ range, choices, min, max, canBeOff }: Setting): string {
  const limits =
    range ??
    choices?.map(code).join(', ') ??
    (min === undefined ? '' : max === undefined ? `${min} and more` : `${min} to ${max}`)
  return canBeOff ? `${limits}, or ${code('off')}` : limits
}

const code = (text: string): string => `\`${text}\``

const escaped = (cell: string): string => cell.replaceAll('|', '\\|')

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const parts = DOCUMENTS.map((document) => {
    return { document, name: NAME, content: settingsTable(producerKeys.settings), source: 'lib/config/' }
  })
  const content = kafkaSettingsTable(kafkaProducerKeys.settings)
  parts.push({ document: KAFKA_DOCUMENT, name: NAME, content, source: 'lib/config/' })
  for (const { document, rows } of [
    { document: 'docs/CONFIGURATION.md', rows: producerKeys.security },
    { document: KAFKA_DOCUMENT, rows: kafkaProducerKeys.security },
  ]) {
    parts.push({ document, name: 'security', content: securityTable(rows), source: 'lib/config/' })
  }
  process.exitCode = updateParts(parts, process.argv.includes('--check'))
}
