/** InitProducerId without transactions: each request gets an id of its own, which counts from 1000 in the process. */
import type { InitProducerIdRequest, InitProducerIdResponse } from '../../protocol/messages/index.js'
import type { ActingFault } from '../faults.js'

/** The embedded broker coordinates no transactions. */
const COORDINATOR_NOT_AVAILABLE = 15

let ids = 1000n

export function handleInitProducerId(
  { transactionalId }: InitProducerIdRequest,
  faults: readonly ActingFault[],
): InitProducerIdResponse {
  for (const { fault } of faults) if (fault.kind === 'errorCode') return refused(fault.code)
  if (transactionalId !== null) return refused(COORDINATOR_NOT_AVAILABLE)
  return { throttleTimeMs: 0, errorCode: 0, producerId: ids++, producerEpoch: 0 }
}

function refused(errorCode: number): InitProducerIdResponse {
  return { throttleTimeMs: 0, errorCode, producerId: -1n, producerEpoch: -1 }
}
