/**
 * Finds out what a broker speaks, in one round trip and without waiting for any time-out: ApiVersions v0 and Metadata
 * v0 are written together on a fresh connection.
 *
 * 0.10 and later answer both; 0.9 answers only the Metadata; 0.8 closes the connection, and so may a TLS or SASL
 * listener, a proxy, or a broker that is just going down. So a broker counts as 0.8 only when it has closed twice and
 * then answers a Metadata v0 that comes alone. The Metadata asks for topics in use, and its answer is for whoever
 * needs it.
 *
 * @see wire-protocol reference §2; real-brokers reference §12; design D12
 */
import { ConnectionError, type KafkaError, UnsupportedVersionError } from '../errors.js'
import { errorCode } from '../protocol/error-code.js'
import { type MetadataResponse, metadata, metadataRequest } from '../protocol/messages/index.js'
import type { BrokerClient } from './broker-client.js'
import { BrokerVersions } from './broker-versions.js'
import { toldTo } from './client-errors.js'

export interface Negotiated {
  /** Open, and told what its broker speaks. */
  readonly client: BrokerClient
  readonly metadata: MetadataResponse
}

/** A broker before 0.10 closes each time; anything else is unlikely to. */
const CLOSINGS_OF_0_8 = 2

/**
 * @param open - makes a connection; each one that was closed needs another.
 * @param topics - topics in use, at least one: none would ask for all there are.
 * @param timeoutMs - limit for each answer.
 * @throws {ConnectionError | RequestTimeoutError | DecodeError} nothing is known then.
 * @throws {UnsupportedVersionError} when the broker refuses to say what it speaks.
 */
export async function negotiate(
  open: () => Promise<BrokerClient>,
  topics: readonly string[],
  timeoutMs: number,
): Promise<Negotiated> {
  try {
    return await findOut(open, topics, timeoutMs)
  } catch (error) {
    throw nothingStored(error as KafkaError)
  }
}

async function findOut(
  open: () => Promise<BrokerClient>,
  topics: readonly string[],
  timeoutMs: number,
): Promise<Negotiated> {
  for (let closings = 0; closings < CLOSINGS_OF_0_8; closings++) {
    const client = await open()
    try {
      return await ask(client, topics, timeoutMs)
    } catch (error) {
      if (!(error instanceof ConnectionError) || client.hasAnswered) throw error
    }
  }
  return takeForOld(await open(), topics, timeoutMs)
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
    client.speak(versions)
    return { client, metadata: answer }
  } catch (error) {
    throw error instanceof ConnectionError ? closedOnMetadata(client, error) : error
  }
}

/** The last chance: whatever is no broker does not answer this, either. */
async function takeForOld(
  client: BrokerClient,
  topics: readonly string[],
  timeoutMs: number,
): Promise<Negotiated> {
  const answer = await client.request(metadata, metadataRequest(topics), { timeoutMs, version: 0 })
  client.speak(BrokerVersions.v0_8)
  return { client, metadata: answer }
}

function closedOnMetadata({ broker }: BrokerClient, cause: ConnectionError): ConnectionError {
  const text = `${broker} told its versions and closed the connection on Metadata: does this listener want SASL?`
  return new ConnectionError(text, { broker, cause })
}

/** What was written were questions; no message was among them. */
function nothingStored(error: KafkaError): KafkaError {
  return error.persistence === 'not-persisted' ? error : toldTo(error, { persistence: 'not-persisted' })
}

function refused(client: BrokerClient, error: KafkaError): KafkaError {
  client.close(error)
  return error
}
