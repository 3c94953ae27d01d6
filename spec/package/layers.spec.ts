import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { circleIn, type Graph, importsIn } from '../support/import-graph.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A folder of lib, imports that it may have, and imports that it must not have. */
const layers: [folder: string, allowed: string[], refused: string[]][] = [
  ['.', ['./errors.js'], ['./protocol/api.js', './config/setting.js', './producer/producer.js']],
  [
    'protocol/records',
    ['../types.js', '../../errors.js', '../../bytes.js', 'node:zlib'],
    [
      '../../network/connection.js',
      '../../handler/outcomes.js',
      '../../logger.js',
      '../../timers.js',
      '../../security/scram.js',
      'node:net',
      'node:crypto',
      'node:timers',
      'node:timers/promises',
    ],
  ],
  [
    'security',
    ['./jaas.js', '../errors.js', '../logger.js', '../timers.js', 'node:crypto', 'node:fs', 'node:tls'],
    ['../network/connection.js', '../protocol/api.js', '../config/setting.js', 'node:net', 'node:dns'],
  ],
  [
    'network/sasl',
    [
      '../connection.js',
      '../../protocol/api.js',
      '../../security/sasl-mechanism.js',
      '../../logger.js',
      'node:tls',
    ],
    [
      '../../pool/sync-producer.js',
      '../../cluster/topic-metadata.js',
      '../../config/broker-list.js',
      '../../keyed-message.js',
    ],
  ],
  [
    'cluster',
    ['../network/connection.js', '../protocol/api.js', '../broker-address.js'],
    ['../pool/sync-producer.js', '../produce/topic-ids.js', '../handler/outcomes.js', '../failure.js'],
  ],
  [
    'produce',
    ['../protocol/api.js', '../errors.js'],
    [
      '../network/connection.js',
      '../cluster/topic-metadata.js',
      '../handler/outcomes.js',
      '../keyed-message.js',
    ],
  ],
  [
    'metrics',
    ['./meter.js', '../version.js', 'prom-client'],
    ['../protocol/writer.js', '../handler/pending-message.js', '../producer/producer.js', '../failure.js'],
  ],
  [
    'config',
    ['./setting.js', '../errors.js', 'node:fs'],
    [
      '../network/connection.js',
      '../producer/classes.js',
      '../protocol/releases.js',
      '../security/jaas.js',
      '../keyed-message.js',
    ],
  ],
  [
    'pool',
    ['../cluster/topic-metadata.js', '../produce/topic-ids.js', '../network/connection.js'],
    ['../config/setting.js', '../handler/outcomes.js', '../metrics/meter.js', '../failure.js'],
  ],
  [
    'handler/encoders',
    ['../outcomes.js', '../../pool/producer-pool.js', '../../cluster/topic-metadata.js', '../../failure.js'],
    ['../../config/setting.js', '../../metrics/meter.js', '../../producer/producer.js', '../../cli/start.js'],
  ],
  [
    'producer',
    ['../handler/outcomes.js', '../metrics/meter.js', '../config/setting.js'],
    ['../cli/start.js', '../testing/index.js', '../kafka-producer/sender.js'],
  ],
  [
    'kafka-producer',
    [
      '../produce/producer-sequences.js',
      '../cluster/topic-metadata.js',
      '../network/connection.js',
      '../protocol/api.js',
      '../config/setting.js',
      '../metrics/meter.js',
      '../errors.js',
    ],
    [
      '../handler/outcomes.js',
      '../pool/sync-producer.js',
      '../producer/producer.js',
      '../testing/index.js',
      '../cli/start.js',
      '../keyed-message.js',
      '../failure.js',
    ],
  ],
  [
    'testing/apis',
    ['../store.js', '../../protocol/api.js', '../../errors.js'],
    [
      '../../network/connection.js',
      '../../produce/topic-ids.js',
      '../../config/setting.js',
      '../../failure.js',
    ],
  ],
  [
    'cli',
    ['../producer/producer.js', '../config/setting.js', '../testing/index.js', '../failure.js'],
    ['../network/connection.js', '../pool/producer-pool.js', '../cli-perf/result.js'],
  ],
  [
    'cli-perf/report',
    ['../result.js', '../../cli/run-tool.js', '../../producer/producer.js'],
    ['../../handler/outcomes.js', '../../testing/index.js', '../../protocol/api.js'],
  ],
]

const fileIn = (folder: string) => posix.join('lib', folder, 'file.ts')

