import { expect } from 'chai'
import type { EraName } from '../../lib/testing/index.js'
import { RawStage } from './support/raw-stage.js'
import { recordedTransactions } from './support/recorded-transactions.js'
import {
  askAboutNumbers,
  askAboutTransactions,
  Conversation,
  NOT_ADDED_TOPIC,
  NUMBERED_TOPIC,
  WRITTEN_TOPIC,
} from './support/transaction-questions.js'

/** In the order of the recordings. */
const RUNS: readonly (readonly [era: EraName, release: string, isVersion2: boolean])[] = [
  ['0.11', '0.11.0', false],
  ['1.1', '1.1', false],
  ['2.8', '2.8', false],
  ['3.9', '3.9', false],
  ['4.3', '4.3', false],
  ['4.3', '4.3', true],
]

describe('Producer ids and transactions of a test cluster', () => {
  const stage = new RawStage()
  afterEach(() => stage.close())

  for (const [column, [era, release, isVersion2]] of RUNS.entries()) {
    const what = isVersion2 ? ' with transaction version 2' : ''

    it(`are in era ${era}${what} as real brokers answered`, async () => {
      const cluster = await stage.start({ era, transactionVersion: isVersion2 ? 2 : 0 })
      for (const topic of [NUMBERED_TOPIC, WRITTEN_TOPIC, NOT_ADDED_TOPIC]) cluster.createTopic(topic)
      const talk = await Conversation.connect(cluster.broker(0).port, release, isVersion2)
      try {
        await askAboutNumbers(talk)
        await askAboutTransactions(talk)
      } finally {
        await talk.close()
      }
      const expected = recordedTransactions.map(
        ([question, ...answers]) => `${question}: ${answers.length === 1 ? answers[0] : answers[column]}`,
      )
      expect(talk.said).to.deep.equal(expected)
    })
  }
})
