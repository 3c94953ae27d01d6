/**
 * Our client with metrics as they are, or with everything that counts replaced by nothing (`…-stubbed`); reports
 * messages per second of processor time, which other processes disturb less than the clock on the wall.
 */
import { ProducerMetrics } from '../../lib/metrics/producer-metrics.js'
import { Producer } from '../../lib/producer/producer.js'
import { clientArguments, sendOneByOne } from './traffic.js'

const { variant, bootstrap, messages, value } = clientArguments()
if (variant.endsWith('-stubbed')) {
  for (const method of Object.getOwnPropertyNames(ProducerMetrics.prototype)) {
    if (method === 'constructor' || method === 'snapshot') continue
    Object.defineProperty(ProducerMetrics.prototype, method, { value: () => {} })
  }
}

const producer = new Producer<string, string>({
  'metadata.broker.list': bootstrap,
  'serializer.class': 'kafka.serializer.StringEncoder',
  'request.required.acks': 1,
  'producer.type': variant.includes('async') ? 'async' : 'sync',
})
const message = { topic: 'bench', message: value }

const variants: Readonly<Record<string, (count: number) => Promise<void>>> = {
  'metered-async': async (count) => {
    for (let i = 0; i < count; i++) await producer.send(message)
    await producer.flush()
  },
  'metered-async-deliver': (count) => sendOneByOne(count, 1000, () => producer.deliver(message)),
  'metered-sync-1000': (count) => sendOneByOne(count, 1000, () => producer.send(message)),
  'metered-sync-1': (count) => sendOneByOne(count, 1, () => producer.send(message)),
}

const send = variants[variant.replace('-stubbed', '')]!
await send(Math.ceil(messages / 5))
const start = process.cpuUsage()
await send(messages)
const { user, system } = process.cpuUsage(start)
process.send?.(messages / ((user + system) / 1_000_000))
await producer.close()
process.disconnect?.()