describe('The layers of lib', () => {
  /** `file:line` of each import that lint refuses. */
  let refused: Set<string>

  before(() => {
    const copy = mkdtempSync(join(tmpdir(), 'layers-'))
    try {
      for (const [folder, ...imports] of layers) {
        const file = fileIn(folder)
        const lines = imports.flat().map((source, at) => `import a${at} from '${source}'`)
        mkdirSync(dirname(join(copy, file)), { recursive: true })
        writeFileSync(join(copy, file), `${lines.join('\n')}\n`)
      }
      for (const name of ['biome.json', '.gitignore']) copyFileSync(join(root, name), join(copy, name))
      refused = lintRefusals(copy)
    } finally {
      rmSync(copy, { recursive: true })
    }
  })

  for (const [folder, allowed, wrong] of layers) {
    const file = fileIn(folder)
    for (const [at, source] of [...allowed, ...wrong].entries()) {
      const isWrong = at >= allowed.length
      it(`${isWrong ? 'refuse' : 'allow'} ${file} to import ${source}`, () => {
        expect(refused.has(`${file}:${at + 1}`)).to.equal(isWrong)
      })
    }
  }

  it('have a rule and rows in this spec for each folder', () => {
    const folders = readdirSync(join(root, 'lib'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
    expect(layers.map(([folder]) => folder.split('/')[0])).to.include.members(folders)
  })
})

function lintRefusals(folder: string): Set<string> {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const args = [
    biome,
    'lint',
    '--only=style/noRestrictedImports',
    '--reporter=github',
    '--max-diagnostics=none',
    'lib',
  ]
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  const found = [...stdout.matchAll(/file=([^,]+),line=(\d+)/g)].map(([, file, line]) => {
    return `${file!.slice(file!.indexOf(basename(folder)) + basename(folder).length + 1)}:${line}`
  })
  if (found.length === 0) throw new Error(`biome refuses nothing: ${stdout}${stderr}`)
  return new Set(found)
}

describe('The imports of lib', () => {
  const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `lib/${name}`)
  const importsOf = (file: string) => importsIn(readFileSync(join(root, file), 'utf8'), file)

  it('name files that exist', () => {
    const known = new Set(files)
    expect(files.flatMap((file) => importsOf(file).filter(({ target }) => !known.has(target)))).to.deep.equal(
      [],
    )
  })

  it('have no circle of files, those of types included', () => {
    const graph: Graph = new Map(files.map((file) => [file, importsOf(file).map(({ target }) => target)]))
    expect(circleIn(graph)).to.equal(null)
  })

  it('have no circle of folders, those of types included', () => {
    const graph = new Map<string, string[]>()
    for (const file of files) {
      const from = posix.dirname(file).split('/')[1]
      if (from === undefined) continue
      const targets = importsOf(file).map(({ target }) => posix.dirname(target).split('/')[1])
      const others = targets.filter((to) => to !== undefined && to !== from) as string[]
      graph.set(from, [...(graph.get(from) ?? []), ...others])
    }
    expect(circleIn(graph)).to.equal(null)
  })

  it('never name lib/index.ts, which is for users', () => {
    const naming = files.filter((file) => importsOf(file).some(({ target }) => target === 'lib/index.ts'))
    expect(naming).to.deep.equal([])
  })
})

describe('importsIn', () => {
  const rows: [text: string, target: string | null][] = [
    ["import { a } from './c.js'", 'a/b/c.ts'],
    ["import {\n  a,\n  type B,\n} from '../c.js'", 'a/c.ts'],
    ["import type { A } from '../../a/c.js'", 'a/c.ts'],
    ["export type { A } from './c.js'", 'a/b/c.ts'],
    ["export { a } from './c.js'", 'a/b/c.ts'],
    ["const { a } = await import('./c.js')", 'a/b/c.ts'],
    ["import net from 'node:net'", null],
  ]
  for (const [text, target] of rows) {
    it(`finds ${target ?? 'nothing'} in ${JSON.stringify(text)}`, () => {
      expect(importsIn(text, 'a/b/d.ts')).to.deep.equal(target === null ? [] : [{ target }])
    })
  }
})

describe('circleIn', () => {
  it('finds no circle where two ways lead to one place', () => {
    const ways: [string, string[]][] = [
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['d']],
      ['d', []],
    ]
    expect(circleIn(new Map(ways))).to.equal(null)
  })

  it('names the places of a circle, in their order', () => {
    const circle: [string, string[]][] = [
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['d', 'b']],
    ]
    expect(circleIn(new Map(circle))).to.deep.equal(['b', 'c', 'b'])
  })
})
