import { expect } from 'chai'
import { ConfigError } from '../../lib/errors.js'
import { type ProducerInterceptor, ProducerInterceptors } from '../../lib/kafka-producer/interceptors.js'
import { ProducerRecord } from '../../lib/kafka-producer/producer-record.js'
import { RecordFilteredError } from '../../lib/kafka-producer/record-errors.js'
import { RecordHeaders } from '../../lib/kafka-producer/record-headers.js'
import { RecordMetadata } from '../../lib/kafka-producer/record-metadata.js'
import { recordingLogger } from '../config/recording-logger.js'

const config = { get: (key: string) => (key === 'client.id' ? 'me' : undefined) }

function chain(...interceptors: ProducerInterceptor[]) {
  const logger = recordingLogger()
  return { chain: new ProducerInterceptors(interceptors, config, logger), logger }
}

const appending = (letter: string): ProducerInterceptor => ({
  onSend: ({ topic, value }) => ({ topic, value: `${value}+${letter}` }),
})

const throwing: Required<Omit<ProducerInterceptor, 'configure'>> = {
  onSend: () => {
    throw new RangeError('secret')
  },
  onAcknowledgement: () => {
    throw new RangeError('secret')
  },
  close: () => {
    throw new RangeError('secret')
  },
}

const record = new ProducerRecord('t', 'v')
const metadata = RecordMetadata.ofFailed('t', 3)
const headers = RecordHeaders.from({ a: '1' })

describe('ProducerInterceptors', () => {
  const chains: [title: string, interceptors: ProducerInterceptor[], value: string][] = [
    ['each interceptor gets what the one before returned', [appending('A'), appending('B')], 'v+A+B'],
    ['an interceptor that throws is passed over', [appending('A'), throwing, appending('B')], 'v+A+B'],
    ['the record goes on where all throw', [throwing, throwing], 'v'],
    ['an interceptor need not have onSend', [{}, appending('B')], 'v+B'],
    [
      'an interceptor that returns nothing is passed over',
      [{ onSend: () => undefined as never }, appending('B')],
      'v+B',
    ],
    [
      'an interceptor that returns a promise is passed over',
      [{ onSend: (async () => record) as never }],
      'v',
    ],
    [
      'an interceptor that returns an invalid record is passed over',
      [{ onSend: () => ({ topic: 't', value: 'w', partition: -1 }) }],
      'v',
    ],
  ]
  for (const [title, interceptors, value] of chains) {
    it(title, () => {
      expect(chain(...interceptors).chain.onSend(record).value).to.equal(value)
    })
  }

  it('the record is the same object where no interceptor changes it', () => {
    expect(chain({ onSend: (given) => given }).chain.onSend(record)).to.equal(record)
  })

  it('what an interceptor throws is logged without what it says', () => {
    const { chain: all, logger } = chain(throwing)
    all.onSend(record)
    all.onAcknowledgement(metadata, null, headers)
    all.close()
    expect(logger.warnings).to.deep.equal([
      'onSend() of interceptor 1 threw: RangeError',
      'onAcknowledgement() of interceptor 1 threw: RangeError',
      'close() of interceptor 1 threw: RangeError',
    ])
  })

  it('an interceptor that returns null filters the record out, and those behind it are not asked', () => {
    let asked = 0
    const second: ProducerInterceptor = {
      onSend: (given) => {
        asked++
        return given
      },
    }
    const { chain: all } = chain({ onSend: () => null }, second)
    expect(() => all.onSend(record)).to.throw(
      RecordFilteredError,
      /interceptor 1 filtered a record for t out/,
    )
    expect(asked).to.equal(0)
  })

  it('each interceptor is called with the outcome, in order, whoever throws', () => {
    const calls: unknown[] = []
    const listening = (name: string): ProducerInterceptor => ({
      onAcknowledgement: (...given) => calls.push([name, ...given]),
    })
    const error = new RecordFilteredError('x')
    chain(listening('a'), throwing, listening('b'), {}).chain.onAcknowledgement(metadata, error, headers)
    expect(calls).to.deep.equal([
      ['a', metadata, error, headers],
      ['b', metadata, error, headers],
    ])
  })

  it('interceptors are configured in order, and all are closed when one cannot be', () => {
    const calls: string[] = []
    const noted = (name: string, configure: () => void): ProducerInterceptor => ({
      configure: (given) => {
        calls.push(`${name} ${given.get('client.id')}`)
        configure()
      },
      close: () => calls.push(`close ${name}`),
    })
    const failing = () => {
      throw new RangeError('secret')
    }
    expect(() =>
      chain(
        noted('a', () => {}),
        noted('b', failing),
        noted('c', () => {}),
      ),
    ).to.throw(ConfigError, 'interceptor 2 cannot be configured: RangeError')
    expect(calls).to.deep.equal(['a me', 'b me', 'close a', 'close b', 'close c'])
  })
})
