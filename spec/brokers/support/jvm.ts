/**
 * The Java virtual machine of one Kafka version: its flags, class path and logging, and how servers and tools
 * are started in it. Knows nothing of brokers, ports or topics.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { fetchJars } from './artifacts.js'
import { cacheFolder } from './cache-folder.js'
import { openClassArchive } from './class-archive.js'
import { JavaProcess } from './java-process.js'
import type { KafkaVersion } from './kafka-version.js'
import { javaProgram, javaVersionText, requireJava } from './prerequisites.js'
import { type FinishedRun, runToEnd } from './run-to-end.js'

// Quick to start and small rather than fast at the peak. The opened packages are needed by the snappy of 0.8.0
// and harmless elsewhere. UTF-8 because dumps and consumers print keys and values as text.
const COMMON_FLAGS = [
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Xshare:auto',
  '-XX:-UsePerfData',
  '-Dfile.encoding=UTF-8',
  '-Dstdout.encoding=UTF-8',
  '-Djava.awt.headless=true',
  '-Djava.net.preferIPv4Stack=true',
  '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
  '--add-opens=java.base/java.nio=ALL-UNNAMED',
  '--add-opens=java.base/java.lang=ALL-UNNAMED',
  '--add-opens=java.base/java.util=ALL-UNNAMED',
]

/** Servers log everything to standard output, which their log file takes; tools only warnings, to standard error. */
const log4jProperties = (level: string, target: string): string => `log4j.rootLogger=${level}, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=${target}
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{HH:mm:ss,SSS} %p %m (%c)%n
log4j.logger.org.apache.zookeeper=WARN
log4j.logger.kafka.server.KafkaConfig=WARN
`
const LOG_FILES = {
  'server-log4j.properties': log4jProperties('INFO', 'System.out'),
  'tool-log4j.properties': log4jProperties('WARN', 'System.err'),
  // log4j-core comes with 4.x although slf4j-simple does the logging there.
  'silent-log4j2.properties': 'status=error\nrootLogger.level=off\n',
}

export interface JavaProgram {
  readonly mainClass: string
  readonly args: readonly string[]
  /** Further flags; they win over all others. */
  readonly flags?: readonly string[]
  /** MB. Default 256. */
  readonly heapMb?: number
}

export class Jvm {
  readonly #version: KafkaVersion
  readonly #jars: readonly string[]
  readonly #folder: string

  private constructor(version: KafkaVersion, jars: readonly string[], folder: string) {
    this.#version = version
    this.#jars = jars
    this.#folder = folder
  }

  /**
   * Fetches the jars if they are not there yet and writes the logging configuration into `folder`.
   * @throws {Error} when Java is missing or too old, or the jars cannot be fetched.
   */
  static async prepare(version: KafkaVersion, folder: string): Promise<Jvm> {
    requireJava()
    const jars = await fetchJars(version.version, version.dependencies)
    mkdirSync(folder, { recursive: true })
    for (const [name, text] of Object.entries(LOG_FILES)) writeFileSync(path.join(folder, name), text)
    return new Jvm(version, jars, folder)
  }

  /** Starts a program that runs until it is stopped; what it prints is appended to `logFile`. */
  startServer(program: JavaProgram, logFile: string): JavaProcess {
    const archive = openClassArchive(this.#archiveFile(program))
    const args = this.#commandLine(program, archive.flags, 'server')
    return new JavaProcess(javaProgram('java'), args, logFile, archive)
  }

  /** Runs one of Kafka's tools to its end; see {@link runToEnd}. `timeoutMs` defaults to a minute. */
  async runTool(
    program: JavaProgram,
    options: { input?: Buffer | Readable; timeoutMs?: number } = {},
  ): Promise<FinishedRun> {
    const archive = openClassArchive(this.#archiveFile(program))
    const args = this.#commandLine(program, archive.flags, 'tool')
    let isClean = false
    try {
      const run = await runToEnd(javaProgram('java'), args, {
        cwd: this.#folder,
        timeoutMs: 60_000,
        ...options,
      })
      isClean = run.exit.startsWith('exit code')
      return run
    } finally {
      archive.finish(isClean)
    }
  }

  #commandLine(program: JavaProgram, archiveFlags: readonly string[], role: 'server' | 'tool'): string[] {
    return [
      `-Xmx${program.heapMb ?? 256}m`,
      ...COMMON_FLAGS,
      ...archiveFlags,
      ...this.#loggingFlags(role),
      ...(program.flags ?? []),
      '-cp',
      this.#jars.join(path.delimiter),
      program.mainClass,
      ...program.args,
    ]
  }

  #loggingFlags(role: 'server' | 'tool'): string[] {
    const url = (name: string): string => pathToFileURL(path.join(this.#folder, name)).href
    if (this.#version.logging === 'log4j') return [`-Dlog4j.configuration=${url(`${role}-log4j.properties`)}`]
    return [
      `-Dorg.slf4j.simpleLogger.defaultLogLevel=${role === 'server' ? 'info' : 'warn'}`,
      `-Dlog4j2.configurationFile=${url('silent-log4j2.properties')}`,
    ]
  }

  /** An archive fits one Java and one class path only, so both are part of its name. */
  #archiveFile(program: JavaProgram): string {
    const fit = createHash('sha256').update(javaVersionText()).update(this.#jars.join('\n')).digest('hex')
    return path.join(
      cacheFolder(),
      this.#version.version,
      'archives',
      `${program.mainClass}-${fit.slice(0, 12)}.jsa`,
    )
  }
}
