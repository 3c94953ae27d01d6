import { expect } from 'chai'
import { type EraName, TestCluster } from '../../lib/testing/index.js'
import {
  answerTo,
  COMPACTED_TOPIC,
  eraQuestions,
  MAX_MESSAGE_BYTES,
  TOPIC,
} from '../testing/support/era-questions.js'
import { KafkaCluster } from './support/index.js'

const pairs: readonly (readonly [era: EraName, version: string])[] = [
  ['0.8', '0.8.2.2'],
  ['0.9', '0.9.0.1'],
  ['0.10', '0.10.2.2'],
  ['0.11', '0.11.0.3'],
  ['1.1', '1.1.1'],
  ['2.8', '2.8.2'],
  ['3.9', '3.9.2'],
  ['4.3', '4.3.1'],
]

async function answers(port: number): Promise<Record<string, string>> {
  const answers: Record<string, string> = {}
  for (const question of eraQuestions()) answers[question.name] = await answerTo(question, port)
  return answers
}

for (const [era, version] of pairs) {
  describe(`A test cluster of era ${era}`, () => {
    it(`answers as a real Kafka ${version}, question by question`, async () => {
      const real = await KafkaCluster.start({
        version,
        config: { 'message.max.bytes': MAX_MESSAGE_BYTES, 'auto.create.topics.enable': true },
      })
      const embedded = await TestCluster.start({ era, maxMessageBytes: MAX_MESSAGE_BYTES })
      try {
        await real.createTopic(TOPIC)
        await real.createTopic(COMPACTED_TOPIC, { config: { 'cleanup.policy': 'compact' } })
        embedded.createTopic(TOPIC)
        embedded.createTopic(COMPACTED_TOPIC, { cleanupPolicy: 'compact' })
        const port = Number(real.bootstrap[0]!.split(':')[1])
        expect(await answers(embedded.broker(0).port)).to.deep.equal(await answers(port))
      } finally {
        await embedded.close()
        await real.stop()
      }
    })
  })
}
