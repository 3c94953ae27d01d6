import { expect } from 'chai'
import { CanonicalNames } from '../../lib/network/canonical-names.js'
import { type Resolved, recordingLogger, resolvingTo, systemError } from './support/doubles.js'

const bootstrap = [{ host: 'kafka', port: 9092 }]
const two: Resolved[] = [
  { address: '10.0.0.1', family: 4 },
  { address: '10.0.0.2', family: 4 },
]
const names: Readonly<Record<string, string>> = { '10.0.0.1': 'b1.example', '10.0.0.2': 'b2.example' }
const nameOf = (ip: string) =>
  names[ip] === undefined ? Promise.reject(systemError('ENOTFOUND')) : Promise.resolve(names[ip])

describe('CanonicalNames', () => {
  it('replaces a name by those of all its addresses, once', async () => {
    const { lookup, names: asked } = resolvingTo(two)
    const canonical = new CanonicalNames({ bootstrap, logger: recordingLogger(), lookup, nameOf })
    const expected = [
      { host: 'b1.example', port: 9092 },
      { host: 'b2.example', port: 9092 },
    ]
    expect(await canonical.brokers()).to.deep.equal(expected)
    expect(await canonical.brokers()).to.deep.equal(expected)
    expect(asked).to.deep.equal(['kafka'])
  })

  it('names a broker once that two names lead to, and keeps an address without a name', async () => {
    const { lookup } = resolvingTo([...two, { address: '10.0.0.3', family: 4 }])
    const aliases = [...bootstrap, { host: 'alias', port: 9092 }, { host: '10.0.0.1', port: 9092 }]
    const canonical = new CanonicalNames({ bootstrap: aliases, logger: recordingLogger(), lookup, nameOf })
    expect((await canonical.brokers()).map(({ host }) => host)).to.deep.equal([
      'b1.example',
      'b2.example',
      '10.0.0.3',
    ])
  })

  it('gives the brokers as they were given where no name resolves, with a warning, and resolves again the next time', async () => {
    const logger = recordingLogger()
    const { lookup, names: asked } = resolvingTo(systemError('ENOTFOUND'))
    const canonical = new CanonicalNames({ bootstrap, logger, lookup, nameOf })
    expect(await canonical.brokers()).to.deep.equal(bootstrap)
    expect(await canonical.brokers()).to.deep.equal(bootstrap)
    expect(asked).to.deep.equal(['kafka', 'kafka'])
    expect(logger.lines[0]).to.match(/^warn: kafka:9092 of bootstrap.servers cannot be resolved/)
  })
})
