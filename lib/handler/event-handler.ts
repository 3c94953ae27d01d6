import type { KeyedMessage } from '../keyed-message.js'

/** What a Producer hands its messages to. */
export interface EventHandler {
  /**
   * Sends messages and returns when each has its outcome.
   *
   * @throws {FailedToSendMessageError} when some failed.
   */
  handle(messages: readonly KeyedMessage[]): Promise<void>
  close(): Promise<void>
}
