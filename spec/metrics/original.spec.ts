/** The original as judge: its JMX registry after the same steps, name by name. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { type MetricsSnapshot, Producer } from '../../lib/index.js'
import { silentLogger } from '../../lib/logger.js'
import { version } from '../../lib/version.js'
import { readScenarios, type Scenario, toValue } from '../golden/scenario.js'
import { ScriptedCluster } from '../support/scripted/scripted-cluster.js'

/** A kind with its count or value; of histograms least and largest, too. */
type Recorded = Readonly<Record<string, number | string>>
type Registry = Record<string, Recorded>

const recorded = JSON.parse(
  readFileSync(new URL('../vectors/metrics/0.8.2.2.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, Registry>>

/** Our series as the recording writes them, without those of our own. */
function registryOf(snapshot: MetricsSnapshot): Registry {
  const registry: Registry = {}
  for (const series of Object.values(snapshot).flat()) {
    if (series.kind === 'counter' || series.mbean.startsWith('kafka-classic-producer:')) continue
    if (series.kind === 'gauge') registry[series.mbean] = { gauge: series.value }
    else if (series.kind === 'histogram' && series.count > 0) {
      registry[series.mbean] = { histogram: series.count, min: series.min, max: series.max }
    } else registry[series.mbean] = { [series.kind]: series.count }
  }
  return registry
}

/** Tags of the recording stand in an order of their own. */
function sorted(registry: Registry, ports: Readonly<Record<string, number>> = {}): Registry {
  return Object.fromEntries(
    Object.entries(registry).map(([name, value]) => {
      const known = name.replace(/<(port\d)>/, (_, port: string) => String(ports[port]))
      return [known.split(',').sort().join(','), value]
    }),
  )
}

/** Plays sends one after the other; what the metrics were at each `metrics` step, by its tag. */
async function play(
  scenario: Scenario,
): Promise<{ steps: Map<string, Registry>; ports: Record<string, number> }> {
  const cluster = await ScriptedCluster.start(scenario.cluster)
  const properties = { ...scenario.properties, 'metadata.broker.list': cluster.address(0) }
  const producer = new Producer(properties, { logger: silentLogger })
  const steps = new Map<string, Registry>()
  try {
    for (const step of scenario.ops) {
      if (step.op === 'metrics') steps.set(step.tag ?? '', registryOf(producer.metrics()))
      else if (step.op === 'close') await producer.close()
      else if (step.op === 'send') {
        await producer.send(
          step.messages.map(({ topic, key, value }) => ({
            topic,
            key: toValue(key ?? null),
            message: toValue(value),
          })),
        )
      } else throw new Error(`no ${step.op} here`)
    }
  } finally {
    await producer.close()
    await cluster.close()
  }
  const ports = Object.fromEntries([0, 1, 2].map((broker) => [`port${broker}`, cluster.port(broker)]))
  return { steps, ports }
}

const VERSION = 'kafka.common:type=AppInfo,name=Version'

for (const name of ['j01-metrics-sync', 'j04-metrics-empty-client-id']) {
  describe(`Compared with the metrics of the Scala producer 0.8.2.2: ${name}`, () => {
    const scenario = readScenarios().find((one) => one.name === name)!
    const original = recorded[name]!
    let steps: Map<string, Registry>
    let expected: Registry

    before(async () => {
      const played = await play(scenario)
      steps = played.steps
      expected = sorted(original.sent!, played.ports)
    })

    it('has the same names, tags, kinds, counts and sizes after the sends', () => {
      const { [VERSION]: ours, ...found } = sorted(steps.get('sent')!)
      const { [VERSION]: theirs, ...wanted } = expected
      // Our own version, a null value of no bytes where the original counted −1, and throttle times, which
      // came with 0.9.
      expect(theirs).to.deep.equal({ gauge: '0.8.2.2' })
      expect(ours).to.deep.equal({ gauge: version })
      for (const [series, value] of Object.entries(found)) {
        if (series.includes('name=ProducerRequestThrottleRateAndTimeMs')) {
          expect(value).to.deep.equal({ timer: 0 })
          delete found[series]
        }
        if (series.includes('name=BytesPerSec') && name.startsWith('j01')) {
          expect(value).to.deep.equal({ meter: 8 })
          found[series] = { meter: 7 }
        }
      }
      expect(found).to.deep.equal(wanted)
    })

    it('has after the close what it had before (the original: nothing, or that of others; KAFKA-1567)', () => {
      expect(steps.get('closed')).to.deep.equal(steps.get('sent'))
    })
  })
}

describe('Metrics of a new producer', () => {
  it('has the names of the original from the beginning, those of its requests as well, all zero', async () => {
    const properties = { 'metadata.broker.list': '127.0.0.1:1', 'client.id': 'c1' }
    const producer = new Producer(properties, { logger: silentLogger })
    const { [VERSION]: _, ...found } = registryOf(producer.metrics())
    await producer.close()
    const { [VERSION]: __, ...wanted } = recorded['j01-metrics-sync']!.constructed!
    for (const [name, kind] of [
      ['ProducerRequestRateAndTimeMs', 'timer'],
      ['ProducerRequestSize', 'histogram'],
      ['ProducerRequestThrottleRateAndTimeMs', 'timer'],
    ] as const) {
      wanted[`kafka.producer:type=ProducerRequestMetrics,name=${name},clientId=c1`] = { [kind]: 0 }
    }
    expect(found).to.deep.equal(wanted)
  })
})
