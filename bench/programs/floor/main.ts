/**
 * What Node allows for the work of a producer, with nothing around it: a queue, a partition for each key, record batches in
 * reused buffers, CRC-32C, one request per turn of the event loop, answers read in order. No metadata, no retries, no
 * limits, no metrics, no errors but a crash.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { drive, type Message } from '../support/drive.js'
import { measured } from '../support/measured.js'
import { planOfProcess } from '../support/plan.js'
import { ProduceWriter, type RequestBuffer } from './produce-writer.js'

interface Delivery {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}

/** A message whose outcome somebody waits for. */
interface Call extends Message {
  readonly resolve: (delivery: Delivery | undefined) => void
}

const TOPIC = 'bench'
/** Of the base offset of the first partition in an answer of v7: correlation id, one topic and its name, one index and code. */
const BASE_OFFSET_AT = 4 + 4 + 4 + 2 + TOPIC.length + 4 + 4 + 2

const { workload, bootstrap, partitions } = planOfProcess()
const { mode, batch, queue: capacity, maxInFlight, acks } = workload
const hasCalls = mode === 'deliver' || mode === 'sync'
const hasOffsets = mode === 'deliver'
const writer = new ProduceWriter({ topic: TOPIC, partitions, hasKeys: workload.keys > 0, acks })

let queue: Message[] = []
let head = 0
let isScheduled = false
let inFlight = 0
let room: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null
let onDrained: (() => void) | null = null
const awaited: Message[][] = []
const accepted = Promise.resolve()

const [host, port] = bootstrap.split(':') as [string, string]
const socket = connect({ host, port: Number(port), noDelay: true })
await once(socket, 'connect')
let incomplete: Buffer | null = null
socket.on('data', (chunk) => {
  const bytes = incomplete ? Buffer.concat([incomplete, chunk]) : chunk
  let at = 0
  while (bytes.length - at >= 4) {
    const end = at + 4 + bytes.readInt32BE(at)
    if (end > bytes.length) break
    settle(bytes, at + 4)
    at = end
  }
  incomplete = at < bytes.length ? bytes.subarray(at) : null
  if (queue.length > head) schedule()
  else if (inFlight === 0) onDrained?.()
})

function settle(answer: Buffer, at: number): void {
  inFlight--
  if (!hasCalls) return
  const calls = awaited.shift() as Call[]
  if (!hasOffsets) {
    for (let i = 0; i < calls.length; i++) calls[i]!.resolve(undefined)
    return
  }
  const baseOffset = answer.readBigInt64BE(at + BASE_OFFSET_AT)
  for (let i = 0; i < calls.length; i++) {
    calls[i]!.resolve({ topic: TOPIC, partition: 0, offset: baseOffset + BigInt(i) })
  }
}

function schedule(): void {
  if (isScheduled || inFlight >= maxInFlight) return
  isScheduled = true
  setImmediate(turn)
}

function turn(): void {
  isScheduled = false
  const to = Math.min(head + batch, queue.length)
  if (to === head) return
  const request = writer.write(queue, head, to)
  if (hasCalls) awaited.push(head === 0 && to === queue.length ? queue : queue.slice(head, to))
  if (to === queue.length) {
    queue = []
    head = 0
  } else {
    head = to
    // Half of it is behind: shortening it costs each message one copy.
    if (head > queue.length >> 1) {
      queue = queue.slice(head)
      head = 0
    }
  }
  send(request, writer.length)
  if (room && queue.length - head < capacity) {
    room.resolve()
    room = null
  }
  if (queue.length > head) schedule()
}

function send(request: RequestBuffer, bytes: number): void {
  if (acks === 0) {
    socket.write(request.buffer.subarray(0, bytes), () => {
      writer.release(request)
      if (queue.length === head) onDrained?.()
    })
    return
  }
  inFlight++
  socket.write(request.buffer.subarray(0, bytes), () => writer.release(request))
}

function roomInQueue(): Promise<void> {
  if (queue.length - head < capacity) return accepted
  if (!room) {
    let resolve: () => void = () => {}
    const promise = new Promise<void>((resolveRoom) => {
      resolve = resolveRoom
    })
    room = { promise, resolve }
  }
  return room.promise
}

function enqueue(message: Message): Promise<void> {
  queue.push(message)
  if (!isScheduled) schedule()
  return roomInQueue()
}

function enqueueAll(messages: readonly Message[]): Promise<void> {
  for (let i = 0; i < messages.length; i++) queue.push(messages[i]!)
  if (!isScheduled) schedule()
  return roomInQueue()
}

function call({ topic, message }: Message): Promise<Delivery | undefined> {
  return new Promise((resolve) => {
    const queued: Call = { topic, message, resolve }
    queue.push(queued)
    if (!isScheduled) schedule()
  })
}

function flush(): Promise<void> {
  return new Promise((resolve) => {
    onDrained = () => {
      onDrained = null
      resolve()
    }
    if (queue.length > head) schedule()
    else if (inFlight === 0) onDrained()
  })
}

await measured(
  workload.messages,
  drive(workload, { one: hasCalls ? call : enqueue, several: enqueueAll, flush }),
)
process.exit(0)
