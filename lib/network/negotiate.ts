/**
 * Finds out which versions a broker supports, in one round trip and without waiting for any time-out: ApiVersions v0 and Metadata
 * v0 are written together on a fresh connection.
 *
 * 0.10 and later answer both; 0.9 answers only the Metadata; 0.8 closes the connection, and so may a TLS or SASL
 * listener, a proxy whose broker is not up yet, or a broker that is just going down. So a broker counts as 0.8 only
 * when it closes on the question, then answers a Metadata v0 that comes alone, and closes on the question once more:
 * it was there all the time. The Metadata asks for topics in use, and its answer is for whoever needs it.
 *
 * @see docs/decisions/0005-versions-are-detected.md
 */
import { ConnectionError, type KafkaError, UnsupportedVersionError } from '../errors.js'
import { errorCode } from '../protocol/error-code.js'
import { type MetadataResponse, metadata, metadataRequest } from '../protocol/messages/index.js'
import { pause } from '../timers.js'
import type { BrokerClient } from './broker-client.js'
import { BrokerVersions } from './broker-versions.js'
import { forRequest } from './client-errors.js'

export interface Negotiated {
  /** Open, with the versions of its broker set. */
  readonly client: BrokerClient
  readonly metadata: MetadataResponse
}

/** How often a peer that closes on everything is asked: a proxy may do so until its broker is up. */
const ROUNDS = 2
const PAUSE_MS = 50

/**
 * @param open - makes a connection; each one that was closed needs another.
 * @param topics - topics in use, at least one: none would ask for all there are.
 * @param timeoutMs - limit for each answer.
 * @param signal - ends a pause; `open` has to fail then.
 * @throws {ConnectionError | RequestTimeoutError | DecodeError} nothing is known then.
 * @throws {UnsupportedVersionError} when the broker refuses to list its versions.
 */
export async function negotiate(
  open: () => Promise<BrokerClient>,
  topics: readonly string[],
  timeoutMs: number,
  signal: AbortSignal = new AbortController().signal,
): Promise<Negotiated> {
  try {
    for (let round = 1; ; round++) {
      const found = await findOut(open, topics, timeoutMs, round === ROUNDS)
      if (found) return found
      await pause(PAUSE_MS, signal)
    }
  } catch (error) {
    throw nothingStored(error as KafkaError)
  }
}

/**
 * Asks once more, over a connection that is closed again, a broker whose release was guessed.
 *
 * @param signal - gives up.
 * @returns whether it lists its versions now. Never rejects.
 */
export async function saysVersions(
  open: () => Promise<BrokerClient>,
  topics: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  let client: BrokerClient | undefined
  const close = (): void =>
    client?.close(
      new ConnectionError('the connection was only for asking which versions the broker supports'),
    )
  signal.addEventListener('abort', close)
  try {
    client = await open()
    if (signal.aborted) return false
    await ask(client, topics, timeoutMs)
    return client.versions?.isGuessed === false
  } catch {
    return false
  } finally {
    signal.removeEventListener('abort', close)
    close()
  }
}

/** @returns null when the peer closes on everything, unless it is the last time. */
async function findOut(
  open: () => Promise<BrokerClient>,
  topics: readonly string[],
  timeoutMs: number,
  isLast: boolean,
): Promise<Negotiated | null> {
  const first = await askUnlessClosed(await open(), topics, timeoutMs)
  if (first) return first
  const client = await open()
  let answer: MetadataResponse
  try {
    answer = await client.request(metadata, metadataRequest(topics), { timeoutMs, version: 0 })
  } catch (error) {
    if (isLast || !hasClosed(client, error)) throw error
    return null
  }
  try {
    const second = await askUnlessClosed(await open(), topics, timeoutMs)
    if (second) client.close(new ConnectionError(`${client.broker} was asked on another connection`))
    return second ?? takenForOld(client, answer)
  } catch (error) {
    client.close(error as KafkaError)
    throw error
  }
}

/** @returns null when the broker closes on the question. */
async function askUnlessClosed(
  client: BrokerClient,
  topics: readonly string[],
  timeoutMs: number,
): Promise<Negotiated | null> {
  try {
    return await ask(client, topics, timeoutMs)
  } catch (error) {
    if (!hasClosed(client, error)) throw error
    return null
  }
}

function hasClosed(client: BrokerClient, error: unknown): boolean {
  return error instanceof ConnectionError && !client.hasAnswered
}

function takenForOld(client: BrokerClient, answer: MetadataResponse): Negotiated {
  client.useVersions(BrokerVersions.v0_8)
  return { client, metadata: answer }
}

async function ask(client: BrokerClient, topics: readonly string[], timeoutMs: number): Promise<Negotiated> {
  const probe = client.probe(metadataRequest(topics), timeoutMs)
  const listed = await probe.versions
  if (listed && listed.errorCode !== 0) {
    const { name } = errorCode(listed.errorCode)
    const text = `${client.broker} answered ApiVersions v0 with ${name} (${listed.errorCode}); set broker.version`
    throw refused(client, new UnsupportedVersionError(text, { broker: client.broker }))
  }
  const versions = listed ? BrokerVersions.listed(listed) : BrokerVersions.v0_9
  try {
    const answer = await probe.metadata
    client.useVersions(versions)
    return { client, metadata: answer }
  } catch (error) {
    throw error instanceof ConnectionError ? closedOnMetadata(client, error) : error
  }
}

function closedOnMetadata({ broker }: BrokerClient, cause: ConnectionError): ConnectionError {
  const text = `${broker} listed its versions and closed the connection on Metadata: does this listener require SASL?`
  return new ConnectionError(text, { broker, cause })
}

/** What was written were questions; no message was among them. */
function nothingStored(error: KafkaError): KafkaError {
  return error.persistence === 'not-persisted' ? error : forRequest(error, { persistence: 'not-persisted' })
}

function refused(client: BrokerClient, error: KafkaError): KafkaError {
  client.close(error)
  return error
}
