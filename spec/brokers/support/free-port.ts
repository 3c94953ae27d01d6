/**
 * Free TCP ports of the loopback interface, chosen at run time.
 *
 * They lie below the range from which systems take the ports of outgoing connections (32768 and up on Linux,
 * 49152 and up elsewhere). Inside that range a stopped broker's port could be taken by any client before the
 * broker returns, and a client retrying it could even connect to itself.
 */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

const LOWEST = 12_000
const BEYOND = 32_000

/** `count` different ports on which nothing listens now. Nothing reserves them: bind them soon. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = randomInt(LOWEST, BEYOND)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

/** True when 127.0.0.1:`port` can be bound, so nobody listens there. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
