/**
 * Fetches the jars of one Kafka version with Maven, once, into the cache.
 *
 * Knows poms and Maven, not what the jars are for. The pom's own text is the marker of success: a changed row
 * of the version table resolves anew. Jars appear under their final name only when all of them are there.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { cacheFolder, withCacheLock } from './cache-folder.js'
import type { Dependency } from './kafka-version.js'
import { type FinishedRun, runToEnd } from './run-to-end.js'

const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies'
const DOWNLOAD_TIMEOUT_MS = 600_000

/**
 * The jars of `dependencies` and everything they need at run time, absolute and sorted by name.
 *
 * @param name - folder in the cache, such as `0.8.2.2`.
 * @throws {Error} when Maven is missing, or cannot fetch; says what Maven said.
 */
export async function fetchJars(name: string, dependencies: readonly Dependency[]): Promise<string[]> {
  const folder = path.join(cacheFolder(), name)
  const pom = pomOf(dependencies)
  if (!isComplete(folder, pom)) {
    await withCacheLock(async () => {
      if (!isComplete(folder, pom)) await download(name, folder, pom)
    })
  }
  return jarsIn(folder)
}

const jarsFolder = (folder: string): string => path.join(folder, 'jars')
const markerFile = (folder: string): string => path.join(folder, 'resolved-pom.xml')

function isComplete(folder: string, pom: string): boolean {
  return existsSync(markerFile(folder)) && readFileSync(markerFile(folder), 'utf8') === pom
}

function jarsIn(folder: string): string[] {
  const names = readdirSync(jarsFolder(folder)).filter((name) => name.endsWith('.jar'))
  return names.sort().map((name) => path.join(jarsFolder(folder), name))
}

async function download(name: string, folder: string, pom: string): Promise<void> {
  process.stderr.write(`fetching the jars of ${name} with Maven (once; kept in ${folder})\n`)
  const partial = path.join(folder, `jars.${process.pid}.partial`)
  rmSync(markerFile(folder), { force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'pom.xml'), pom)
  await copyDependencies(name, folder, partial)
  rmSync(jarsFolder(folder), { recursive: true, force: true })
  renameSync(partial, jarsFolder(folder))
  writeFileSync(markerFile(folder), pom)
}

/** Maven remembers a failed look-up; so a failure is repeated once with `-U`, which asks again. */
async function copyDependencies(name: string, folder: string, into: string): Promise<void> {
  let said = ''
  for (const again of [[], ['-U']]) {
    rmSync(into, { recursive: true, force: true })
    const run = await runMaven(folder, [...again, `-DoutputDirectory=${into}`])
    if (run.exit === 'exit code 0' && existsSync(into)) return
    // What a shell answers for a program it cannot find.
    if (run.exit === 'exit code 127')
      throw new Error(`mvn is needed to fetch the jars of ${name}: install Maven`)
    said = `${run.exit}\n${run.stdout}${run.stderr}`
  }
  const hint = 'is the machine online?'
  throw new Error(`Maven could not fetch the jars of ${name} (${hint}); it ended with ${said.slice(0, 4000)}`)
}

function runMaven(folder: string, options: readonly string[]): Promise<FinishedRun> {
  const pom = path.join(folder, 'pom.xml')
  return runToEnd('mvn', ['-B', '-q', '-f', pom, COPY_DEPENDENCIES, '-DincludeScope=runtime', ...options], {
    cwd: folder,
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
  })
}

function pomOf(dependencies: readonly Dependency[]): string {
  return `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>broker-specs</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
${dependencies.map(dependencyElement).join('')}  </dependencies>
</project>
`
}

function dependencyElement({ coordinates, without }: Dependency): string {
  const exclusions = without
    .map((each) => `      <exclusion>${coordinateElements(each)}</exclusion>\n`)
    .join('')
  return `    <dependency>${coordinateElements(coordinates)}
      <exclusions>
${exclusions}      </exclusions>
    </dependency>
`
}

function coordinateElements(coordinates: string): string {
  const [group, artifact, version] = coordinates.split(':')
  const names = `<groupId>${group}</groupId><artifactId>${artifact}</artifactId>`
  return version ? `${names}<version>${version}</version>` : names
}
