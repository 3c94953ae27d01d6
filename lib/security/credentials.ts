/**
 * User names and passwords: from `sasl.jaas.config`, or from a function of the application that is asked at each login.
 */
import { AuthenticationError } from '../errors.js'
import { nameOfThrown } from '../name-of-thrown.js'

/** For PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
export interface Credentials {
  readonly username: string
  readonly password: string
  /** Of a delegation token, with SCRAM: `username` is its id, and `password` its HMAC. Default false. */
  readonly tokenAuth?: boolean
}

/** Called once per login, so that a password may change while the producer runs. */
export type CredentialsProvider = () => Credentials | Promise<Credentials>

/**
 * What the provider gives now.
 *
 * @throws {AuthenticationError} if it throws, or gives no texts. What it threw is named by its class alone, and is no cause:
 *   its text may hold the password.
 */
export async function currentCredentials(
  provider: CredentialsProvider,
  mechanism: string,
): Promise<Credentials> {
  let given: Credentials
  try {
    given = await provider()
  } catch (thrown) {
    throw new AuthenticationError(`${mechanism}: options.credentials failed with ${nameOfThrown(thrown)}`, {
      mechanism,
    })
  }
  const isUsable =
    typeof given === 'object' &&
    given !== null &&
    typeof given.username === 'string' &&
    given.username !== '' &&
    typeof given.password === 'string' &&
    given.password !== ''
  if (isUsable) return given
  const text = `${mechanism}: options.credentials must give { username, password }, both texts that are not empty`
  throw new AuthenticationError(text, { mechanism })
}
