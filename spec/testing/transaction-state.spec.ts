import { expect } from 'chai'
import {
  type Decision,
  type ProducerIdentity,
  TransactionState,
} from '../../lib/testing/transaction-state.js'

const partition = { topic: 't', partition: 0 }
const LAST_EPOCH = 32_766

describe('TransactionState', () => {
  let state: TransactionState
  let ids: bigint

  beforeEach(() => {
    ids = 10n
    state = new TransactionState(60_000, () => ids++)
  })

  /** `code id epoch`, with the marker that is to be written. */
  function text({ code, identity, ending }: Decision): string {
    const who = identity ? ` ${identity.producerId} ${identity.producerEpoch}` : ''
    const marker = ending ? `, ${ending.type} ${ending.producerId} ${ending.producerEpoch}` : ''
    return `${code}${who}${marker}`
  }

  const by = (producerEpoch: number, producerId = 10n): ProducerIdentity => ({ producerId, producerEpoch })
  const begin = (producerEpoch: number): string => text(state.add(by(producerEpoch), [partition]))
  const init = (expected: ProducerIdentity | null = null): string => text(state.initialize(expected, 60_000))
  const end = (epoch: number, type: 'COMMIT' | 'ABORT', raises: boolean, id = 10n): string =>
    text(state.end(by(epoch, id), type, raises))

  /** Uses epochs up by transactions of version 2. */
  function reach(epoch: number): void {
    init()
    for (let at = 0; at < epoch; at++) {
      begin(at)
      end(at, 'COMMIT', true)
    }
  }

  it('keeps the epoch over transactions of version 1', () => {
    expect(init()).to.equal('0 10 0')
    for (const type of ['COMMIT', 'ABORT'] as const) {
      begin(0)
      expect(end(0, type, false)).to.equal(`0 10 0, ${type} 10 0`)
    }
  })

  it('raises the epoch with each transaction of version 2, and writes the marker under it', () => {
    init()
    begin(0)
    expect(end(0, 'COMMIT', true)).to.equal('0 10 1, COMMIT 10 1')
    begin(1)
    expect(end(1, 'ABORT', true)).to.equal('0 10 2, ABORT 10 2')
  })

  it('answers the end of a transaction of version 2 that comes again as the first time', () => {
    init()
    begin(0)
    end(0, 'COMMIT', true)
    expect(end(0, 'COMMIT', true)).to.equal('0 10 1')
    expect(end(0, 'ABORT', true), 'the other way').to.equal('48')
    expect(end(1, 'COMMIT', true), 'a new request').to.equal('48')
  })

  it('takes nobody for one whose answer was lost whom a successor has replaced', () => {
    init()
    expect(init()).to.equal('0 10 1')
    expect(init(by(0))).to.equal('90')
    expect(end(0, 'COMMIT', true)).to.equal('90')
  })

  it('lets version 2 abort what it does not know of, because a produce request may have begun it', () => {
    init()
    expect(end(0, 'ABORT', true)).to.equal('0 10 1, ABORT 10 1')
    expect(end(1, 'COMMIT', true), 'not commit').to.equal('48')
  })

  it('gives another producer id when the epochs of version 2 are used up, to a repeated request as well', () => {
    reach(LAST_EPOCH)
    begin(LAST_EPOCH)
    expect(end(LAST_EPOCH, 'COMMIT', true)).to.equal(`0 11 0, COMMIT 10 ${LAST_EPOCH + 1}`)
    expect(end(LAST_EPOCH, 'COMMIT', true), 'again').to.equal('0 11 0')
    expect(init(by(LAST_EPOCH)), 'who asks who it is').to.equal('0 11 0')
  })

  it('gives another producer id to a producer that starts when the epochs are used up', () => {
    reach(LAST_EPOCH)
    expect(init()).to.equal('0 11 0')
  })

  it('fences an open transaction, and takes the next epoch when the producer asks again', () => {
    init()
    begin(0)
    expect(init()).to.equal('51, ABORT 10 1')
    expect(init()).to.equal('0 10 2')
    expect(begin(0)).to.equal('90')
  })

  it('lets a producer go on that says who it was, once, however often it asks', () => {
    init()
    expect(init(by(0))).to.equal('0 10 1')
    expect(init(by(0)), 'again').to.equal('0 10 1')
    expect(init(by(1))).to.equal('0 10 2')
    expect(init(by(0)), 'of long ago').to.equal('90')
    expect(init(by(2, 99n)), 'somebody else').to.equal('90')
  })

  it('returns every partition once, and none of them for the next transaction', () => {
    init()
    begin(0)
    begin(0)
    expect(state.end(by(0), 'COMMIT', false).ending?.participants).to.deep.equal([partition])
    state.add(by(0), [{ group: 'g' }])
    expect(state.end(by(0), 'COMMIT', false).ending?.participants).to.deep.equal([{ group: 'g' }])
  })
})
