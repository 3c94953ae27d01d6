/** Secrets on a command line: whoever may list the processes of a machine can read them there. */
import { producerKeys } from '../config/producer-keys.js'
import type { Logger } from '../logger.js'

/** How the reference to a provider begins. */
const REFERENCE = '$\x7b'

/** Warns of each setting of type password whose value is written out, and not referred to. */
export function warnOfSecrets(properties: ReadonlyMap<string, string>, logger: Logger): void {
  for (const [key, value] of properties) {
    if (producerKeys.find(key)?.type !== 'password' || value.includes(REFERENCE)) continue
    logger.warn(
      `${key} is on the command line, where other users of this machine can read it: write it into a file, or refer to it with config.providers`,
    )
  }
}
