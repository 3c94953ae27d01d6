/** What faults make of a request and its answer: waits before, an end of the connection, an answer that is spoiled. */
import type { Api } from '../protocol/api.js'
import { encodeResponse } from '../protocol/request-response.js'
import { pause } from '../timers.js'
import type { Answer } from './broker-connection.js'
import type { AnswerByApi, ApiName, FaultOf } from './fault-kinds.js'
import { type ActingFault, altered } from './faults.js'

export const silence: Answer = {}
export const closing: Answer = { end: 'close' }

/** Waits, and ends the connection where a fault wants it before anything is stored, or the broker was stopped. */
export async function beforeStoring(
  faults: readonly ActingFault[],
  signal: AbortSignal,
): Promise<Answer | null> {
  for (const { fault } of faults) {
    if (fault.kind === 'wait') await settledOrAborted(fault.until(signal), signal)
    if (signal.aborted) return closing
    if ((fault.kind === 'close' || fault.kind === 'reset') && fault.when === 'beforeStoring') {
      return { end: fault.kind }
    }
  }
  return null
}

/** Resolves when the promise settles or the signal aborts, whichever is first; never rejects. */
function settledOrAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      signal.removeEventListener('abort', end)
      resolve()
    }
    signal.addEventListener('abort', end)
    promise.then(end, end)
    if (signal.aborted) end()
  })
}

/** How the connection ends after storing, if it does. */
export function ending(faults: readonly ActingFault[]): Answer | null {
  for (const { fault } of faults)
    if (fault.kind === 'close' || fault.kind === 'reset') return { end: fault.kind }
  return null
}

/** How a response goes out. */
export interface Outgoing<Name extends ApiName> {
  readonly api: Api<unknown, AnswerByApi[Name]>
  /** Of its shape. */
  readonly version: number
  readonly correlationId: number
  readonly response: AnswerByApi[Name]
}

/** The answer that is given in the end. */
export async function afterStoring<Name extends ApiName>(
  faults: readonly ActingFault[],
  { api, version, correlationId, response }: Outgoing<Name>,
  signal: AbortSignal,
): Promise<Answer> {
  const throttleTimeMs = throttled(faults)
  const body = throttleTimeMs > 0 ? { ...response, throttleTimeMs } : response
  const encode = (id: number): Buffer => encodeResponse(api, version, id, altered<Name>(body, faults))
  let answer = ending(faults)
  for (const { fault } of faults) answer ??= spoiled(fault, correlationId, encode)
  answer ??= { bytes: encode(correlationId) }
  if (throttleTimeMs === 0) return answer
  // From KIP-219 on the answer comes at once, and what follows on the connection is not read meanwhile.
  if (version >= api.throttledByClientFrom)
    return { ...answer, throttled: () => pause(throttleTimeMs, signal) }
  await pause(throttleTimeMs, signal)
  return signal.aborted ? closing : answer
}

/** Milliseconds; 0 without such a fault. */
export function throttled(faults: readonly ActingFault[]): number {
  return Math.max(0, ...faults.map(({ fault }) => (fault.kind === 'throttle' ? fault.milliseconds : 0)))
}

function spoiled(
  fault: FaultOf<ApiName>,
  correlationId: number,
  encode: (correlationId: number) => Buffer,
): Answer | null {
  switch (fault.kind) {
    case 'noAnswer':
      return silence
    case 'rawBytes':
      return { bytes: fault.bytes }
    case 'cutAnswer':
      return { bytes: encode(correlationId).subarray(0, fault.bytes), end: 'close' }
    case 'wrongCorrelationId':
      return { bytes: encode(correlationId + 1) }
    default:
      return null
  }
}
