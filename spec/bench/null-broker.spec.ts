import type { Socket } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import { NullAnswers } from '../../bench/programs/null-broker/answers.js'
import { DelayedAnswers } from '../../bench/programs/null-broker/delayed-answers.js'
import type { Api } from '../../lib/protocol/api.js'
import {
  apiVersions,
  initProducerId,
  metadata,
  metadataRequest,
  produce,
} from '../../lib/protocol/messages/index.js'
import { decodeResponse, encodeRequest } from '../../lib/protocol/request-response.js'

const PORTS = [9092, 9093, 9094]
const TOPIC_ID = Buffer.alloc(16, 7)

/** The head of a record batch says how many records follow; the null broker looks at nothing else. */
function batchOf(count: number): Buffer {
  const batch = Buffer.alloc(80)
  batch.writeInt32BE(count, 57)
  return batch
}

function versions<Request>(api: Api<Request, unknown>, last = api.maxVersion): number[] {
  return Array.from({ length: last - api.minVersion + 1 }, (_, index) => api.minVersion + index)
}

function frame<Request>(api: Api<Request, unknown>, version: number, body: Request): Buffer {
  return encodeRequest(api, version, 77, 'client', body).subarray(4)
}

/** What the library reads from an answer; every byte has to be read. */
function decoded<Request, Response>(api: Api<Request, Response>, version: number, answer: Buffer): Response {
  expect(answer.readInt32BE(0)).to.equal(answer.length - 4)
  expect(answer.readInt32BE(4)).to.equal(77)
  const { body, trailingBytes } = decodeResponse(api as Api<unknown, Response>, version, answer.subarray(4))
  expect(trailingBytes).to.equal(0)
  return body
}

describe('The null broker of the bench', () => {
  let broker: NullAnswers

  beforeEach(() => {
    broker = new NullAnswers({ ports: PORTS, partitions: 5, produceMax: 12 })
  })

  for (const version of versions(apiVersions)) {
    it(`offers Produce, Metadata, ApiVersions and InitProducerId to ApiVersions v${version}`, () => {
      const request = frame(apiVersions, version, { clientSoftwareName: 'x', clientSoftwareVersion: '1' })
      const { apiKeys, errorCode } = decoded(apiVersions, version, broker.answer(request).bytes!)
      expect(apiKeys.map(({ apiKey, maxVersion }) => [apiKey, maxVersion])).to.deep.equal([
        [0, 12],
        [3, 12],
        [18, 3],
        [22, 4],
      ])
      expect(errorCode).to.equal(version > 3 ? 35 : 0)
    })
  }

  for (const version of versions(initProducerId, 4)) {
    it(`grants each producer an id of its own with InitProducerId v${version}`, () => {
      const request = frame(initProducerId, version, {
        transactionalId: null,
        transactionTimeoutMs: 60_000,
        producerId: -1n,
        producerEpoch: -1,
      })
      const granted = [0, 1].map(() => decoded(initProducerId, version, broker.answer(request).bytes!))
      expect(granted.map(({ errorCode, producerEpoch }) => [errorCode, producerEpoch])).to.deep.equal([
        [0, 0],
        [0, 0],
      ])
      expect(granted[0]!.producerId).to.not.equal(granted[1]!.producerId)
    })
  }

  for (const version of versions(metadata, 12)) {
    it(`names brokers and leaders of every topic that Metadata v${version} asks for`, () => {
      const request = frame(metadata, version, metadataRequest(['a', 'b']))
      const { brokers, topics } = decoded(metadata, version, broker.answer(request).bytes!)
      expect(brokers.map(({ nodeId, port }) => [nodeId, port])).to.deep.equal([
        [0, 9092],
        [1, 9093],
        [2, 9094],
      ])
      expect(topics.map(({ name }) => name)).to.deep.equal(['a', 'b'])
      expect(topics[1]!.partitions.map(({ index, leaderId }) => [index, leaderId])).to.deep.equal([
        [0, 0],
        [1, 1],
        [2, 2],
        [3, 0],
        [4, 1],
      ])
    })
  }

  for (const version of versions(produce)) {
    it(`acknowledges each partition of Produce v${version}`, () => {
      const partitions = [0, 4].map((index) => ({ index, records: batchOf(3) }))
      const topics = ['a', 'b'].map((name) => ({ name, topicId: TOPIC_ID, partitions }))
      const request = frame(produce, version, { transactionalId: null, acks: 1, timeoutMs: 1000, topics })
      const answered = broker.answer(request)
      const response = decoded(produce, version, answered.bytes!)
      expect(answered.isProduce).to.equal(true)
      expect(
        response.topics.map(({ name, topicId }) => (version < 13 ? name : Buffer.from(topicId))),
      ).to.deep.equal(version < 13 ? ['a', 'b'] : [TOPIC_ID, TOPIC_ID])
      for (const topic of response.topics) {
        expect(topic.partitions.map(({ index, errorCode }) => [index, errorCode])).to.deep.equal([
          [0, 0],
          [4, 0],
        ])
      }
      expect(broker.seen).to.deep.equal({
        requests: 1,
        bytes: request.length,
        records: version >= 3 ? 12 : 0,
      })
    })
  }

  it('does not answer a Produce request with acks 0, and counts it', () => {
    const topics = [{ name: 'a', topicId: TOPIC_ID, partitions: [{ index: 0, records: batchOf(9) }] }]
    const request = frame(produce, 9, { transactionalId: null, acks: 0, timeoutMs: 1000, topics })
    expect(broker.answer(request).bytes).to.equal(null)
    expect(broker.seen.records).to.equal(9)
  })

  it('answers metadata of thousands of partitions', () => {
    broker = new NullAnswers({ ports: PORTS, partitions: 5000, produceMax: 12 })
    const { topics } = decoded(
      metadata,
      12,
      broker.answer(frame(metadata, 12, metadataRequest(['a']))).bytes!,
    )
    expect(topics[0]!.partitions.map(({ index }) => index)).to.deep.equal(
      Array.from({ length: 5000 }, (_, index) => index),
    )
  })

  it('refuses a request that no producer sends', () => {
    const fetch = Buffer.alloc(10)
    fetch.writeInt16BE(1, 0)
    expect(() => broker.answer(fetch)).to.throw('API key 1')
  })
})

describe('Delayed answers of the null broker', () => {
  function socketInto(written: string[]): Socket {
    return { write: (bytes: Buffer) => written.push(bytes.toString()) } as unknown as Socket
  }

  it('are written in order, each when its own delay has passed', () => {
    const clock = sinon.useFakeTimers()
    const written: string[] = []
    const answers = new DelayedAnswers(socketInto(written), 20)
    answers.write(Buffer.from('first '))
    clock.tick(5)
    answers.write(Buffer.from('second '))
    answers.write(Buffer.from('third '))
    clock.tick(15)
    expect(written.join('')).to.equal('first ')
    clock.tick(5)
    expect(written.join('')).to.equal('first second third ')
  })

  it('are written at once without a delay', () => {
    const written: string[] = []
    new DelayedAnswers(socketInto(written), 0).write(Buffer.from('now'))
    expect(written).to.deep.equal(['now'])
  })

  it('of a connection that has ended are dropped', () => {
    const clock = sinon.useFakeTimers()
    const written: string[] = []
    const answers = new DelayedAnswers(socketInto(written), 20)
    answers.write(Buffer.from('late'))
    answers.drop()
    clock.tick(100)
    expect(written).to.deep.equal([])
  })
})
