/**
 * One connection of a {@link BrokerSession}, with what its broker speaks. Neither changes: when the connection ends,
 * requests on it fail, and whoever wants another one asks the session.
 */
import type { KafkaError } from '../errors.js'
import type { Api } from '../protocol/api.js'
import type { BrokerClient, EncodedRequest, RequestOptions } from './broker-client.js'
import type { BrokerVersions } from './broker-versions.js'
import { SecondLooks } from './second-looks.js'

export type { EncodedRequest }

export class ReadyConnection {
  /** `host:port`. */
  readonly broker: string
  /** Null where the broker said what it speaks, or nobody is to ask. */
  readonly secondLooks: SecondLooks | null
  readonly #client: BrokerClient
  readonly #versions: BrokerVersions
  readonly #onEnd: ((reason: KafkaError) => void)[] = []

  /** @param nowMs - when it was made, on the monotonic clock. */
  constructor(client: BrokerClient, versions: BrokerVersions, nowMs: number) {
    this.broker = client.broker
    this.secondLooks = versions.isGuessed ? new SecondLooks(nowMs) : null
    this.#client = client
    this.#versions = versions
  }

  get isOpen(): boolean {
    return this.#client.isOpen
  }

  /**
   * The newest version of a request that both sides know.
   *
   * @param limit - not to be exceeded. Default: none.
   * @throws {UnsupportedVersionError} when there is none.
   */
  version(api: Api<unknown, unknown>, limit?: number): number {
    return limit === undefined
      ? this.#versions.versionOf(api, this.broker)
      : this.#versions.newestUpTo(limit, api, this.broker)
  }

  /** Whether the broker takes this version of a request. */
  knows(api: Api<unknown, unknown>, version: number): boolean {
    return this.#versions.knows(api, version)
  }

  /** As {@link BrokerClient.encode}. */
  encode<Request>(
    api: Api<Request, unknown>,
    body: Request,
    version: number,
    sizeHint?: number,
  ): EncodedRequest {
    return this.#client.encode(api, body, version, sizeHint)
  }

  /** As {@link BrokerClient.request}. */
  request<Request, Response>(
    api: Api<Request, Response>,
    body: Request,
    options: RequestOptions,
  ): Promise<Response> {
    return this.#client.request(api, body, options)
  }

  /** As {@link BrokerClient.send}. */
  send<Request>(api: Api<Request, unknown>, body: Request, options: RequestOptions): Promise<void> {
    return this.#client.send(api, body, options)
  }

  /** Ends the connection because its stream cannot be trusted; what waits fails with this reason. */
  close(reason: KafkaError): void {
    this.#client.close(reason)
  }

  /** Called when the connection ends, after all that waited has failed. Never where it has ended already. */
  onEnd(listener: (reason: KafkaError) => void): void {
    this.#onEnd.push(listener)
  }

  /** For the session. */
  isOf(client: BrokerClient): boolean {
    return this.#client === client
  }

  /** For the session: the connection has ended. */
  ended(reason: KafkaError): void {
    for (const listener of this.#onEnd.splice(0)) listener(reason)
  }
}
