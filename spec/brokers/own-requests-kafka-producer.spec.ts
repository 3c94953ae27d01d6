/**
 * Requests that only KafkaProducer writes, in every version that it writes, read by Kafka's own request classes: those of
 * transactions, and Produce with a producer id. A test cluster takes them, and lets only one version of each get through.
 */
import { channel } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { expect } from 'chai'
import { KafkaProducer } from '../../lib/index.js'
import { FrameDecoder } from '../../lib/protocol/frame.js'
import { TestCluster } from '../../lib/testing/index.js'
import { readRequests } from './support/request-reader.js'

const STRINGS = 'org.apache.kafka.common.serialization.StringSerializer'
const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const TRANSACTIONAL_ID = 'orders ü'
const TIMESTAMP_MS = 1_700_000_000_123
/** The ids that a test cluster gives first. */
const [NUMBERED_PRODUCER, TRANSACTIONAL_PRODUCER] = [1000, 1001]
/** Ids of the topic change from run to run; from Produce v13 on it has no name. */
const TOPIC_ID = /^partition\t[\w-]{22}\t/

/** API keys, and what Kafka calls them. */
const [PRODUCE, FIND_COORDINATOR, INIT, ADD_PARTITIONS, ADD_OFFSETS, END, OFFSET_COMMIT] = [
  0, 10, 22, 24, 25, 26, 28,
]
const NAMES = new Map([
  [PRODUCE, 'Produce'],
  [FIND_COORDINATOR, 'FindCoordinator'],
  [INIT, 'InitProducerId'],
  [ADD_PARTITIONS, 'AddPartitionsToTxn'],
  [ADD_OFFSETS, 'AddOffsetsToTxn'],
  [END, 'EndTxn'],
  [OFFSET_COMMIT, 'TxnOffsetCommit'],
])
/** The first versions that kafka-clients 3.9 does not know. */
const FIRST_OF_4_0 = new Map([
  [PRODUCE, 12],
  [END, 5],
  [OFFSET_COMMIT, 5],
])

/** One version of each API gets through, the nearest there is to the number of the round. */
interface Round {
  readonly number: number
  /** transaction.version, which the newest versions need. */
  readonly level: 0 | 2
}
const ROUNDS: readonly Round[] = [
  ...Array.from({ length: 12 }, (_, number) => ({ number, level: 0 }) as const),
  ...[12, 13].map((number) => ({ number, level: 2 }) as const),
]

function capsOf({ number, level }: Round): Record<number, [number, number]> {
  const only = (first: number, last: number): [number, number] => {
    const version = Math.min(Math.max(number, first), last)
    return [version, version]
  }
  const isVersion2 = level === 2
  return {
    [PRODUCE]: only(3, 13),
    [FIND_COORDINATOR]: only(1, 6),
    [INIT]: only(0, 5),
    [ADD_PARTITIONS]: only(0, 3),
    [ADD_OFFSETS]: only(0, 4),
    [END]: isVersion2 ? [5, 5] : only(0, 4),
    [OFFSET_COMMIT]: isVersion2 ? [5, 5] : only(0, 4),
  }
}

interface Captured {
  readonly key: number
  readonly version: number
  /** With its length in front. */
  readonly frame: Buffer
}

/** What the broker at `port`, which is in this process, receives while `work` runs. */
async function captured(port: number, work: () => Promise<void>): Promise<Captured[]> {
  const requests: Captured[] = []
  const listen = (message: unknown): void => {
    const { socket } = message as { socket: Socket }
    if (socket.localPort !== port) return
    const decoder = new FrameDecoder(10_000_000)
    socket.on('data', (chunk: Buffer) => {
      for (const body of decoder.push(chunk)) {
        const length = Buffer.alloc(4)
        length.writeInt32BE(body.length)
        const frame = Buffer.concat([length, body])
        requests.push({ key: body.readInt16BE(0), version: body.readInt16BE(2), frame })
      }
    })
  }
  const sockets = channel('net.server.socket')
  sockets.subscribe(listen)
  try {
    await work()
  } finally {
    sockets.unsubscribe(listen)
  }
  return requests.filter(({ key }) => NAMES.has(key))
}

