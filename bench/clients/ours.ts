import { Producer } from '../../lib/index.js'
import { clientArguments, sendOneByOne, timed } from './traffic.js'

const { variant, bootstrap, messages, value } = clientArguments()
const producer = new Producer<string, string>({
  'metadata.broker.list': bootstrap,
  'serializer.class': 'kafka.serializer.StringEncoder',
  'request.required.acks': 1,
  'producer.type': variant.includes('async') ? 'async' : 'sync',
})
const message = { topic: 'bench', message: value }

const variants: Readonly<Record<string, (count: number) => Promise<void>>> = {
  'ours-async': async (count) => {
    for (let i = 0; i < count; i++) await producer.send(message)
    await producer.flush()
  },
  'ours-async-deliver': (count) => sendOneByOne(count, 1000, () => producer.deliver(message)),
  'ours-sync-1000': (count) => sendOneByOne(count, 1000, () => producer.send(message)),
  'ours-sync-1': (count) => sendOneByOne(count, 1, () => producer.send(message)),
}

await timed(messages, variants[variant]!)
await producer.close()
process.disconnect?.()
