/**
 * A broker in a process of its own that acknowledges everything and stores nothing, so that a bench measures the
 * client. Its parent hands it a {@link NullBrokerPlan} as its only argument and asks over IPC:
 *
 * - `usage`: what it has read and its CPU time, which shows that it is not the limit;
 * - `last`: the last Produce request, with its length, in base64;
 * - `down` and `up`: as if the brokers had been killed, and started again on the same ports.
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { NullAnswers } from './answers.js'
import { DelayedAnswers } from './delayed-answers.js'

export interface NullBrokerPlan {
  readonly brokers: number
  readonly partitions: number
  readonly produceMax: number
  /** From a Produce request to its answer. */
  readonly delayMs: number
}

export interface NullBrokerUsage {
  readonly requests: number
  readonly bytes: number
  readonly records: number
  readonly cpuUs: number
  readonly atMs: number
}

const plan = JSON.parse(process.argv[2]!) as NullBrokerPlan
const HOST = '127.0.0.1'
const servers = Array.from({ length: plan.brokers }, () => createServer({ noDelay: true }, serve))
const sockets = new Set<Socket>()
let last: Buffer = Buffer.alloc(0)

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, HOST)
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

const ports = await Promise.all(servers.map((server) => listen(server, 0)))
const answers = new NullAnswers({ ports, partitions: plan.partitions, produceMax: plan.produceMax })

function serve(socket: Socket): void {
  const delayed = new DelayedAnswers(socket, plan.delayMs)
  sockets.add(socket)
  socket.on('close', () => {
    sockets.delete(socket)
    delayed.drop()
  })
  socket.on('error', () => {})
  // What is incomplete: pieces are joined once, when all of a frame is there.
  let pieces: Buffer[] = []
  let pieceBytes = 0
  let wantedBytes = 4
  socket.on('data', (chunk: Buffer) => {
    pieceBytes += chunk.length
    pieces.push(chunk)
    if (pieceBytes < wantedBytes) return
    let bytes = pieces.length === 1 ? chunk : Buffer.concat(pieces, pieceBytes)
    for (;;) {
      wantedBytes = bytes.length < 4 ? 4 : 4 + bytes.readInt32BE(0)
      if (bytes.length < wantedBytes || bytes.length < 4) break
      handle(bytes.subarray(0, wantedBytes), socket, delayed)
      bytes = bytes.subarray(wantedBytes)
    }
    pieces = bytes.length === 0 ? [] : [bytes]
    pieceBytes = bytes.length
  })
}

function handle(request: Buffer, socket: Socket, delayed: DelayedAnswers): void {
  const { bytes, isProduce } = answers.answer(request.subarray(4))
  if (isProduce) last = request
  if (bytes === null) return
  if (isProduce) delayed.write(bytes)
  else socket.write(bytes)
}

function usage(): NullBrokerUsage {
  const { user, system } = process.cpuUsage()
  return { ...answers.seen, cpuUs: user + system, atMs: performance.now() }
}

const commands: Readonly<Record<string, () => unknown>> = {
  usage,
  last: () => last.toString('base64'),
  down: async () => {
    const closed = servers.map((server) => once(server, 'close'))
    for (const server of servers) server.close()
    for (const socket of sockets) socket.resetAndDestroy()
    await Promise.all(closed)
    return 'down'
  },
  up: async () => {
    await Promise.all(servers.map((server, index) => listen(server, ports[index]!)))
    return 'up'
  },
}

process.on('message', async (command: string) => process.send!(await commands[command]!()))
process.on('disconnect', () => process.exit(0))
process.send!(ports)