const record = (value: string) => ({
  topic: 'logs',
  partition: 1,
  key: 'k1',
  value,
  timestamp: TIMESTAMP_MS,
  headers: { h1: 'v1', h2: null },
})

async function withProducer(
  cluster: TestCluster,
  more: Record<string, unknown>,
  use: (producer: KafkaProducer<string, string>) => Promise<unknown>,
): Promise<void> {
  const config = { 'bootstrap.servers': cluster.bootstrap, 'client.id': 'me', 'linger.ms': 0, ...more }
  const serializers = { 'key.serializer': STRINGS, 'value.serializer': STRINGS }
  const producer = new KafkaProducer<string, string>({ ...config, ...serializers }, { logger: quiet })
  try {
    await use(producer)
  } finally {
    await producer.close()
  }
}

async function sendNumbered(producer: KafkaProducer<string, string>): Promise<void> {
  await producer.send(record('first'))
  await producer.send(record('second'))
}

/** A committed transaction with offsets, and one that is aborted. */
async function transact(producer: KafkaProducer<string, string>): Promise<void> {
  const offset = { topic: 'in', partition: 2, offset: 42n, leaderEpoch: 7, metadata: 'm' }
  const member = { groupId: 'readers', generationId: 3, memberId: 'member', groupInstanceId: 'instance' }
  await producer.initTransactions()
  producer.beginTransaction()
  await producer.send(record('third'))
  await producer.send(record('fourth'))
  await producer.sendOffsetsToTransaction([offset], member)
  await producer.commitTransaction()
  producer.beginTransaction()
  await producer.send(record('fifth'))
  await producer.abortTransaction()
}

async function capture(round: Round): Promise<Captured[]> {
  const cluster = await TestCluster.start({ apiVersions: capsOf(round), transactionVersion: round.level })
  cluster.createTopic('logs', { partitions: 2 })
  cluster.createTopic('in', { partitions: 3 })
  const names = { 'transactional.id': TRANSACTIONAL_ID, 'transaction.timeout.ms': 12_345 }
  try {
    return await captured(cluster.broker(0).port, async () => {
      await withProducer(cluster, {}, sendNumbered)
      await withProducer(cluster, names, transact)
    })
  } finally {
    await cluster.close()
  }
}

/** The requests of a round as Kafka reads them: `EndTxn v3` → the bodies, in the order of sending. */
type Found = ReadonlyMap<string, readonly (readonly string[])[]>

