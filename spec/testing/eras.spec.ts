import { expect } from 'chai'
import type { VersionSeen } from '../../lib/index.js'
import { type EraName, eraNames } from '../../lib/testing/index.js'
import { Stage } from '../integration/support/stage.js'

/** What the producer is to find out, and the format and codecs that it then may use. */
const expected: Readonly<Record<EraName, { release: string; magic: number; codecs: readonly string[] }>> = {
  '0.8': { release: '0.8', magic: 0, codecs: ['none', 'gzip', 'snappy', 'lz4'] },
  '0.9': { release: '0.9', magic: 0, codecs: ['none', 'gzip', 'snappy', 'lz4'] },
  '0.10': { release: '0.10.2', magic: 1, codecs: ['none', 'gzip', 'snappy', 'lz4'] },
  '0.11': { release: '0.11.0', magic: 2, codecs: ['none', 'gzip', 'snappy', 'lz4'] },
  '1.1': { release: '1.1', magic: 2, codecs: ['none', 'gzip', 'snappy', 'lz4'] },
  '2.8': { release: '2.8', magic: 2, codecs: ['none', 'gzip', 'snappy', 'lz4', 'zstd'] },
  '3.9': { release: '3.9', magic: 2, codecs: ['none', 'gzip', 'snappy', 'lz4', 'zstd'] },
  '4.3': { release: '4.2 to 4.3', magic: 2, codecs: ['none', 'gzip', 'snappy', 'lz4', 'zstd'] },
}

// Longer than a spec may take: whoever waited for it would fail.
const NEVER_MS = 60_000

for (const era of eraNames) {
  const { release, magic, codecs } = expected[era]

  describe(`The producer and a test cluster of era ${era}`, () => {
    let stage: Stage
    beforeEach(async () => {
      stage = new Stage()
      await stage.start({ era, brokers: 2 })
    })
    afterEach(() => stage.close())

    const patient = { 'request.timeout.ms': NEVER_MS, 'retry.backoff.ms': 1 }

    for (const type of ['sync', 'async']) {
      for (const acks of [0, 1, -1]) {
        it(`agree without waiting for anything: ${type}, acks ${acks}`, async () => {
          stage.cluster.createTopic('t', { partitions: 2 })
          const seen: VersionSeen[] = []
          const producer = stage.producer({
            ...patient,
            'producer.type': type,
            'request.required.acks': acks,
          })
          producer.on('version', (version) => seen.push(version))
          for (let key = 0; key < 4; key++)
            await producer.send({ topic: 't', key: String(key), message: `m${key}` })
          await producer.close()
          expect(stage.values().sort()).to.deep.equal(['m0', 'm1', 'm2', 'm3'])
          expect(new Set(seen.map((version) => version.release))).to.deep.equal(new Set([release]))
        })
      }
    }

    it('agree about a topic that is created on the way', async () => {
      const producer = stage.producer(patient)
      await producer.send({ topic: 'new', message: 'm' })
      expect(stage.values('new')).to.deep.equal(['m'])
    })

    for (const codec of codecs) {
      it(`agree about messages with the codec ${codec}`, async () => {
        stage.cluster.createTopic('t')
        const producer = stage.producer({ ...patient, 'compression.codec': codec })
        await producer.send([
          { topic: 't', message: 'one' },
          { topic: 't', message: 'two' },
        ])
        const stored = stage.cluster
          .messages('t')
          .map((message) => [String(message.value), message.codec, message.magic])
        expect(stored).to.deep.equal([
          ['one', codec, magic],
          ['two', codec, magic],
        ])
      })
    }

    it(`agree about headers and timestamps: ${magic === 2 ? 'kept' : 'headers are dropped'}`, async () => {
      stage.cluster.createTopic('t')
      const producer = stage.producer({ ...patient, 'headers.on.old.brokers': 'drop' })
      await producer.send({ topic: 't', message: 'm', headers: { a: 'b', c: null }, timestampMs: 1234 })
      const [message] = stage.cluster.messages('t')
      expect(message?.timestampMs).to.equal(magic === 0 ? null : 1234)
      expect(message?.headers).to.deep.equal(
        magic === 2
          ? [
              ['a', Buffer.from('b')],
              ['c', null],
            ]
          : [],
      )
    })
  })
}
