import { expect } from 'chai'
import { isAtLeast, KAFKA_VERSIONS, kafkaVersion } from './kafka-version.js'

describe('The table of Kafka versions', () => {
  it('compares versions number by number', () => {
    expect(isAtLeast('0.10.2.2', '0.9')).to.equal(true)
    expect(isAtLeast('0.8.0', '0.8.1')).to.equal(false)
    expect(isAtLeast('0.8.1.1', '0.8.1')).to.equal(true)
    expect(isAtLeast('4.0.2', '4.0')).to.equal(true)
    expect(isAtLeast('3.9.2', '4.0')).to.equal(false)
  })

  it('goes from the oldest to the newest, each version once', () => {
    for (const [index, { version }] of KAFKA_VERSIONS.entries()) {
      const previous = KAFKA_VERSIONS[index - 1]
      if (previous)
        expect(isAtLeast(previous.version, version), `${previous.version} < ${version}`).to.equal(false)
    }
  })

  it('names the broker artifact of exactly its version in every row', () => {
    for (const { version, dependencies } of KAFKA_VERSIONS) {
      const brokers = dependencies.filter(({ coordinates }) => /:kafka_2\.1[0-3]:/.test(coordinates))
      expect(brokers.map(({ coordinates }) => coordinates.split(':')[2])).to.deep.equal([version])
    }
  })

  it('has ZooKeeper brokers before the first KRaft one, and tools that match', () => {
    for (const { version, mode, createTopics, consoleConsumer } of KAFKA_VERSIONS) {
      expect(mode, version).to.equal(isAtLeast(version, '3.9') ? 'kraft' : 'zookeeper')
      expect(createTopics.by, version).to.equal(isAtLeast(version, '0.10.1') ? 'request' : 'tool')
      if (mode === 'kraft') expect(consoleConsumer?.address, version).not.to.equal('zookeeper')
    }
  })

  it('lists the known versions in the error about an unknown one', () => {
    expect(() => kafkaVersion('0.7.2')).to.throw(/0\.7\.2 is not in the table.*known are 0\.8\.0, .*4\.4\.0/)
  })
})
