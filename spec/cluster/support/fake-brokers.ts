/** Brokers at `b:<port>` as a MetadataSource asks them, over sessions without a connection. */
import type { BrokerAddress } from '../../../lib/broker-address.js'
import { BrokerSessions } from '../../../lib/cluster/broker-sessions.js'
import { MetadataSource } from '../../../lib/cluster/metadata-source.js'
import { ConnectionError } from '../../../lib/errors.js'
import type { BrokerSession } from '../../../lib/network/broker-session.js'
import type { MetadataResponse } from '../../../lib/protocol/messages/index.js'
import { type RecordingLogger, recordingLogger } from '../../network/support/doubles.js'
import { FakeBrokerSession } from '../../network/support/fake-broker-session.js'
import { metadataResponse } from '../../support/messages.js'

export const at = (port: number): BrokerAddress => ({ host: 'b', port })

/** An answer that names these brokers and no topic. */
export function naming(...brokers: BrokerAddress[]): MetadataResponse {
  return answerOf(0, brokers)
}

function answerOf(errorCode: number, brokers: readonly BrokerAddress[]): MetadataResponse {
  const rows = brokers.map((address, nodeId) => ({ nodeId, ...address }))
  return metadataResponse({ brokers: rows, topics: [], errorCode })
}

export class FakeBrokers {
  /** What the sources logged. */
  readonly logger: RecordingLogger = recordingLogger()
  /** Sessions in the order in which they were made. */
  readonly created: FakeBrokerSession[] = []
  /** What each port does when it is asked; one that is not here refuses. */
  readonly answers = new Map<number, () => Promise<MetadataResponse>>()
  readonly sessions = new BrokerSessions({ create: (address, onClosed) => this.#create(address, onClosed) })
  /** Whether answers say less than the broker could. */
  lacksTopicIds = false

  /** From now on it answers, with these brokers. */
  alive(port: number, ...brokers: BrokerAddress[]): void {
    this.refusing(port, 0, ...brokers)
  }

  /** From now on it answers with an error for the whole request. */
  refusing(port: number, errorCode: number, ...brokers: BrokerAddress[]): void {
    this.answers.set(port, async () => answerOf(errorCode, brokers))
  }

  /** Asks the brokers in the order of these ports. */
  sourceOf(...ports: number[]): MetadataSource {
    return this.sourceWith((brokers) => [...brokers], ...ports)
  }

  sourceWith(
    shuffle: ((brokers: readonly BrokerAddress[]) => BrokerAddress[]) | undefined,
    ...ports: number[]
  ): MetadataSource {
    const { sessions, logger } = this
    return new MetadataSource({ bootstrap: ports.map(at), sessions, logger, ...(shuffle && { shuffle }) })
  }

  /** The ports of the sessions that were made since this was last called. */
  takeAskedPorts(): number[] {
    const ports = this.askedPorts()
    this.created.length = 0
    return ports
  }

  /** The ports of the sessions that were made; one that is used again is not listed again. */
  askedPorts(): number[] {
    return this.created.map(({ address }) => address.port)
  }

  #create(address: BrokerAddress, onClosed: () => void): BrokerSession {
    const session = new FakeBrokerSession(address, onClosed)
    session.fetchMetadata.callsFake(async () => {
      const ask = this.answers.get(address.port)
      if (!ask) throw new ConnectionError(`cannot connect to ${session.broker}`)
      session.isConnected = true
      return { response: await ask(), lacksTopicIds: this.lacksTopicIds, lacksEpochs: this.lacksTopicIds }
    })
    this.created.push(session)
    return session.asReal
  }
}
