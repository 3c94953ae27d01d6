/**
 * A process of its own that sends one message and tells its parent how long that took: `{ ms }`, or `{ error }`.
 *
 *     first-message-subject.ts HOST:PORT TOPIC KEY
 */
import { Producer } from '../../../lib/index.js'

const [address = '', topic = '', key = ''] = process.argv.slice(2)
const startedMs = performance.now()
const producer = new Producer<string, string>({
  'metadata.broker.list': address,
  'serializer.class': 'kafka.serializer.StringEncoder',
  'request.required.acks': '1',
})
try {
  await producer.deliver({ topic, key, message: 'first' })
  process.send!({ ms: performance.now() - startedMs })
} catch (error) {
  process.send!({ error: String(error) })
} finally {
  await producer.close()
  process.disconnect()
}
