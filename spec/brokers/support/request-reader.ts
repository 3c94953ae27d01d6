/** Has requests read by Kafka's own request classes, of a release that knows their version. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { fetchJars } from './artifacts.js'
import { compileJava } from './compile-java.js'
import { javaProgram } from './prerequisites.js'
import { runToEnd } from './run-to-end.js'

const NAME = 'RequestReader'
const SOURCE = fileURLToPath(new URL(`./java/${NAME}.java`, import.meta.url))
/** kafka-clients 4.x keeps the record classes elsewhere. */
const OLD_PACKAGE = 'org.apache.kafka.common.record.'
const NEW_PACKAGE = 'org.apache.kafka.common.record.internal.'

/**
 * @param release - of kafka-clients: `3.9.2` knows every version that 3.9 does, `4.3.1` the newer ones and no older ones.
 * @param frames - requests with their length in front.
 * @returns for each request its lines, fields separated by tabs; see the Java source.
 */
export async function readRequests(
  release: '3.9.2' | '4.3.1',
  frames: readonly Buffer[],
): Promise<string[][]> {
  const folder = `request-reader-${release}`
  const jars = await fetchJars(folder, [
    { coordinates: `org.apache.kafka:kafka-clients:${release}`, without: [] },
    { coordinates: 'org.slf4j:slf4j-nop:1.7.36', without: [] },
  ])
  const source = readFileSync(SOURCE, 'utf8')
  const text = release.startsWith('4.') ? source.replaceAll(OLD_PACKAGE, NEW_PACKAGE) : source
  const classes = await compileJava(folder, { name: NAME, text }, jars)
  const input = Buffer.from(frames.map((frame) => `${frame.subarray(4).toString('hex')}\n`).join(''))
  const classPath = [classes, ...jars].join(path.delimiter)
  const flags = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData']
  const run = await runToEnd(javaProgram('java'), [...flags, '-cp', classPath, NAME], {
    cwd: classes,
    timeoutMs: 60_000,
    input,
  })
  if (run.exit !== 'exit code 0') throw new Error(`${NAME} ended with ${run.exit}: ${run.stderr}`)
  return requestsOf(run.stdout.toString('utf8'))
}

function requestsOf(output: string): string[][] {
  const requests: string[][] = []
  let lines: string[] = []
  for (const line of output.split('\n').filter((one) => one !== '')) {
    lines.push(line)
    if (!line.startsWith('end\t') && !line.startsWith('error\t')) continue
    requests.push(lines)
    lines = []
  }
  return requests
}
