/** KafkaProducer, judged by what the Java client did. */

import { KafkaProducer, type KafkaProducerOptions } from '../../lib/kafka-producer/kafka-producer.js'
import { ProducerRecord, type RecordLike } from '../../lib/kafka-producer/producer-record.js'
import { describeScenarios } from './describe-scenarios.js'
import type { DrivenProducer, DrivenRecord } from './driven-producer.js'

describeScenarios({
  construct: (config, options) =>
    new KafkaProducer(config, options as KafkaProducerOptions) as unknown as DrivenProducer,
  record: (fields) => new ProducerRecord(fields as RecordLike) as unknown as DrivenRecord,
})
