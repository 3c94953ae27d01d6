/**
 * The programs a machine must have to run real brokers: java and javac (17 or later) and mvn.
 *
 * Java comes from JAVA_HOME where that is set, else from PATH. Nothing is installed here; a missing program
 * is described so that the reader knows what to install.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'

/** Lowest Java release the newest brokers accept. */
const LOWEST_JAVA = 17

/** A program as it is to be called; absolute under JAVA_HOME, else a name for PATH. */
export function javaProgram(name: 'java' | 'javac'): string {
  const home = process.env.JAVA_HOME
  return home ? path.join(home, 'bin', name) : name
}

let versionText: string | undefined

/** What `java -version` says, whole; asked once per process. Empty when java does not run. */
export function javaVersionText(): string {
  versionText ??= spawnSync(javaProgram('java'), ['-version'], { encoding: 'utf8' }).stderr ?? ''
  return versionText
}

/** What is missing to run real brokers, one sentence each; empty when all is there. */
export function missingPrerequisites(): string[] {
  return [javaProblem(), javacProblem(), mavenProblem()].filter((problem) => problem !== null)
}

/** Throws an Error that names java and what to do, unless a Java of the needed release runs. */
export function requireJava(): void {
  const problem = javaProblem()
  if (problem) throw new Error(`real Kafka brokers cannot run: ${problem}`)
}

function javaProblem(): string | null {
  const text = javaVersionText()
  const release = /version "(\d+)/.exec(text)?.[1]
  if (!release)
    return `java does not run (called as "${javaProgram('java')}"): install a JDK ${LOWEST_JAVA} or later`
  if (Number(release) >= LOWEST_JAVA) return null
  return `java is ${text.split('\n')[0]}: a JDK ${LOWEST_JAVA} or later is needed (set JAVA_HOME)`
}

function javacProblem(): string | null {
  if (runs(javaProgram('javac'), '-version')) return null
  return `javac does not run (called as "${javaProgram('javac')}"): install a JDK ${LOWEST_JAVA} or later, not only a JRE`
}

function mavenProblem(): string | null {
  return runs('mvn', '-version') ? null : 'mvn does not run: install Maven 3.6 or later'
}

function runs(program: string, argument: string): boolean {
  return spawnSync(program, [argument], { stdio: 'ignore' }).status === 0
}
