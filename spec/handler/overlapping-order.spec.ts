import { expect } from 'chai'
import fc from 'fast-check'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import { bindByKey, makeDispatch, message } from './support/overlapping-dispatch.js'
import { textOf } from './support/pending-messages.js'

describe('OverlappingDispatch', () => {
  it('keeps the order of each partition, with one run per partition and no free message left waiting, for random calls', async () => {
    const text = fc.constantFrom('@0', '@1', '@2', '', 'u', 'u@0')
    const maxInFlight = fc.integer({ min: 1, max: 4 })
    const step = fc.oneof(
      fc.record({ send: fc.array(text, { minLength: 1, maxLength: 4 }) }),
      fc.record({ settle: fc.nat(), share: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ store: fc.nat(), partition: fc.nat(2) }),
    )
    await fc.assert(
      fc.asyncProperty(maxInFlight, fc.array(step, { maxLength: 40 }), async (limit, steps) => {
        const { runs, send, ended } = makeDispatch({ maxInFlight: limit })
        const started: { held: string; index: number }[] = []
        let count = 0
        let calls = 0
        const heldByIndex: string[] = []
        const check = (): void => {
          const open = runs.map(({ messages }) => new Set(messages.filter((e) => !e.isSettled).map(heldBy)))
          const begun = new Set(runs.flatMap(({ texts }) => texts.map(Number)))
          const taken = open.flatMap((held) => [...held])
          for (const [index, held] of heldByIndex.entries()) {
            if (begun.has(index) || open.filter(({ size }) => size > 0).length === limit) continue
            expect(
              taken.some((other) => overlap(held, other)),
              `${index} waits`,
            ).to.equal(true)
            taken.push(held)
          }
          expect(open.filter(({ size }) => size > 0).length).to.be.at.most(limit)
          for (const [i, ours] of open.entries()) {
            for (const other of open.slice(i + 1)) {
              for (const held of ours)
                for (const theirs of other) expect(overlap(held, theirs)).to.equal(false)
            }
          }
        }
        for (const one of steps) {
          if ('send' in one) {
            calls++
            void send(
              ...one.send.map((where) => {
                heldByIndex.push(heldBy(bound(message(textFor(count, where)))))
                return textFor(count++, where)
              }),
            )
          } else if ('store' in one) {
            const open = runs.filter(({ messages }) => messages.some((e) => !e.isSettled && isLoose(e)))
            const run = open[one.store % Math.max(1, open.length)]
            const stored = run?.messages.filter((e) => !e.isSettled && isLoose(e))[0]
            if (stored) Object.assign(stored, { partition: one.partition, isAmbiguous: true })
            await run?.progress()
          } else {
            const open = runs.filter(({ messages }) => messages.some((e) => !e.isSettled))
            const run = open[one.settle % Math.max(1, open.length)]
            const left = run?.messages.filter((e) => !e.isSettled) ?? []
            await run?.settle(...left.filter((_, i) => i % one.share === 0).map(textOf))
          }
          check()
        }
        // More runs may begin while these end.
        for (let i = 0; i < runs.length; i++) await runs[i]!.settle()
        for (const { messages } of runs) {
          for (const e of messages) started.push({ held: heldBy(e), index: Number(textOf(e)) })
        }
        expect(started).to.have.length(count)
        for (const [i, { held, index }] of started.entries()) {
          const later = started.slice(i + 1).filter((other) => overlap(held, other.held))
          // Within a run every order is as in the call; between runs the partition decides.
          for (const other of later) expect(other.index, `behind ${index}`).to.be.greaterThan(index)
        }
        expect(await ended()).to.have.length(calls)
      }),
      { numRuns: 200 },
    )
  })
})

function textFor(index: number, where: string): string {
  const [topic, key] = where.split('@')
  return `${topic ? `${topic}/` : ''}${index}${key === undefined ? '' : `@${key}`}`
}

function bound(pending: PendingMessage): PendingMessage {
  bindByKey(pending)
  return pending
}

function isLoose({ message: { partitionKey }, isAmbiguous }: PendingMessage): boolean {
  return partitionKey === null && !isAmbiguous
}

/** `topic/partition`, or `topic/` for all of it. */
function heldBy(pending: PendingMessage): string {
  return `${pending.topic}/${isLoose(pending) ? '' : pending.partition}`
}

function overlap(one: string, other: string): boolean {
  return (
    one === other || (one.split('/')[0] === other.split('/')[0] && (one.endsWith('/') || other.endsWith('/')))
  )
}
