import { expect } from 'chai'
import {
  beginFlight,
  OutdatedRequest,
  stillToSend,
  withoutSettled,
} from '../../lib/handler/in-flight-messages.js'
import type { PendingBatch } from '../../lib/handler/partition-and-collate.js'
import { batch } from './support/leader-dispatch.js'
import { textsOf } from './support/pending-messages.js'

/** Values in brackets have their outcome. */
function settled(text: string, mayBeStored = false): PendingBatch {
  const made = batch(text.replace(/[()]/g, ''))
  const values = text.split(': ')[1]!.split(' ')
  for (const [i, message] of made.messages.entries()) message.isSettled = values[i]!.startsWith('(')
  return mayBeStored ? { ...made, mayBeStored } : made
}

const shown = (batches: readonly PendingBatch[]) => batches.map(({ messages }) => textsOf(messages).join(' '))

describe('stillToSend', () => {
  it('stillToSend takes messages that have their outcome out of a batch that is not stored', () => {
    expect(shown(stillToSend([settled('t/0: a (b)'), settled('t/1: (c)')]))).to.deep.equal(['a'])
  })

  it('stillToSend leaves a batch whole that may be stored, until all of its messages have their outcome', () => {
    const batches = [settled('t/0: a (b)', true), settled('t/1: (c) (d)', true)]
    expect(shown(stillToSend(batches))).to.deep.equal(['a b'])
    expect(shown(withoutSettled(batches))).to.deep.equal(['a'])
  })
})

describe('beginFlight', () => {
  it('beginFlight refuses a request with a message that has its outcome, but not where the batch may be stored', () => {
    expect(() => beginFlight([settled('t/0: a (b)')])).to.throw(OutdatedRequest)
    expect(() => beginFlight([settled('t/0: (a) (b)', true)])).to.throw(OutdatedRequest)
    const batches = [settled('t/0: a (b)', true)]
    beginFlight(batches)
    expect(batches[0]!.messages.every(({ isInFlight }) => isInFlight)).to.equal(true)
  })
})
