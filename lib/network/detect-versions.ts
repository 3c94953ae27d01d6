/**
 * Finds out what a broker speaks, in three steps on a fresh connection: versions, authentication, metadata.
 *
 * Where nothing has to be authenticated, ApiVersions v0 and Metadata v0 are written together: one round trip, and no
 * waiting for any time-out. 0.10 and later answer both; 0.9 answers only the Metadata; 0.8 closes the connection, and so
 * may a TLS or SASL listener, a proxy whose broker is not up yet, or a broker that is just going down. So a broker
 * counts as 0.8 only when it closes on the question, then answers a Metadata v0 that comes alone, and closes on the
 * question once more: it was there all the time. The Metadata asks for topics in use, and its answer is for whoever
 * needs it.
 *
 * Where something has to be authenticated, each step waits for the one before, and nothing is guessed from a closing:
 * a broker of that age would not answer the lone Metadata either.
 *
 * @see docs/decisions/0005-versions-are-detected.md
 */
import { ConnectionError, type KafkaError, RequestTimeoutError, UnsupportedVersionError } from '../errors.js'
import { errorCode } from '../protocol/error-code.js'
import {
  type ApiVersionsResponse,
  apiVersions,
  type MetadataResponse,
  metadata,
  metadataRequest,
} from '../protocol/messages/index.js'
import { pause } from '../timers.js'
import type { BrokerClient } from './broker-client.js'
import { BrokerVersions } from './broker-versions.js'
import { forRequest } from './client-errors.js'

export interface Detected {
  /** Open, with the versions of its broker set. */
  readonly client: BrokerClient
  /** Answer for the topics; null where there are none. */
  readonly metadata: MetadataResponse | null
}

/** Makes a fresh connection fit for requests; its client has its versions by then. Rejects where the broker refuses. */
export type Authenticate = (client: BrokerClient) => Promise<void>

export interface Detection {
  /** Makes a connection; each one that was closed needs another. */
  readonly open: () => Promise<BrokerClient>
  /** null: nothing has to be authenticated. */
  readonly authenticate: Authenticate | null
  /** Topics in use, at least one: none would ask for all there are. */
  readonly topics: readonly string[]
  /** Limit for each answer, in milliseconds. */
  readonly timeoutMs: number
  /** Ends a pause; `open` has to fail then. */
  readonly signal: AbortSignal
}

/** How often a peer that closes on everything is asked: a proxy may do so until its broker is up. */
const ROUNDS = 2
const PAUSE_MS = 50
/** For a broker that is silent, of 0.9 or stopped: there may be another that answers. */
const ALONE_TIMEOUT_MS = 2000
/** Legal in no release, so brokers that create topics do not create this one; all answer. */
const NO_TOPIC = '/'

/**
 * @throws {ConnectionError | RequestTimeoutError | DecodeError} nothing is known then.
 * @throws {UnsupportedVersionError} when the broker refuses to say what it speaks.
 */
export async function detectVersions(detection: Detection): Promise<Detected> {
  try {
    for (let round = 1; ; round++) {
      const found = await findOut(detection, round === ROUNDS)
      if (found) return found
      await pause(PAUSE_MS, detection.signal)
    }
  } catch (error) {
    throw nothingStored(error as KafkaError)
  }
}

/**
 * Where no topic is in use: asks for the versions alone. Brokers before 0.10 close on that, or are silent; then, unless something
 * has to be authenticated, as {@link detectVersions}, with Metadata for a name that no topic can have.
 *
 * @throws {ConnectionError | RequestTimeoutError | DecodeError | UnsupportedVersionError}
 */
export async function detectVersionsAlone(detection: Omit<Detection, 'topics'>): Promise<Detected> {
  const { open, authenticate } = detection
  const limitMs = Math.min(detection.timeoutMs, ALONE_TIMEOUT_MS)
  const client = await open()
  try {
    client.useVersions(versionsIn(await askVersions(client, limitMs), client))
    await authenticate?.(client)
  } catch (error) {
    client.close(error as KafkaError)
    const mayBeOld = hasClosed(client, error) || (error instanceof RequestTimeoutError && !client.hasAnswered)
    if (authenticate || !mayBeOld) throw error
    const found = await detectVersions({ ...detection, topics: [NO_TOPIC], timeoutMs: limitMs })
    return { client: found.client, metadata: null }
  }
  return { client, metadata: null }
}

