/** The product as a program of the bench uses it: loaded from the folder of a build, configured for a workload. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Message } from './drive.js'
import type { Plan } from './plan.js'

export interface ClassicProducer {
  send(message: Message | Message[]): Promise<unknown>
  deliver(message: Message): Promise<unknown>
  on(event: 'delivered', listener: (event: { readonly messages: readonly unknown[] }) => void): unknown
  on(event: 'failed', listener: (event: { readonly failures: readonly unknown[] }) => void): unknown
  flush(): Promise<void>
  close(): Promise<void>
}

export interface Product {
  readonly Producer: new (properties: Readonly<Record<string, string>>, options?: object) => ClassicProducer
}

export interface RecordLike {
  readonly topic: string
  readonly key?: string
  readonly value: Buffer | string
}

export interface KafkaClient {
  send(
    record: RecordLike,
    callback?: (metadata: unknown, error: Error | null) => void,
  ): PromiseLike<unknown> & { readonly appended: Promise<void> }
  flush(): Promise<void>
  close(): Promise<void>
}

export interface KafkaProduct {
  readonly KafkaProducer: new (properties: Readonly<Record<string, string>>) => KafkaClient
}

const STRING_ENCODER = 'kafka.serializer.StringEncoder'
const DEFAULT_ENCODER = 'kafka.serializer.DefaultEncoder'

export function productOf({ product }: Plan): Product {
  return loaded(product) as Product
}

export function kafkaProductOf({ product }: Plan): KafkaProduct {
  return loaded(product) as KafkaProduct
}

function loaded(product: string): unknown {
  return createRequire(import.meta.url)(join(product, 'dist/lib/index.js'))
}

/** Before a producer is made. */
export function stubMetrics({ product }: Plan): void {
  const file = join(product, 'dist/lib/metrics/producer-metrics.js')
  const { ProducerMetrics } = createRequire(import.meta.url)(file) as {
    readonly ProducerMetrics: { readonly prototype: object }
  }
  for (const method of Object.getOwnPropertyNames(ProducerMetrics.prototype)) {
    if (method === 'constructor' || method === 'snapshot') continue
    Object.defineProperty(ProducerMetrics.prototype, method, { value: () => {} })
  }
}

/** Of either producer. */
export function tlsProperties({ tls }: Plan): Record<string, string> {
  if (!tls) return {}
  return {
    'security.protocol': 'SSL',
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': tls.ca,
  }
}

/** Settings that have their default are left out. */
export function propertiesOf(plan: Plan): Record<string, string> {
  const { bootstrap, workload } = plan
  const { mode, acks, codec, maxInFlight } = workload
  return {
    ...tlsProperties(plan),
    'metadata.broker.list': bootstrap,
    'producer.type': mode === 'sync' ? 'sync' : 'async',
    'serializer.class': workload.value === 'string' ? STRING_ENCODER : DEFAULT_ENCODER,
    'key.serializer.class': STRING_ENCODER,
    'request.required.acks': String(acks),
    'batch.num.messages': String(workload.batch),
    'queue.buffering.max.messages': String(workload.queue),
    'queue.buffering.max.ms': String(workload.lingerMs),
    ...(maxInFlight > 1 && { 'max.in.flight.requests.per.connection': String(maxInFlight) }),
    ...(codec !== 'none' && { 'compression.codec': codec }),
  }
}
