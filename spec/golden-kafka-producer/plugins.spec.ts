/** The classes that scenarios name, called as the Java client called its own: they report what the transcripts have. */
import { expect } from 'chai'
import type { DrivenMetadata, DrivenRecord, RecordFields } from './driven-producer.js'
import { pluginClasses } from './plugins.js'
import { readGolden } from './scenario.js'
import { toyUnderTest } from './toy-producer.js'

const { record } = toyUnderTest()
const config = { get: (key: string) => ({ 'client.id': 'c1', 'oracle.custom': 'x' })[key] }

interface Plugin {
  configure(given: typeof config, isKey?: boolean): void
  onSend(record: DrivenRecord): DrivenRecord
  onAcknowledgement(metadata: DrivenMetadata, error: Error | null): void
  serialize(topic: string, data: unknown, headers: DrivenRecord['headers']): unknown
  partition(...given: unknown[]): number
  close(): void
}

/** Instances by the names of their classes, and what they report. */
function plugins(...names: string[]): { made: Plugin[]; reported: object[] } {
  const reported: object[] = []
  const classes = pluginClasses(
    (kind, name, call, seen) => void reported.push({ kind, name, call, ...seen }),
    record,
  )
  return { made: names.map((name) => new classes[`oracle.Plugins$${name}`]!() as Plugin), reported }
}

/** Calls of plug-ins in a transcript. */
function recorded(scenario: string): object[] {
  const { transcript } = readGolden().find((golden) => golden.scenario.name === scenario)!
  return transcript.events
    .filter(({ kind }) => ['interceptor', 'serializer', 'partitioner'].includes(kind))
    .map(({ t: _, ...event }) => {
      if ('thread' in event) delete event.thread
      return event
    })
}

function sent(fields: Partial<RecordFields>): DrivenRecord {
  return record({ topic: 't', partition: 0, value: 'v', ...fields })
}

describe('the classes of the recorded scenarios', () => {
  it('report as interceptors what was recorded of a chain of three', () => {
    const { made, reported } = plugins('A', 'B', 'Look')
    for (const interceptor of made) interceptor.configure(config)
    const records = [sent({ key: 'k', value: 'v' }), sent({ value: 'w', headers: [['h', '1']] })]
    for (const [offset, given] of records.entries()) {
      const changed = made.reduce((one, interceptor) => interceptor.onSend(one), given)
      const serializedKeySize = given.key === null ? -1 : 1
      const sizes = { serializedKeySize, serializedValueSize: String(changed.value).length }
      const metadata = { topic: 't', partition: 0, offset: BigInt(offset), timestamp: 1, ...sizes }
      for (const interceptor of made) interceptor.onAcknowledgement(metadata, null)
    }
    for (const interceptor of made) interceptor.close()
    expect(reported).to.deep.equal(recorded('n01-interceptor-chain'))
  })

  it('report as serializers what was recorded of their life', () => {
    const { made, reported } = plugins('LogSerializer', 'LogSerializer')
    const [key, value] = made as [Plugin, Plugin]
    key.configure(config, true)
    value.configure(config, false)
    for (const { key: k, value: v, headers } of [
      sent({ key: 'k', headers: [['h', '1']] }),
      sent({ value: null }),
    ]) {
      key.serialize('t', k, headers)
      value.serialize('t', v, headers)
    }
    key.close()
    value.close()
    expect(reported).to.deep.equal(recorded('n11-serializer-life'))
  })

  it('report as partitioner what was recorded of each call', () => {
    const { made, reported } = plugins('KeyLengthPartitioner')
    const [partitioner] = made as [Plugin]
    partitioner.configure(config)
    const view = { partitionCount: 3, available: [0, 1] }
    for (const [key, value] of [
      ['abc', 'v0'],
      ['a', 'vv1'],
      [null, 'v2'],
    ] as const) {
      const keyBytes = key === null ? null : Buffer.from(key)
      partitioner.partition('t', key, keyBytes, value, Buffer.from(value), view)
    }
    partitioner.close()
    expect(reported).to.deep.equal(recorded('p15-custom-partitioner'))
  })

  it('break where they are made for it', () => {
    const { made } = plugins(
      'ThrowOnSend',
      'ThrowOnAck',
      'ThrowOnConfigure',
      'ThrowOnClose',
      'MarkerSerializer',
    )
    const [onSend, onAck, onConfigure, onClose, marker] = made as [Plugin, Plugin, Plugin, Plugin, Plugin]
    const given = sent({})
    expect(() => onSend.onSend(given)).to.throw('onSend')
    expect(() => onAck.onAcknowledgement({ offset: 0n } as DrivenMetadata, null)).to.throw('onAck')
    expect(() => onConfigure.configure(config)).to.throw('configure')
    expect(() => onClose.close()).to.throw('close')
    expect(() => marker.serialize('t', 'FAIL', given.headers)).to.throw('FAIL')
    const serialized = ['TYPE', 'NULL', 'fine'].map((value) => marker.serialize('t', value, given.headers))
    expect(serialized).to.deep.equal([42, null, 'fine'])
  })

  it('redirect a record to another topic with another key and one more header', () => {
    const { made } = plugins('Redirect')
    const moved = made[0]!.onSend(sent({ topic: 'from', key: 'k', headers: [['h', '1']] }))
    expect(moved).to.deep.include({ topic: 'to', key: 'moved', partition: null, value: 'v' })
    expect([...moved.headers]).to.have.length(2)
  })
})
