import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { CONTRACT, Consumer, contract } from './consumer.js'

const ENTRIES = [
  'kafka-classic-producer',
  'kafka-classic-producer/kafka-producer',
  'kafka-classic-producer/testing',
  'kafka-classic-producer/prometheus',
  'kafka-classic-producer/opentelemetry',
] as const
/** From the oldest that is supported to the newest. */
const MAJORS = [20, 22, 24, 26]
/** A bundle of one error class, minified: the class, its base, and what they inspect themselves with. */
const ERROR_BUNDLE_BYTES = 8 * 1024

describe('The packed package', function () {
  this.timeout(300_000)
  let consumer: Consumer

  before(async () => {
    consumer = await Consumer.install()
    await consumer.write('contract.mjs', await contract())
  })
  after(() => consumer?.remove())

  async function contractUnder(command: string, args: readonly string[] = []): Promise<unknown> {
    return JSON.parse(await consumer.run(command, [...args, 'contract.mjs']))
  }

  describe('under a release of Node', () => {
    const nodes = new Map<number, string>([[Number(process.versions.node.split('.')[0]), process.execPath]])

    before(async () => {
      const others = MAJORS.filter((major) => !nodes.has(major))
      const name = `node-${process.platform}-${process.arch}`
      const problem = await consumer.add(...others.map((major) => `node${major}@npm:${name}@${major}`))
      expect(problem, 'npm has not all of these for this machine').to.equal(null)
      for (const major of others) {
        nodes.set(major, join(consumer.folder, `node_modules/node${major}/bin/node`))
      }
    })

    for (const major of MAJORS) {
      it(`delivers with both producers on Node ${major}`, async () => {
        expect(await contractUnder(nodes.get(major)!)).to.deep.equal(CONTRACT)
      })

      it(`gives import and require() the same classes on Node ${major}`, async () => {
        const script = `
          import { createRequire } from 'node:module'
          const require = createRequire(import.meta.url)
          for (const entry of ${JSON.stringify(ENTRIES)}) {
            const [required, imported] = [require(entry), await import(entry)]
            for (const name of Object.keys(imported)) {
              if (required[name] !== imported[name]) throw new Error(entry + ' has two of ' + name)
            }
          }`
        const file = await consumer.write('same.mjs', script)
        await consumer.run(nodes.get(major)!, [file])
      })
    }
  })

  for (const [runtime, args] of [
    ['bun', []],
    ['deno', ['run', '-A']],
  ] as const) {
    it(`delivers with both producers on ${runtime}`, async () => {
      const problem = await consumer.add(runtime)
      expect(problem, `npm cannot install ${runtime} on this machine`).to.equal(null)
      expect(await contractUnder(consumer.bin(runtime), args)).to.deep.equal(CONTRACT)
    })
  }

  describe('as CommonJS files', () => {
    it('runs its own test cluster and both producers in Jest, from CommonJS and from TypeScript', async () => {
      const body = (await contract())
        .replace(/^\/\*\*[\s\S]*?\*\//, '')
        .replace(/^import .*$/gm, '')
        .replace('console.log(JSON.stringify(result))', 'return result')
      const test = `test('delivers', async () => {
        const contract = async () => { ${body} }
        expect(await contract()).toEqual(${JSON.stringify(CONTRACT)})
      })`
      await consumer.write(
        'jest/common.test.js',
        `const { KafkaError, KafkaProducer, Producer } = require('kafka-classic-producer')
         const { TestCluster } = require('kafka-classic-producer/testing')
         ${test}`,
      )
      await consumer.write(
        'jest/typed.test.ts',
        `import { KafkaError, KafkaProducer, Producer } from 'kafka-classic-producer'
         import { TestCluster } from 'kafka-classic-producer/testing'
         ${test}`,
      )
      await consumer.write(
        'jest/jest.config.json',
        JSON.stringify({ transform: { '\\.ts$': '@swc/jest' }, testEnvironment: 'node' }),
      )
      await consumer.run(process.execPath, [
        join(consumer.folder, 'node_modules/jest/bin/jest.js'),
        '--config',
        'jest/jest.config.json',
        '--silent',
      ])
    })

    for (const entry of ENTRIES) {
      it(`gives ${entry} to a resolver that knows only require`, async () => {
        const script = `
          const { exports } = require('kafka-classic-producer/package.json')
          const entry = exports[${JSON.stringify(entry)}.replace('kafka-classic-producer', '.')]
          const { join } = require('node:path')
          const loaded = require(join(process.cwd(), 'node_modules/kafka-classic-producer', entry.require.default))
          if (Object.keys(loaded).length === 0) process.exit(1)`
        await consumer.run(process.execPath, ['-e', script])
      })
    }
  })

  describe('in a bundle of one file', () => {
    /** Nothing is installed there. */
    const outside = (): string => `${consumer.folder}-bundles`

    before(() => mkdir(outside(), { recursive: true }))
    after(() => rm(outside(), { recursive: true, force: true }))

    async function runsFrom(file: string): Promise<void> {
      expect(JSON.parse(await consumer.run(process.execPath, [file], outside()))).to.deep.equal(CONTRACT)
    }

    for (const [format, ending] of [
      ['esm', 'mjs'],
      ['cjs', 'cjs'],
    ] as const) {
      it(`works when esbuild makes it, as ${format}`, async () => {
        const out = join(outside(), `esbuild.${ending}`)
        // A bundle of CommonJS has no await of its own at the top.
        await consumer.write('inner.mjs', wrapped(await contract()))
        await consumer.run(consumer.bin('esbuild'), [
          'inner.mjs',
          '--bundle',
          '--platform=node',
          `--format=${format}`,
          `--outfile=${out}`,
          // What packages in CommonJS call require() with.
          ...(format === 'esm'
            ? [
                '--banner:js=import{createRequire as make}from"node:module";const require=make(import.meta.url);',
              ]
            : []),
          '--log-level=error',
        ])
        await runsFrom(out)
      })

      it(`works when rollup makes it, as ${format}`, async () => {
        const out = join(outside(), `rollup.${ending}`)
        await consumer.write('inner.mjs', wrapped(await contract()))
        await consumer.run(process.execPath, [
          join(consumer.folder, 'node_modules/rollup/dist/bin/rollup'),
          'inner.mjs',
          '--plugin',
          'node-resolve={exportConditions:["node"],preferBuiltins:true}',
          '--plugin',
          'commonjs',
          '--format',
          format,
          '--inlineDynamicImports',
          '--file',
          out,
          '--silent',
        ])
        await runsFrom(out)
      })

      it(`works when webpack makes it, as ${format}`, async () => {
        const out = `webpack.${ending}`
        await consumer.write('inner.mjs', wrapped(await contract()))
        const config = await consumer.write(
          'build-webpack.cjs',
          `require('webpack')({
             mode: 'production',
             optimization: { minimize: false },
             entry: './inner.mjs',
             target: 'node20',
             experiments: { outputModule: ${format === 'esm'} },
             output: { path: ${JSON.stringify(outside())}, filename: ${JSON.stringify(out)},
               module: ${format === 'esm'}, library: { type: ${format === 'esm' ? "'module'" : "'commonjs2'"} } },
           }, (error, stats) => {
             const { errors = [], warnings = [] } = stats?.toJson({ errors: true, warnings: true }) ?? {}
             for (const { moduleName, loc, message } of [...errors, ...warnings]) console.error(moduleName, loc, message)
             if (error || errors.length + warnings.length > 0) process.exit(1)
           })`,
        )
        await consumer.run(process.execPath, [config])
        await runsFrom(join(outside(), out))
      })
    }

    it('carries one error class in kilobytes', async () => {
      await consumer.write(
        'error.mjs',
        `import { KafkaError } from 'kafka-classic-producer'; console.log(KafkaError)`,
      )
      const out = join(outside(), 'error.mjs')
      await consumer.run(consumer.bin('esbuild'), [
        'error.mjs',
        '--bundle',
        '--minify',
        '--platform=node',
        '--format=esm',
        `--outfile=${out}`,
        '--log-level=error',
      ])
      expect((await stat(out)).size).to.be.below(ERROR_BUNDLE_BYTES)
    })
  })

  describe('with a compiler', () => {
    const program = `
      import { type Delivery, KafkaProducer, KeyedMessage, Producer, ProducerConfig } from 'kafka-classic-producer'
      import { TestCluster } from 'kafka-classic-producer/testing'
      import { observe } from 'kafka-classic-producer/opentelemetry'
      import { collectFrom } from 'kafka-classic-producer/prometheus'
      const config = new ProducerConfig({ 'metadata.broker.list': 'localhost:9092' })
      const producer = new Producer<string, string>(config)
      const delivery: Promise<Delivery> = producer.deliver(new KeyedMessage('t', 'k', 'v'))
      producer.on('failed', ({ failures }) => console.log(failures[0]?.cause.code))
      export { collectFrom, delivery, KafkaProducer, observe, TestCluster }`

    for (const [compiler, modules] of [
      ['typescript5', ['node16', 'node18', 'nodenext', 'preserve']],
      ['typescript7', ['node16', 'node18', 'nodenext', 'preserve']],
    ] as const) {
      for (const module of modules) {
        it(`has types for import and require with ${compiler} and module ${module}`, async () => {
          await consumer.write('types/use.mts', program)
          await consumer.write('types/use.cts', program)
          const compilerOptions = {
            module,
            ...(module === 'preserve' && { moduleResolution: 'bundler' }),
            target: 'es2022',
            lib: ['es2024'],
            types: ['node'],
            strict: true,
            exactOptionalPropertyTypes: true,
            noEmit: true,
          }
          const files = ['use.mts', ...(module === 'preserve' ? [] : ['use.cts'])]
          await consumer.write('types/tsconfig.json', JSON.stringify({ compilerOptions, files }))
          const bin = join(consumer.folder, 'node_modules', compiler, 'bin', 'tsc')
          await consumer.run(process.execPath, [bin, '-p', 'types']).catch((error: { stdout?: string }) => {
            throw new Error(error.stdout)
          })
        })
      }
    }
  })
})

/** The contract as one asynchronous function, for what has no `await` at the top. */
function wrapped(text: string): string {
  const imports = text.match(/^import .*$/gm)!.join('\n')
  const body = text.replace(/^\/\*\*[\s\S]*?\*\//, '').replace(/^import .*$/gm, '')
  return `${imports}\nasync function contract() {${body}}\ncontract()`
}
