import { expect } from 'chai'
import { NodeLatency } from '../../lib/kafka-producer/node-latency.js'

describe('NodeLatency', () => {
  it('calls a broker slow that has taken nothing for longer than the limit though there was something for it', () => {
    const latency = new NodeLatency(100)
    latency.update(1, 0, true)
    latency.update(1, 100, false)
    expect(latency.isSlow(1), 'at the limit').to.equal(false)
    latency.update(1, 101, false)
    expect(latency.isSlow(1)).to.equal(true)
  })

  it('calls no broker slow for which there was nothing, however long', () => {
    const latency = new NodeLatency(100)
    latency.update(1, 0, true)
    latency.update(1, 5000, true)
    expect([latency.isSlow(1), latency.isSlow(2)]).to.deep.equal([false, false])
  })

  it('calls a slow broker slow no more once it takes something', () => {
    const latency = new NodeLatency(100)
    latency.update(1, 0, true)
    latency.update(1, 500, false)
    latency.update(1, 501, true)
    expect(latency.isSlow(1)).to.equal(false)
  })

  it('gives a broker that could take nothing from the first moment on the whole limit', () => {
    const latency = new NodeLatency(100)
    latency.update(1, 1000, false)
    latency.update(1, 1100, false)
    expect(latency.isSlow(1)).to.equal(false)
  })

  it('calls no broker slow with a limit of 0', () => {
    const latency = new NodeLatency(0)
    latency.update(1, 0, true)
    latency.update(1, 1e9, false)
    expect(latency.isSlow(1)).to.equal(false)
  })
})
