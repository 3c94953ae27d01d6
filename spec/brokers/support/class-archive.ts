/**
 * Archives of loaded classes (CDS), which take a third to a half off a JVM's start and tens of MB off its size.
 *
 * The first process of a kind that ends by itself records the archive, later ones use it. Recording makes that
 * one end take one to two seconds longer. An archive that does not fit (other Java, other class path) is
 * ignored by the JVM, so nothing here is needed for a broker to be right, only for it to be quick.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isRunning } from './process-state.js'

export interface ClassArchive {
  /** JVM flags that use or record the archive. */
  readonly flags: readonly string[]
  /** True when this process writes the archive at its end; it should then be let end by itself. */
  readonly isRecording: boolean
  /** To be called once the process has ended; `isClean` unless a signal ended it. */
  finish(isClean: boolean): void
}

/** Uses `file` when it is there; else records it, unless another living process is doing so. */
export function openClassArchive(file: string): ClassArchive {
  if (existsSync(file)) {
    return { flags: [`-XX:SharedArchiveFile=${file}`, '-Xlog:disable'], isRecording: false, finish: () => {} }
  }
  const claim = `${file}.recording`
  if (!claimFile(claim)) return { flags: [], isRecording: false, finish: () => {} }
  const unfinished = `${file}.${process.pid}.unfinished`
  return {
    flags: [`-XX:ArchiveClassesAtExit=${unfinished}`, '-Xlog:disable'],
    isRecording: true,
    finish(isClean) {
      if (isClean && existsSync(unfinished)) renameSync(unfinished, file)
      rmSync(unfinished, { force: true })
      rmSync(claim, { force: true })
    },
  }
}

/** Creates `file` with our pid in it; takes it over from a dead owner. False when a living one has it. */
function claimFile(file: string): boolean {
  mkdirSync(path.dirname(file), { recursive: true })
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    if (isOwnerRunning(file)) return false
    writeFileSync(file, String(process.pid))
    return true
  }
}

function isOwnerRunning(claim: string): boolean {
  try {
    return isRunning(Number(readFileSync(claim, 'utf8')))
  } catch {
    return true // released this very moment; the next process will find the archive or the free claim
  }
}
