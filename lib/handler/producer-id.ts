/**
 * The producer id of the classic producer (`enable.idempotence`): asked for when something is about to be written to a leader, on
 * the connection to that leader, once for all who wait. Any broker from Kafka 0.11 on grants one; older ones take no numbers.
 *
 * @see KIP-98; docs/decisions/0011-idempotence-of-the-classic-producer.md
 */
import { BrokerError, DecodeError, KafkaError, UnsupportedVersionError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { ProduceConnection } from '../pool/sync-producer.js'
import type { ProducerSequences } from '../produce/producer-sequences.js'
import { errorCode } from '../protocol/error-code.js'
import { magicOf } from '../protocol/records/record-body.js'

export const FIRST_MAGIC_WITH_NUMBERS = 2
const NONE = 0

export class ProducerId {
  readonly #sequences: ProducerSequences
  readonly #logger: Logger
  #asking: Promise<void> | null = null
  #hasToldOfOldBroker = false

  /** @param sequences - gets what is granted. */
  constructor(sequences: ProducerSequences, logger: Logger) {
    this.#sequences = sequences
    this.#logger = logger
  }

  /**
   * Sees to it that there is a producer id for what is written to a broker.
   *
   * @returns why there never is one, or null.
   * @throws {KafkaError} when there is none at the moment.
   */
  async refusal(connection: ProduceConnection, broker: string): Promise<KafkaError | null> {
    if (magicOf(connection.version) < FIRST_MAGIC_WITH_NUMBERS) return this.#tooOld(broker)
    while (!this.#sequences.hasIdentity) {
      if (this.#asking) {
        // Where another broker does not answer, this one is asked.
        await this.#asking.catch(() => {})
        continue
      }
      this.#asking = this.#ask(connection, broker).finally(() => {
        this.#asking = null
      })
      try {
        await this.#asking
      } catch (thrown) {
        if (thrown instanceof KafkaError && !thrown.retriable) return thrown
        throw thrown
      }
    }
    return null
  }

  async #ask(connection: ProduceConnection, broker: string): Promise<void> {
    const { errorCode: code, producerId, producerEpoch: epoch } = await connection.initProducerId()
    if (code !== NONE) throw refused(code, broker)
    if (producerId < 0n) throw new DecodeError(`${broker} granted producer id ${producerId}`, { broker })
    this.#sequences.takeIdentity({ producerId, epoch })
    this.#logger.info(`enable.idempotence: ${broker} granted producer id ${producerId}, epoch ${epoch}`)
  }

  #tooOld(broker: string): UnsupportedVersionError {
    const text = `enable.idempotence needs Kafka 0.11 or newer, and ${broker} is older: leave it out for such brokers`
    if (!this.#hasToldOfOldBroker) this.#logger.error(`${text}; messages for such brokers fail`)
    this.#hasToldOfOldBroker = true
    return new UnsupportedVersionError(text, { broker })
  }
}

function refused(code: number, broker: string): BrokerError {
  const { name, description, retriable } = errorCode(code)
  const text = `${broker} grants no producer id, which enable.idempotence needs: ${name} (${code})`
  return new BrokerError(code, name, `${text}${description && `: ${description}`}`, { broker, retriable })
}
