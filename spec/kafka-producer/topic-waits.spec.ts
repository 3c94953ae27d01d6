import { expect } from 'chai'
import { FlushGeneration } from '../../lib/kafka-producer/flush-generations.js'
import { FutureRecordMetadata } from '../../lib/kafka-producer/record-future.js'
import { TopicWaits, type WaitingSend } from '../../lib/kafka-producer/topic-waits.js'

function waiting(topic: string, dueMs: number, bytes = 10): WaitingSend {
  return {
    future: new FutureRecordMetadata(topic),
    record: { topic, value: null },
    key: null,
    value: null,
    headers: null,
    timestampMs: 0,
    bytes,
    generation: new FlushGeneration(0),
    dueMs,
    heapIndex: -1,
    isOver: false,
  }
}

describe('TopicWaits', () => {
  it('gives the records of a topic back in their order, whatever other topics wait', () => {
    const waits = new TopicWaits(1000)
    const [a, b, c] = [waiting('t', 1), waiting('u', 2), waiting('t', 3)]
    for (const each of [a, b, c]) waits.add(each)
    expect([waits.first('t'), waits.size, waits.has('u'), waits.has('v')]).to.deep.equal([a, 3, true, false])
    expect(waits.takeTopic('t')).to.deep.equal([a, c])
    expect([waits.size, waits.topics, waits.has('t')]).to.deep.equal([1, ['u'], false])
  })

  it('gives those back first whose time limit passes first, and passes over them in their topic', () => {
    const waits = new TopicWaits(1000)
    const [late, early, next] = [waiting('t', 30), waiting('u', 10), waiting('t', 40)]
    for (const each of [late, early, next]) waits.add(each)
    expect([waits.nextDeadlineMs, waits.shiftExpired(5)]).to.deep.equal([10, undefined])
    expect([waits.shiftExpired(35), waits.shiftExpired(35), waits.shiftExpired(35)]).to.deep.equal([
      early,
      late,
      undefined,
    ])
    expect([waits.first('t'), waits.has('u')]).to.deep.equal([next, false])
  })

  it('has room for a limited number of bytes, and always for the first record', () => {
    const waits = new TopicWaits(100)
    expect(waits.hasRoomFor(1000)).to.equal(true)
    waits.add(waiting('t', 1, 90))
    expect([waits.hasRoomFor(10), waits.hasRoomFor(11)]).to.deep.equal([true, false])
    waits.shift('t')
    expect(waits.hasRoomFor(100)).to.equal(true)
  })
})
