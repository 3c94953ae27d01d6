import { expect } from 'chai'
import { parseBrokerList } from '../../lib/config/broker-list.js'

function problemOf(list: string): string | undefined {
  try {
    parseBrokerList(list, (problem) => {
      throw new Error(problem)
    })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const addresses = (list: string) =>
  parseBrokerList(list, (problem) => {
    throw new Error(problem)
  }).map(({ host, port }) => `${host} ${port}`)

describe('parseBrokerList', () => {
  // host and port, with a blank in between
  const accepted: [string, string[]][] = [
    ['localhost:9092', ['localhost 9092']],
    ['a:1,b:2', ['a 1', 'b 2']],
    [' a:1 , b:2 ', ['a 1', 'b 2']],
    ['a:1,,b:2,', ['a 1', 'b 2']],
    ['a:1,a:1', ['a 1', 'a 1']],
    ['10.0.0.1:65535', ['10.0.0.1 65535']],
    ['[::1]:9092', ['::1 9092']],
    ['::1:9092', ['::1 9092']],
    ['[fe80::1%eth0]:9092', ['fe80::1%eth0 9092']],
    ['[127.0.0.1]:9092', ['127.0.0.1 9092']],
    ['kafka_1.my-net:9092', ['kafka_1.my-net 9092']],
    ['bücher.example:09092', ['bücher.example 9092']],
  ]
  for (const [list, expected] of accepted) {
    it(`reads ${JSON.stringify(list)}`, () => {
      expect(addresses(list)).to.deep.equal(expected)
    })
  }

  const refused: [string, string][] = [
    ['', 'names no broker'],
    [' , ,', 'names no broker'],
    ['localhost', 'entry 1, "localhost", has no port'],
    ['localhost:', 'entry 1, "localhost:", has no port after the colon'],
    ['localhost:x', 'entry 1, "localhost:x", has a port that is not a number'],
    ['localhost:-1', 'has a port that is not a number'],
    ['localhost:0', 'has a port outside 1 to 65535'],
    ['localhost:65536', 'has a port outside 1 to 65535'],
    ['localhost:99999999999999999999', 'has a port outside 1 to 65535'],
    [':9092', 'entry 1, ":9092", has no host'],
    ['[]:9092', 'has no host'],
    ['a:1,b', 'entry 2, "b", has no port'],
    ['a:1:2', 'write one in brackets, [::1]:9092'],
    ['::1', 'write one in brackets, [::1]:9092'],
    ['[::1]', 'has no port'],
    ['[::1:9092', 'write one in brackets'],
    ['[a:9092', 'has a host with a character that no host name holds'],
    ['a:1;b:2', 'entries are separated by commas'],
    ['a:1 b:2', 'entries are separated by commas'],
    ['a b:1', 'entries are separated by commas'],
    ['http://a:1', 'has a protocol in front'],
    ['PLAINTEXT://a:9092', 'has a protocol in front'],
    ['"a:1"', 'has a port that is not a number'],
    ['a/b:1', 'has a host with a character that no host name holds'],
  ]
  for (const [list, problem] of refused) {
    it(`refuses ${JSON.stringify(list)}: ${problem}`, () => {
      expect(problemOf(list)).to.include(problem).and.include('expected host:port,host:port,…')
    })
  }

  it('does not show text in front of an @, which may be a password', () => {
    for (const list of ['user:hunter2@a:1', 'http://user:hunter2@a:1', 'hunter2@']) {
      expect(problemOf(list)).to.include('***@').and.not.include('hunter2')
    }
  })

  it('shortens and escapes what it repeats', () => {
    const problem = problemOf(`a\u001b[31m${'b'.repeat(1000)}`)
    expect(problem).to.include('\\u{1b}').and.not.include('\u001b')
    expect(problem!.length).to.be.lessThan(400)
  })

  it('gives addresses that cannot be changed', () => {
    const list = parseBrokerList('a:1', () => expect.fail())
    expect(list).to.be.frozen
    expect(list[0]).to.be.frozen
  })

  it('reads lists of the largest size in a time that grows with the length only', () => {
    const start = performance.now()
    problemOf(' '.repeat(1 << 20))
    problemOf(','.repeat(1 << 20))
    problemOf('@'.repeat(1 << 20))
    problemOf(':'.repeat(1 << 20))
    expect(performance.now() - start).to.be.lessThan(3000)
  })
})
