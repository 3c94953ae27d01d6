/** Connectors with the limits that specs use. */
import { silentLogger } from '../../../lib/logger.js'
import { Connector, type ConnectorOptions } from '../../../lib/network/connector.js'

/** Of everything that is not the subject of a spec. */
export const MAX_FRAME_BYTES = 1000

export function connectorOf(options: Partial<ConnectorOptions> = {}): Connector {
  return new Connector({
    clientId: 'c1',
    logger: silentLogger,
    connectTimeoutMs: () => 1000,
    sendBufferBytes: 0,
    maxFrameBytes: MAX_FRAME_BYTES,
    ...options,
  })
}