/**
 * Asks once more, over a connection that is closed again, a broker whose release was guessed.
 *
 * @param detection - its signal gives up.
 * @returns whether it says now what it speaks. Never rejects.
 */
export async function saysVersions(detection: Detection): Promise<boolean> {
  const { signal } = detection
  let client: BrokerClient | undefined
  const close = (): void =>
    client?.close(new ConnectionError('the connection was only for asking what the broker speaks'))
  signal.addEventListener('abort', close)
  try {
    client = await detection.open()
    if (signal.aborted) return false
    await ask(client, detection)
    return client.versions?.isGuessed === false
  } catch {
    return false
  } finally {
    signal.removeEventListener('abort', close)
    close()
  }
}

/** @returns null when the peer closes on everything, unless it is the last time. */
async function findOut(detection: Detection, isLast: boolean): Promise<Detected | null> {
  const { open, authenticate, topics, timeoutMs } = detection
  const first = await askUnlessClosed(await open(), detection, isLast && authenticate !== null)
  if (first || authenticate) return first
  const client = await open()
  let answer: MetadataResponse
  try {
    answer = await client.request(metadata, metadataRequest(topics), { timeoutMs, version: 0 })
  } catch (error) {
    if (isLast || !hasClosed(client, error)) throw error
    return null
  }
  try {
    const second = await askUnlessClosed(await open(), detection)
    if (second) client.close(new ConnectionError(`${client.broker} was asked on another connection`))
    return second ?? takenForOld(client, answer)
  } catch (error) {
    client.close(error as KafkaError)
    throw error
  }
}

/** @returns null when the broker closes on the question, unless that is a failure as well. */
async function askUnlessClosed(
  client: BrokerClient,
  detection: Detection,
  isFailure = false,
): Promise<Detected | null> {
  try {
    return await ask(client, detection)
  } catch (error) {
    if (isFailure || !hasClosed(client, error)) throw error
    return null
  }
}

function hasClosed(client: BrokerClient, error: unknown): boolean {
  return error instanceof ConnectionError && !client.hasAnswered
}

function takenForOld(client: BrokerClient, answer: MetadataResponse): Detected {
  client.useVersions(BrokerVersions.v0_8)
  return { client, metadata: answer }
}

/** The three steps on one connection. */
async function ask(client: BrokerClient, detection: Detection): Promise<Detected> {
  const { authenticate, topics, timeoutMs } = detection
  if (!authenticate) {
    const probe = client.probe(metadataRequest(topics), timeoutMs)
    client.useVersions(versionsIn(await probe.versions, client))
    return { client, metadata: await answerOrClosing(client, probe.metadata) }
  }
  client.useVersions(versionsIn(await askVersions(client, timeoutMs), client))
  try {
    await authenticate(client)
    const answer = client.request(metadata, metadataRequest(topics), { timeoutMs, version: 0 })
    return { client, metadata: await answer }
  } catch (error) {
    client.close(error as KafkaError)
    throw error
  }
}

function askVersions(client: BrokerClient, timeoutMs: number): Promise<ApiVersionsResponse> {
  const question = { clientSoftwareName: '', clientSoftwareVersion: '' }
  return client.request(apiVersions, question, { timeoutMs, version: 0 })
}

/** @param listed - null: the broker has passed over the question. */
function versionsIn(listed: ApiVersionsResponse | null, client: BrokerClient): BrokerVersions {
  if (!listed) return BrokerVersions.v0_9
  if (listed.errorCode === 0) return BrokerVersions.listed(listed)
  const { name } = errorCode(listed.errorCode)
  const text = `${client.broker} answered ApiVersions v0 with ${name} (${listed.errorCode}); set broker.version`
  throw refused(client, new UnsupportedVersionError(text, { broker: client.broker }))
}

async function answerOrClosing<T>(client: BrokerClient, answer: Promise<T>): Promise<T> {
  try {
    return await answer
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
