/** Compiles a small Java program into the cache, once per source, Java and class path. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { cacheFolder, withCacheLock } from './cache-folder.js'
import { javaProgram, javaVersionText } from './prerequisites.js'
import { runToEnd } from './run-to-end.js'

export interface JavaSource {
  /** Of its public class. */
  readonly name: string
  readonly text: string
}

/** @param folder - in the cache, where `jars` are, too. @returns the folder of its classes. */
export async function compileJava(
  folder: string,
  { name, text }: JavaSource,
  jars: readonly string[],
): Promise<string> {
  const fit = createHash('sha256').update(javaVersionText()).update(text).digest('hex')
  const classes = path.join(cacheFolder(), folder, `classes-${name}-${fit.slice(0, 12)}`)
  if (!existsSync(classes)) {
    await withCacheLock(async () => {
      if (!existsSync(classes)) await compileInto(classes, { name, text }, jars)
    })
  }
  return classes
}

async function compileInto(
  classes: string,
  { name, text }: JavaSource,
  jars: readonly string[],
): Promise<void> {
  const unfinished = `${classes}.unfinished`
  mkdirSync(unfinished, { recursive: true })
  const source = path.join(unfinished, `${name}.java`)
  writeFileSync(source, text)
  const args = ['-d', unfinished, '-cp', jars.join(path.delimiter), source]
  const run = await runToEnd(javaProgram('javac'), args, { cwd: unfinished, timeoutMs: 120_000 })
  if (run.exit !== 'exit code 0') throw new Error(`javac ended with ${run.exit}: ${run.stderr}`)
  renameSync(unfinished, classes)
}
