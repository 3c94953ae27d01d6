/**
 * Creates many topics in a few requests on any broker from 0.8.0 on: a Metadata request that names a topic creates it.
 */
import chunk from 'lodash/chunk.js'
import { fetchMetadata, nameTopics } from '../support/admin-requests.js'
import { eventually } from '../support/index.js'
import { PARTITIONS } from './contract-case.js'

const TIMEOUT_MS = 90_000
/** So that a busy broker answers before the answer is given up. */
const TOPICS_PER_REQUEST = 15

/** Resolves when every partition of every topic has a leader. */
export async function createTopics(address: string, topics: readonly string[]): Promise<void> {
  const port = Number(address.split(':')[1])
  let missing: readonly string[] = topics
  let lastError: unknown = null
  const ask = async (): Promise<true | null> => {
    const { topics: known } = await fetchMetadata(port)
    missing = topics.filter((topic) => {
      const partitions = [...(known.get(topic)?.values() ?? [])]
      return partitions.length !== PARTITIONS || partitions.some(({ leader }) => leader < 0)
    })
    if (missing.length === 0) return true
    for (const some of chunk(missing, TOPICS_PER_REQUEST)) await nameTopics(port, some)
    return null
  }
  // What is not answered in time goes on being created.
  const look = (): Promise<true | null> =>
    ask().catch((error: unknown) => {
      lastError = error
      return null
    })
  await eventually(look, {
    timeoutMs: TIMEOUT_MS,
    what: () => `the topics ${missing.join(', ')} to be created; the last problem was ${lastError}`,
  })
}
