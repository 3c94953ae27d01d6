/** Switches a real cluster to transaction version 2 (KIP-890). */
import { RawClient } from '../../support/scripted/raw-client.js'
import { reading, wire } from '../../support/wire.js'

const UPDATE_FEATURES = 57

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
