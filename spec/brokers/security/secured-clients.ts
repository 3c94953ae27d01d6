/** Both producers as clients of a {@link SecuredCluster}, with what each of its listeners asks for. */
import { expect } from 'chai'
import {
  AuthenticationError,
  type FailedToSendMessageError,
  KafkaError,
  KafkaProducer,
  type KafkaProducerOptions,
  Producer,
  type ProducerOptions,
} from '../../../lib/index.js'
import { LogKeeper } from '../../handler/support/log-keeper.js'
import { isAtLeast } from '../support/kafka-version.js'
import type { ListenerKind, SaslMechanismName, SecuredCluster } from '../support/secured-cluster.js'

export type Properties = Readonly<Record<string, string>>

export const USER = 'alice'
export const PASSWORD = 'alice-secret'

const MODULES = 'org.apache.kafka.common.security'
const STRINGS = 'org.apache.kafka.common.serialization.StringSerializer'

export function login(mechanism: SaslMechanismName, { user = USER, password = PASSWORD } = {}): Properties {
  const jaas =
    mechanism === 'OAUTHBEARER'
      ? `${MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="${user}";`
      : `${MODULES}.${mechanism === 'PLAIN' ? 'plain.Plain' : 'scram.Scram'}LoginModule required username="${user}" password="${password}";`
  return { 'sasl.mechanism': mechanism, 'sasl.jaas.config': jaas }
}

export class SecuredClients {
  readonly #secured: SecuredCluster
  /** Of all producers that are made. */
  readonly log = new LogKeeper()
  readonly #ends: (() => Promise<void>)[] = []
  #topics = 0

  constructor(secured: SecuredCluster) {
    this.#secured = secured
  }

  /** What a listener needs, but for the login. */
  protectionOf(kind: ListenerKind): Properties {
    const { ca, client } = this.#secured.certificates
    const trust = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': ca.cert }
    const own = {
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.certificate.chain': client.cert,
      'ssl.keystore.key': client.key,
    }
    return {
      'security.protocol': kind,
      ...(kind !== 'SASL_PLAINTEXT' && trust),
      ...(kind === 'SSL' && own),
    }
  }

  /** Sync, and its outcome is that of all replicas. */
  classic(address: string, properties: Properties, options: ProducerOptions = {}): Producer<string, string> {
    const config = {
      'metadata.broker.list': address,
      'serializer.class': 'kafka.serializer.StringEncoder',
      'request.required.acks': -1,
      'request.timeout.ms': 10_000,
      'queue.buffering.max.ms': 5,
      ...properties,
    }
    const producer = new Producer<string, string>(config, { logger: this.log, ...options })
    this.#ends.push(() => producer.close({ timeoutMs: 0 }))
    return producer
  }

  /** Idempotent where the broker can be asked for that. */
  modern(
    address: string,
    properties: Properties,
    options: KafkaProducerOptions<string, string> = {},
  ): KafkaProducer<string, string> {
    const config = {
      'bootstrap.servers': address,
      'key.serializer': STRINGS,
      'value.serializer': STRINGS,
      ...(isAtLeast(this.#secured.cluster.version.version, '0.11') ? {} : { 'enable.idempotence': 'false' }),
      ...properties,
    }
    const producer = new KafkaProducer<string, string>(config, { logger: this.log, ...options })
    this.#ends.push(() => producer.close({ timeoutMs: 0 }))
    return producer
  }

  async newTopic(partitions = 1): Promise<string> {
    const topic = `t${++this.#topics}`
    await this.#secured.cluster.createTopic(topic, { partitions })
    return topic
  }

  /** Ends all producers that were made. */
  async end(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end()
  }
}

/** What a send fails with: of an error about several attempts, what the last one met. */
export async function failureOf(sending: PromiseLike<unknown>): Promise<KafkaError> {
  return Promise.resolve(sending).then(
    () => expect.fail('it was delivered'),
    (failure: KafkaError) => rootOf(failure),
  )
}

function rootOf(error: KafkaError): KafkaError {
  const { cause } = error as FailedToSendMessageError
  return error instanceof AuthenticationError || !(cause instanceof KafkaError) ? error : rootOf(cause)
}
