import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { fetchJars } from './artifacts.js'
import { cacheFolder, withCacheLock } from './cache-folder.js'

const DEPENDENCIES = [{ coordinates: 'org.apache.kafka:kafka_2.11:0.8.2.2', without: ['*:*'] }]

describe('The cache of jars', () => {
  const { KAFKA_CACHE, PATH } = process.env
  let folder = ''

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'kafka-cache-spec-'))
    process.env.KAFKA_CACHE = path.join(folder, 'cache')
  })

  afterEach(() => {
    process.env.PATH = PATH
    if (KAFKA_CACHE === undefined) delete process.env.KAFKA_CACHE
    else process.env.KAFKA_CACHE = KAFKA_CACHE
    rmSync(folder, { recursive: true, force: true })
  })

  /** Puts a script of ours before the real Maven; it gets Maven's arguments. */
  function withMaven(script: string): void {
    const file = path.join(folder, 'bin', 'mvn')
    mkdirSync(path.dirname(file))
    writeFileSync(file, `#!/bin/sh\necho "$@" >>${folder}/calls\n${script}`)
    chmodSync(file, 0o755)
    process.env.PATH = `${path.dirname(file)}${path.delimiter}${PATH}`
  }

  const calls = (): string[] => readFileSync(path.join(folder, 'calls'), 'utf8').trim().split('\n')

  // The script finds the folder as Maven does, in -DoutputDirectory.
  const PUT_A_JAR = `for a; do case $a in -DoutputDirectory=*)
  d=\${a#*=}; mkdir -p $d; touch $d/b.jar $d/a.jar
esac; done
`

  it('asks Maven once and gives the same jars afterwards, sorted by name', async () => {
    withMaven(PUT_A_JAR)

    const first = await fetchJars('some-version', DEPENDENCIES)
    const second = await fetchJars('some-version', DEPENDENCIES)

    expect(first.map((jar) => path.basename(jar))).to.deep.equal(['a.jar', 'b.jar'])
    expect(second).to.deep.equal(first)
    expect(calls()).to.have.lengthOf(1)
  })

  it('asks Maven once when two ask at the same time', async () => {
    withMaven(PUT_A_JAR)
    await Promise.all([fetchJars('v', DEPENDENCIES), fetchJars('v', DEPENDENCIES)])
    expect(calls()).to.have.lengthOf(1)
  })

  it('asks Maven again when the row has changed', async () => {
    withMaven(PUT_A_JAR)
    await fetchJars('v', DEPENDENCIES)
    await fetchJars('v', [...DEPENDENCIES, { coordinates: 'g:another:1', without: [] }])
    expect(calls()).to.have.lengthOf(2)
  })

  it('repeats a failed download with -U, then fails with Maven’s output and leaves no partial files', async () => {
    withMaven('echo "[ERROR] no connection to the repository"; exit 1\n')

    const failure = await messageOf(fetchJars('v', DEPENDENCIES))

    expect(failure).to.match(
      /could not fetch the jars of v \(is the machine online\?\).*no connection to the repository/s,
    )
    expect(calls().map((call) => call.includes('-U'))).to.deep.equal([false, true])
    expect(existsSync(path.join(cacheFolder(), 'v', 'jars'))).to.equal(false)
    expect(existsSync(path.join(cacheFolder(), 'lock'))).to.equal(false)
  })

  it('fails with a hint at Maven where it is missing', async () => {
    process.env.PATH = folder
    expect(await messageOf(fetchJars('v', DEPENDENCIES))).to.match(/mvn is needed to fetch the jars of v/)
  })

  it('lets one in at a time', async () => {
    const events: string[] = []
    const work = (name: string) => async (): Promise<void> => {
      events.push(`${name} in`)
      await new Promise((resolve) => setImmediate(resolve))
      events.push(`${name} out`)
    }

    await Promise.all([withCacheLock(work('a')), withCacheLock(work('b'))])

    expect(events).to.deep.equal(['a in', 'a out', 'b in', 'b out'])
  })

  it('takes over the lock of a process that has died', async () => {
    const dead = spawnSync('true').pid
    mkdirSync(cacheFolder(), { recursive: true })
    writeFileSync(path.join(cacheFolder(), 'lock'), String(dead))

    expect(await withCacheLock(async () => 'in')).to.equal('in')
  })
})

function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'resolved',
    (error: Error) => error.message,
  )
}
