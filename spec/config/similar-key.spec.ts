import { expect } from 'chai'
import { similarKey } from '../../lib/config/similar-key.js'

describe('similarKey', () => {
  const known = ['request.required.acks', 'request.timeout.ms', 'client.id', 'acks', 'host']

  const cases: [string, string | undefined][] = [
    ['request.require.acks', 'request.required.acks'],
    ['request.required.akcs', 'request.required.acks'],
    ['REQUEST_REQUIRED_ACKS', 'request.required.acks'],
    ['requestTimeoutMs', 'request.timeout.ms'],
    ['request.timeout', 'request.timeout.ms'],
    ['client.ids', 'client.id'],
    ['ack', undefined],
    ['hosts', 'host'],
    ['foo', undefined],
    ['', undefined],
    ['my.own.setting', undefined],
    ['request.required.acks'.repeat(10), undefined],
  ]
  for (const [key, expected] of cases) {
    it(`finds ${expected ?? 'nothing'} for ${JSON.stringify(key.slice(0, 40))}`, () => {
      expect(similarKey(key, known)).to.equal(expected)
    })
  }

  it('prefers the nearest', () => {
    expect(similarKey('queue.sizes', ['queue.time', 'queue.size'])).to.equal('queue.size')
  })
})
