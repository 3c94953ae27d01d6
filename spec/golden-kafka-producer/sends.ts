/** The records of a play: made, sent, waited for. A send has completed when its record is appended, as in Java. */
import type {
  DrivenFuture,
  DrivenMetadata,
  DrivenProducer,
  DrivenRecord,
  ProducerUnderTest,
} from './driven-producer.js'
import { ofThrown } from './families.js'
import { toValue } from './notation.js'
import type {
  CallbackAction,
  Operation,
  RecordedEvent,
  RecordedMetadata,
  RecordNotation,
} from './scenario.js'
import { timeOf } from './trace.js'

type SendOperation = Extract<Operation, { op: 'send' }>
type Reported = RecordedEvent extends infer T ? (T extends RecordedEvent ? Omit<T, 't'> : never) : never

interface Sent {
  key: string
  future: DrivenFuture
  /** Resolves when the outcome was reported. */
  reported: Promise<void>
}

export class Sends {
  readonly #underTest: ProducerUnderTest
  readonly #report: (event: Reported) => void
  readonly #recordByOperation = new Map<number, DrivenRecord>()
  readonly #sent: Sent[] = []

  constructor(underTest: ProducerUnderTest, report: (event: Reported) => void) {
    this.#underTest = underTest
    this.#report = report
  }

  /** Makes a record that later operations refer to. */
  make(i: number, notation: RecordNotation): DrivenRecord {
    const record = this.#underTest.record(fieldsOf(notation))
    this.#recordByOperation.set(i, record)
    return record
  }

  recordOf(i: number): DrivenRecord {
    const record = this.#recordByOperation.get(i)
    if (record === undefined) throw new Error(`operation ${i} made no record`)
    return record
  }

  async send(producer: DrivenProducer, i: number, operation: SendOperation): Promise<void> {
    const { ref, await: isAwaited = false } = operation
    const notation = operation as RecordNotation
    const make = () => (ref === undefined ? this.make(i, notation) : this.recordOf(ref))
    const sent = this.#start(producer, `${i}:0`, make, notation)
    await over(sent, isAwaited)
  }

  async sendAll(
    producer: DrivenProducer,
    i: number,
    records: readonly RecordNotation[],
    isEachAwaited: boolean,
  ): Promise<void> {
    for (const [r, notation] of records.entries()) {
      const make = () => this.#underTest.record(fieldsOf(notation))
      await over(this.#start(producer, `${i}:${r}`, make, notation), isEachAwaited)
    }
  }

  /** Resolves when every outcome was reported. */
  async join(): Promise<void> {
    await Promise.all(this.#sent.map(({ reported }) => reported))
  }

  /** Which sends are done. */
  check(): { done: string[]; open: string[] } {
    const keys = (isDone: boolean) =>
      this.#sent.filter(({ future }) => future.isDone === isDone).map(({ key }) => key)
    return { done: keys(true), open: keys(false) }
  }

  /** @returns undefined where making or sending the record threw, which is its result. */
  #start(
    producer: DrivenProducer,
    key: string,
    make: () => DrivenRecord,
    { cb = true, onCallback = [] }: RecordNotation,
  ): Sent | undefined {
    const [i, r] = key.split(':') as [string, string]
    const callback = (metadata: DrivenMetadata, error: Error | null): void => {
      this.#report({
        kind: 'callback',
        i,
        r,
        md: formOf(metadata),
        ...(error !== null && { error: ofThrown(error) }),
      })
      for (const action of onCallback) this.#act(producer, key, action)
    }
    let future: DrivenFuture
    try {
      const record = make()
      future = cb ? producer.send(record, callback) : producer.send(record)
    } catch (thrown) {
      this.#report({ kind: 'result', i, r, ok: false, error: ofThrown(thrown), via: 'throw' })
      return undefined
    }
    const reported = Promise.resolve(
      future.then(
        (metadata) => this.#report({ kind: 'result', i, r, ok: true, md: formOf(metadata) }),
        (error: unknown) =>
          this.#report({ kind: 'result', i, r, ok: false, error: ofThrown(error), via: 'future' }),
      ),
    )
    const sent = { key, future, reported }
    this.#sent.push(sent)
    return sent
  }

  /** What a callback does besides being called; how that ends is not its concern. */
  #act(producer: DrivenProducer, key: string, action: CallbackAction): void {
    switch (action.do) {
      case 'throw':
        throw new Error('a callback that throws')
      case 'flush':
        producer.flush().catch(() => {})
        break
      case 'close':
        producer.close(action).catch(() => {})
        break
      case 'send':
        this.#start(producer, `${key}.cb`, () => this.#underTest.record(fieldsOf(action)), action)
    }
  }
}

/** Waits for the result, or for as long as the `send()` of Java blocks. */
async function over(sent: Sent | undefined, isAwaited: boolean): Promise<void> {
  if (isAwaited) await sent?.reported
  else await sent?.future.appended.catch(() => {})
}

function fieldsOf({ topic, partition, timestamp, key, value, headers }: RecordNotation) {
  return {
    // A scenario leaves the topic out on purpose.
    topic: topic as string,
    ...(partition !== undefined && { partition }),
    ...(timestamp !== undefined && { timestamp }),
    ...(key !== undefined && { key: toValue(key) }),
    value: toValue(value ?? null),
    ...(headers !== undefined && {
      headers: headers.map(([name, of]): [string, unknown] => [name, toValue(of)]),
    }),
  }
}

function formOf(metadata: DrivenMetadata): RecordedMetadata {
  const { topic, partition, offset, timestamp, serializedKeySize, serializedValueSize } = metadata
  return {
    topic,
    partition,
    offset: Number(offset),
    timestamp: timeOf(timestamp),
    keySize: serializedKeySize,
    valueSize: serializedValueSize,
  }
}
