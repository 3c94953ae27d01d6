/**
 * Reads the text of a properties file from disk. Knows encodings and the size limit, not the syntax.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { ConfigError, printable } from '../errors.js'
import { MAX_PROPERTIES_CHARACTERS } from './properties.js'

/**
 * The text of a file of at most 1 MiB: ISO-8859-1, as Java reads properties files, unless it begins with a UTF-8
 * byte order mark. Blocks while reading, as a configuration is read once, at the start.
 *
 * @throws {ConfigError} if the file cannot be read (with the system's error as `cause`), is larger, or is UTF-16.
 */
export function readPropertiesFile(path: string): string {
  const name = printable(String(path))
  const bytes = readConfiguration(path, name)
  if (bytes.length > MAX_PROPERTIES_CHARACTERS) {
    throw new ConfigError(
      `${name} is larger than ${MAX_PROPERTIES_CHARACTERS} bytes, so it is no configuration`,
    )
  }
  const mark = bytes.subarray(0, 3).toString('hex')
  if (mark === 'efbbbf') return bytes.subarray(3).toString('utf8')
  if (mark.startsWith('fffe') || mark.startsWith('feff')) {
    throw new ConfigError(`${name} is in UTF-16: save it in ISO-8859-1 or, with a byte order mark, UTF-8`)
  }
  return bytes.toString('latin1')
}

function readConfiguration(path: string, name: string): Buffer {
  try {
    return readSmallFile(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigError(`cannot read the configuration ${name}: ${printable(reason)}`, undefined, { cause })
  }
}

/**
 * At most one byte more than the limit, so that no file, not even a device, fills the memory.
 *
 * @throws the system's error.
 */
export function readSmallFile(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(MAX_PROPERTIES_CHARACTERS + 1)
    let size = 0
    for (let read = -1; read !== 0 && size < bytes.length; size += read) {
      read = readSync(file, bytes, size, bytes.length - size, null)
    }
    return bytes.subarray(0, size)
  } finally {
    closeSync(file)
  }
}
