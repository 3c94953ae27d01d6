import { expect } from 'chai'
import { type EraName, TestCluster } from '../../lib/testing/index.js'
import {
  askAboutNumbers,
  askAboutTransactions,
  Conversation,
  NOT_ADDED_TOPIC,
  NUMBERED_TOPIC,
  WRITTEN_TOPIC,
} from '../testing/support/transaction-questions.js'
import { KafkaCluster } from './support/index.js'
import { raiseTransactionVersion } from './support/transaction-version.js'

const RUNS: readonly (readonly [era: EraName, version: string, release: string, isVersion2: boolean])[] = [
  ['0.11', '0.11.0.3', '0.11.0', false],
  ['1.1', '1.1.1', '1.1', false],
  ['2.8', '2.8.2', '2.8', false],
  ['3.9', '3.9.2', '3.9', false],
  ['4.3', '4.3.1', '4.3', false],
  ['4.3', '4.3.1', '4.3', true],
]

async function answers(port: number, release: string, isVersion2: boolean): Promise<readonly string[]> {
  const talk = await Conversation.connect(port, release, isVersion2)
  try {
    await askAboutNumbers(talk)
    await askAboutTransactions(talk)
    return talk.said
  } finally {
    await talk.close()
  }
}

for (const [era, version, release, isVersion2] of RUNS) {
  const what = isVersion2 ? ' with transaction version 2' : ''

  describe(`Producer ids and transactions of a test cluster of era ${era}${what}`, () => {
    it(`are those of a real Kafka ${version}, answer by answer`, async () => {
      const real = await KafkaCluster.start({ version })
      const embedded = await TestCluster.start({ era, transactionVersion: isVersion2 ? 2 : 0 })
      try {
        for (const topic of [NUMBERED_TOPIC, WRITTEN_TOPIC, NOT_ADDED_TOPIC]) {
          await real.createTopic(topic)
          embedded.createTopic(topic)
        }
        const port = Number(real.bootstrap[0]!.split(':')[1])
        if (isVersion2) await raiseTransactionVersion(port)
        const expected = await answers(port, release, isVersion2)
        expect(await answers(embedded.broker(0).port, release, isVersion2)).to.deep.equal(expected)
      } finally {
        await embedded.close()
        await real.stop()
      }
    })
  })
}
