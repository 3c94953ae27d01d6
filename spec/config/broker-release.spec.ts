import { expect } from 'chai'
import { brokerReleases, parseBrokerRelease } from '../../lib/config/broker-release.js'

describe('parseBrokerRelease', () => {
  for (const release of ['auto', ...brokerReleases]) {
    it(`takes ${release} as it is`, () => {
      expect(parseBrokerRelease(release)).to.equal(release)
    })
  }

  const families: [string, string][] = [
    ['0.8.2.2', '0.8.2'],
    ['0.9.0.1', '0.9.0'],
    ['0.10.2.2', '0.10.2'],
    ['0.11.0.3', '0.11.0'],
    ['2.8.2', '2.8'],
    ['4.4.0', '4.4'],
  ]
  for (const [version, family] of families) {
    it(`takes ${version} for ${family}`, () => {
      expect(parseBrokerRelease(version)).to.equal(family)
    })
  }

  for (const text of [
    '',
    'Auto',
    '0.7.2',
    '0.8',
    '5.0',
    '2',
    '2.8.x',
    '2.8.',
    '.2.8',
    '2.8.2-rc1',
    '2.8.2.1',
    '02.8',
  ]) {
    it(`refuses the unknown release ${JSON.stringify(text)}`, () => {
      expect(parseBrokerRelease(text)).to.equal(undefined)
    })
  }
})
