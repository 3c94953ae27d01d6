import { Producer } from '../../lib/index.js'
import { clientArguments, sendOneByOne, timed } from './traffic.js'

const { variant, bootstrap, messages, value } = clientArguments()
const producer = new Producer<string, string>({
  'metadata.broker.list': bootstrap,
  'serializer.class': 'kafka.serializer.StringEncoder',
  'request.required.acks': 1,
  'producer.type': variant.includes('async') ? 'async' : 'sync',
  ...(variant.includes('by-1000') && { 'batch.num.messages': 1000 }),
})
const message = { topic: 'bench', message: value }

async function sendAll(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await producer.send(message)
  await producer.flush()
}

/** Every outcome is listened to. */
async function sendAndListen(count: number): Promise<void> {
  let delivered = 0
  producer.on('delivered', ({ messages: { length } }) => {
    delivered += length
  })
  await sendAll(count)
  producer.removeAllListeners('delivered')
  if (delivered !== count) throw new Error(`${delivered} of ${count} messages were delivered`)
}

const variants: Readonly<Record<string, (count: number) => Promise<void>>> = {
  'ours-async': sendAll,
  'ours-async-by-1000': sendAll,
  'ours-async-by-1000-events': sendAndListen,
  'ours-async-deliver': (count) => sendOneByOne(count, 1000, () => producer.deliver(message)),
  'ours-sync-1000': (count) => sendOneByOne(count, 1000, () => producer.send(message)),
  'ours-sync-1': (count) => sendOneByOne(count, 1, () => producer.send(message)),
}

await timed(messages, variants[variant]!)
await producer.close()
process.disconnect?.()
