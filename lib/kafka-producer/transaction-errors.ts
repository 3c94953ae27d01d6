/** The errors that failed requests of transactions become, with texts that say what to do. */
import { type KafkaError, printable } from '../errors.js'
import { brokerError, CommitFailedError, ProducerFencedError } from './errors.js'
import { topicsWith } from './transaction-answers.js'
import type { TransactionRequest } from './transaction-requests.js'

const TOPIC_AUTHORIZATION_FAILED = 29
const INVALID_TRANSACTION_TIMEOUT = 50

/** What a code in an answer becomes; `step` is what the code means there. */
export function errorOf(
  step: string,
  code: number,
  request: TransactionRequest,
  response: unknown,
): KafkaError {
  const what = `${request.kind}${aboutOf(request)}`
  if (step === 'fenced') return fencedError(what)
  if (step === 'commitFailed') {
    const text = 'the offsets were not committed, the group has moved on; abort the transaction'
    return new CommitFailedError(text, { cause: brokerError(code, what) })
  }
  if (request.kind === 'AddPartitionsToTxn' && code === TOPIC_AUTHORIZATION_FAILED) {
    const [topic = '', ...others] = topicsWith(code, response)
    const more = others.length > 0 ? ` and ${others.length} more` : ''
    return brokerError(code, `${what} for topic ${printable(topic)}${more}`, { topic })
  }
  return brokerError(
    code,
    code === INVALID_TRANSACTION_TIMEOUT ? `${what} (check transaction.timeout.ms)` : what,
  )
}

export function fencedError(what: string): ProducerFencedError {
  return new ProducerFencedError(
    `${what}: another producer with the same transactional.id has taken over; close this one`,
  )
}

function aboutOf({ coordinator, key }: TransactionRequest): string {
  if (key === '') return ''
  return coordinator === 'group' ? ` of group ${printable(key)}` : ` of ${printable(key)}`
}
