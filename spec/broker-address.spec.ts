import { expect } from 'chai'
import { addressText, isReachable } from '../lib/broker-address.js'

describe('addressText', () => {
  const rows: [host: string, text: string][] = [
    ['kafka.example', 'kafka.example:9092'],
    ['::1', '[::1]:9092'],
    ['a\nb', 'a\\u{a}b:9092'],
  ]
  for (const [host, text] of rows) {
    it(`writes ${JSON.stringify(host)} as ${text}`, () => {
      expect(addressText({ host, port: 9092 })).to.equal(text)
    })
  }
})

describe('isReachable', () => {
  const rows: [host: string, port: number, reachable: boolean][] = [
    ['h', 1, true],
    ['h', 65535, true],
    ['::1', 9092, true],
    ['', 9092, false],
    ['h', 0, false],
    ['h', -1, false],
    ['h', 65536, false],
    ['h', Number.NaN, false],
  ]
  for (const [host, port, reachable] of rows) {
    it(`is ${reachable} for "${host}" port ${port}`, () => {
      expect(isReachable({ host, port })).to.equal(reachable)
    })
  }
})