async function readAll(): Promise<ReadonlyMap<Round, Found>> {
  const all: { round: Round; request: Captured }[] = []
  for (const round of ROUNDS) for (const request of await capture(round)) all.push({ round, request })
  const found = new Map(ROUNDS.map((round) => [round, new Map<string, string[][]>()]))
  for (const release of ['3.9.2', '4.3.1'] as const) {
    const isOf4 = ({ key, version }: Captured): boolean => version >= (FIRST_OF_4_0.get(key) ?? 1000)
    const own = all.filter(({ request }) => isOf4(request) === (release === '4.3.1'))
    const frames = own.map(({ request }) => request.frame)
    for (const [i, [header = '', ...body]] of (await readRequests(release, frames)).entries()) {
      const { round, request } = own[i]!
      const name = `${NAMES.get(request.key)} v${request.version}`
      expect(header.replace(/\t\d+\tme$/, ''), header).to.equal(name.replace(' v', '\t'))
      const bodies = found.get(round)!
      const lines = body.map((line) => line.replace(TOPIC_ID, 'partition\tlogs\t'))
      bodies.set(name, [...(bodies.get(name) ?? []), lines])
    }
  }
  return found
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const END_OF_REQUEST = 'end\t0'

/** Kafka's words for a produce request with one record. */
function produced(value: string, transactionalId: string | null, batch: string): string[] {
  return [
    `acks\t-1\t30000\t${transactionalId}`,
    'partition\tlogs\t1',
    `batch\t2\tnone\t${batch}`,
    `record\t${TIMESTAMP_MS}\t${base64('k1')}\t${base64(value)}\th1\t${base64('v1')}\th2\t-`,
    END_OF_REQUEST,
  ]
}

const OWN = `transaction\t${TRANSACTIONAL_ID}\t${TRANSACTIONAL_PRODUCER}`

/** What Kafka should read, by kind; those that a round does without are absent. */
function expected({ level }: Round, kind: string, version: number): string[][] | null {
  // With transaction version 2 each transaction has its own epoch, whose numbers begin anew.
  const last = level === 2 ? { epoch: 1, sequence: 0 } : { epoch: 0, sequence: 2 }
  const coordinator = (type: number, key: string): string[] => [
    `kind\t${type}`,
    version < 4 ? `keys\t${key}\t` : `keys\t\t${key}`,
    END_OF_REQUEST,
  ]
  switch (kind) {
    case 'FindCoordinator':
      return [coordinator(1, TRANSACTIONAL_ID), coordinator(0, 'readers')]
    case 'InitProducerId':
      return [
        ['transaction\tnull\t-1\t-1', 'timeout\t2147483647', END_OF_REQUEST],
        [`transaction\t${TRANSACTIONAL_ID}\t-1\t-1`, 'timeout\t12345', END_OF_REQUEST],
      ]
    case 'AddPartitionsToTxn': {
      const one = [`${OWN}\t0`, 'partitions\tlogs\t[1]', END_OF_REQUEST]
      return level === 2 ? null : [one, one]
    }
    case 'AddOffsetsToTxn':
      return level === 2 ? null : [[`${OWN}\t0`, 'group\treaders', END_OF_REQUEST]]
    case 'TxnOffsetCommit':
      return [
        [
          `${OWN}\t0`,
          `group\treaders\t${version >= 3 ? '3\tmember\tinstance' : '-1\t\tnull'}`,
          `offset\tin\t2\t42\t${version >= 2 ? 7 : -1}\tm`,
          END_OF_REQUEST,
        ],
      ]
    case 'EndTxn':
      return [
        [`${OWN}\t0`, 'committed\ttrue', END_OF_REQUEST],
        [`${OWN}\t${last.epoch}`, 'committed\tfalse', END_OF_REQUEST],
      ]
    default:
      return [
        produced('first', null, `${NUMBERED_PRODUCER}\t0\t0\tfalse`),
        produced('second', null, `${NUMBERED_PRODUCER}\t0\t1\tfalse`),
        produced('third', TRANSACTIONAL_ID, `${TRANSACTIONAL_PRODUCER}\t0\t0\ttrue`),
        produced('fourth', TRANSACTIONAL_ID, `${TRANSACTIONAL_PRODUCER}\t0\t1\ttrue`),
        produced(
          'fifth',
          TRANSACTIONAL_ID,
          `${TRANSACTIONAL_PRODUCER}\t${last.epoch}\t${last.sequence}\ttrue`,
        ),
      ]
  }
}

describe('requests of KafkaProducer, read by the request classes of Kafka itself', () => {
  let found: ReadonlyMap<Round, Found>

  before(async function () {
    this.timeout(300_000)
    found = await readAll()
  })

  for (const round of ROUNDS) {
    for (const [key, [version]] of Object.entries(capsOf(round))) {
      const kind = NAMES.get(Number(key))!
      // The newest version of each comes again in later rounds.
      if (!isFirst(round, Number(key)) || expected(round, kind, version) === null) continue
      it(`Kafka reads ${kind} v${version} of KafkaProducer as it was meant`, () => {
        expect(found.get(round)!.get(`${kind} v${version}`)).to.deep.equal(expected(round, kind, version))
      })
    }
  }
})

function isFirst(round: Round, key: number): boolean {
  const versionOf = (one: Round): number | undefined => capsOf(one)[key]?.[0]
  return ROUNDS.find((one) => versionOf(one) === versionOf(round)) === round
}
