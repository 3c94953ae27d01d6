/** Switches a real cluster to transaction version 2 (KIP-890). */
import { apiVersions } from '../../../lib/protocol/messages/index.js'
import { decodeResponse, encodeRequest } from '../../../lib/protocol/request-response.js'
import { RawClient } from '../../support/scripted/raw-client.js'
import { reading, wire } from '../../support/wire.js'
import { eventually } from './eventually.js'

const UPDATE_FEATURES = 57
const FINALIZED_TIMEOUT_MS = 20_000

/** Resolves once the broker at `port` names the level to producers: it is finalized some time after it was accepted. */
export async function useTransactionVersion2(port: number): Promise<void> {
  await raiseTransactionVersion(port)
  const look = async (): Promise<true | null> => ((await finalizedLevel(port)) === 2 ? true : null)
  await eventually(look, {
    timeoutMs: FINALIZED_TIMEOUT_MS,
    what: () => 'transaction.version 2 to be finalized',
  })
}

/** Of transaction.version; 0 while there is none. */
async function finalizedLevel(port: number): Promise<number> {
  const client = await RawClient.connect(port)
  try {
    const names = { clientSoftwareName: 'spec', clientSoftwareVersion: '1' }
    client.write(encodeRequest(apiVersions, apiVersions.maxVersion, 1, 'spec', names))
    const frame = await client.answer()
    if (!frame) throw new Error('the broker closed the connection on ApiVersions')
    const { finalizedFeatures } = decodeResponse(apiVersions, apiVersions.maxVersion, frame).body
    return finalizedFeatures.find(({ name }) => name === 'transaction.version')?.maxVersionLevel ?? 0
  } finally {
    await client.close()
  }
}

/**
 * UpdateFeatures v1: what `kafka-features upgrade --feature transaction.version=2` sends.
 *
 * @throws {Error} when the broker refuses it.
 */
export async function raiseTransactionVersion(port: number): Promise<void> {
  const client = await RawClient.connect(port)
  try {
    const request = wire()
      .requestHeader(UPDATE_FEATURES, 1, 1, 'spec')
      .noTags()
      .int32(10_000)
      .compactArray(['transaction.version'], (to, feature) =>
        to.compactString(feature).int16(2).int8(1).noTags(),
      )
      .int8(0)
      .noTags()
    client.write(request.framed())
    const answer = reading((await client.answer())!)
    // Correlation id, tags, throttle time.
    answer.raw(9)
    const code = answer.int16()
    if (code !== 0) throw new Error(`the broker answered ${code} to transaction.version 2`)
  } finally {
    await client.close()
  }
}
