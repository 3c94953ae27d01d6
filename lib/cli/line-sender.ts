/** What the console producer needs of a producer, whichever it is. Lines become messages in two steps: read, then sent. */
import type { KafkaError, Persistence } from '../errors.js'

/** A line of the input. */
export interface InputLine {
  /** Counted from 1. */
  readonly number: number
  readonly bytes: number
}

export interface LineFailure {
  readonly topic: string
  /** −1 when none was chosen. */
  readonly partition: number
  readonly cause: KafkaError
  readonly persistence: Persistence
  readonly line?: InputLine
}

export interface LineSender<Message> {
  /** 0: brokers confirm nothing. */
  readonly acks: number
  /** @throws {InputError} naming the line. */
  read(line: Buffer): Message
  /** Resolves when the next line may be read. Its outcome is reported; only what is wrong with this program rejects. */
  send(message: Message): Promise<void>
  /** Waits for all outcomes. @throws {KafkaError} when no broker has confirmed what was sent. */
  flush(): Promise<unknown>
  close(options: { timeoutMs?: number }): Promise<void>
  /** Whether a line failed because it was given up when the producer was closed. */
  isGivenUp(cause: KafkaError): boolean
  /** Whether a line failed because no broker was ever reached. */
  isUnreachable(cause: KafkaError): boolean
}

/** Called with outcomes, in any order. */
export interface LineOutcomes {
  delivered(lines: number): void
  failed(failures: readonly LineFailure[]): void
  /** A line that was never taken, with a text fit for a terminal. */
  refused(text: string): void
  unconfirmed(lines: number): void
}
