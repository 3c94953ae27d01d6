import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { ProducerConfig } from '../../lib/config/producer-config.js'
import { producerKeys } from '../../lib/config/producer-keys.js'
import { parseProperties } from '../../lib/config/properties.js'
import { recordingLogger } from './recording-logger.js'

const path = fileURLToPath(new URL('../../config/producer.properties', import.meta.url))
const text = readFileSync(path, 'latin1')
const uncommented = text.replace(/^#(?=[a-z])/gm, '')

describe('config/producer.properties', () => {
  const defaults = new ProducerConfig(
    { 'metadata.broker.list': 'localhost:9092' },
    { logger: recordingLogger() },
  )

  it('is a usable configuration for a broker on this machine, without a warning', () => {
    const logger = recordingLogger()
    expect({ ...ProducerConfig.fromFile(path, { logger }) }).to.deep.equal({ ...defaults })
    expect(logger.warnings).to.deep.equal([])
  })

  it('names every setting, and each once', () => {
    const keys = producerKeys.settings.map(({ key }) => key)
    expect([...parseProperties(uncommented).keys()]).to.have.members(keys)
    expect(uncommented.match(/^[a-z][a-z.]*=/gm)).to.have.length(keys.length)
  })

  it('gives the defaults when everything is uncommented', () => {
    const logger = recordingLogger()
    expect({ ...ProducerConfig.fromText(uncommented, { logger }) }).to.deep.equal({ ...defaults })
    expect(logger.warnings).to.deep.equal([])
  })

  it('is ASCII, so that every editor and every Java reads the same', () => {
    expect(text).to.match(/^[\n\x20-\x7e]*$/)
  })
})
