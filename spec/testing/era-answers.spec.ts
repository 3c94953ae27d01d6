import { expect } from 'chai'
import { type EraName, eraNames } from '../../lib/testing/index.js'
import { answerTo, COMPACTED_TOPIC, eraQuestions, MAX_MESSAGE_BYTES, TOPIC } from './support/era-questions.js'
import { RawStage } from './support/raw-stage.js'

/** One answer for each era, in their order. Real brokers gave the same: spec/brokers/embedded-eras.spec.ts. */
type Row = readonly string[]

const lists = (code: number, ...ranges: readonly (readonly [number, number, number])[]): string =>
  JSON.stringify([code, 0, ranges])
const stored = 'offset'
const refused = (code: number): string => `"t",0,${code},"no offset"`

// biome-ignore format: a table
const rows: Readonly<Record<string, Row>> = {
  //                                     0.8        0.9        0.10         0.11         1.1          2.8          3.9          4.3
  'ApiVersions v0 of spec': [
    'closed', 'silence',
    lists(0, [0, 0, 2], [3, 0, 2], [18, 0, 0]), lists(0, [0, 0, 3], [3, 0, 4], [18, 0, 1]),
    lists(0, [0, 0, 5], [3, 0, 5], [18, 0, 1]), lists(0, [0, 0, 9], [3, 0, 11], [18, 0, 3]),
    lists(0, [0, 0, 11], [3, 0, 12], [18, 0, 4]), lists(0, [0, 0, 13], [3, 0, 13], [18, 0, 4]),
  ],
  'ApiVersions v9 of spec': [
    'closed', 'silence', lists(35), lists(35), lists(35),
    lists(35, [18, 0, 3]), lists(35, [18, 0, 4]), lists(35, [18, 0, 4]),
  ],
  'ApiVersions v3 of -bad-':           ['closed', 'silence', lists(35), lists(35), lists(35), lists(42), lists(42), lists(42)],
  'Metadata v5: a topic':              ['v0', 'v0', 'closed', 'closed', 'v5', 'v5', 'v5', 'v5'],
  'Metadata v13: a topic':             ['closed', 'silence', 'closed', 'closed', 'closed', 'closed', 'closed', 'v13'],
  'Metadata v0: a new topic':          ['"new-of-v0",5', '"new-of-v0",5', '"new-of-v0",5', '"new-of-v0",5', '"new-of-v0",5', '"new-of-v0",5', '"new-of-v0",3', '"new-of-v0",3'],
  'Metadata v0: an illegal name':      ['"t",17', '"t",0', '"t",0', '"t",0', '"t",0', '"t",0', '"t",0', '"t",0'],
  'Produce v1: a good one':            ['v0', 'v1', 'v1', 'v1', 'v1', 'v1', 'v1', 'closed'],
  'Produce v2: a good one':            ['v0', 'v1', 'v2', 'v2', 'v2', 'v2', 'v2', 'closed'],
  'Produce v3: a good one':            ['closed', 'silence', 'closed', stored, stored, stored, stored, stored],
  'Produce v3: zstd':                  ['closed', 'silence', 'closed', refused(-1), refused(-1), refused(76), refused(76), refused(76)],
  'Produce v3: a message set':         ['closed', 'silence', 'closed', 'closed', 'closed', refused(87), refused(87), refused(87)],
  'Produce v1: acks 2':                ['"t",0,7,"offset"', refused(21), refused(21), refused(21), refused(21), refused(21), refused(21), 'closed'],
  'Produce v0: a message of the limit': [stored, stored, refused(10), refused(10), refused(10), refused(10), refused(10), 'closed'],
  'Produce v0: two messages that are large together': [stored, stored, stored, refused(10), refused(10), refused(10), refused(10), 'closed'],
}

describe('The eras of a test cluster differ as Kafka releases do', () => {
  const stage = new RawStage()
  afterEach(() => stage.close())

  async function ask(era: EraName, name: string): Promise<string> {
    const cluster = await stage.start({ era, maxMessageBytes: MAX_MESSAGE_BYTES })
    cluster.createTopic(TOPIC)
    cluster.createTopic(COMPACTED_TOPIC, { cleanupPolicy: 'compact' })
    const question = eraQuestions().find((candidate) => candidate.name === name)
    return answerTo(question!, cluster.broker(0).port)
  }

  for (const [name, answers] of Object.entries(rows)) {
    it(`on ${name}`, async function () {
      this.timeout(10_000)
      for (const [i, era] of eraNames.entries()) expect(await ask(era, name), era).to.contain(answers[i])
    })
  }
})
