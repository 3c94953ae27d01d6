/**
 * What one request costs without a client: a socket writes the same bytes again and again, each time when the answer
 * to the last one is there. Variant: the bytes in base64.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { measured } from '../support/measured.js'
import { planOfProcess } from '../support/plan.js'

const plan = planOfProcess()
const request = Buffer.from(plan.variant, 'base64')
const [host, port] = plan.bootstrap.split(':') as [string, string]
const socket = connect({ host, port: Number(port), noDelay: true })
await once(socket, 'connect')

let resolveAnswer: () => void = () => {}
socket.on('data', (answer) => {
  if (answer.length !== 4 + answer.readInt32BE(0)) throw new Error('an answer in pieces, or several at once')
  resolveAnswer()
})
const ask = (): Promise<void> =>
  new Promise((resolve) => {
    resolveAnswer = resolve
    socket.write(request)
  })

const latenciesUs: number[] = []
await measured(
  plan.workload.messages,
  async (messages) => {
    for (let i = 0; i < messages; i++) {
      const startMs = performance.now()
      await ask()
      latenciesUs.push((performance.now() - startMs) * 1000)
    }
  },
  latenciesUs,
)
process.exit(0)
