/**
 * Finds what comments and documents cite and what is not there: pages and their sections, files, recordings, decisions.
 * And citations of what no reader can open, such as references outside the repository.
 *
 *     tsx scripts/check-citations.ts    changes nothing; exits 1 and prints file:line and what is missing
 *
 * Anything on the web is taken as it is. Sections are named by GitHub's rule for headings, see `sections.ts`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import { sectionsOf, withoutCode } from './sections.js'

const FOLDERS = ['bench', 'bin', 'config', 'docs', 'lib', 'scripts', 'spec']
const PAGES = ['README.md', 'CHANGELOG.md']
const RECORDINGS = ['spec/vectors/golden', 'spec/vectors/kafka-producer/scenarios']
const DECISIONS = 'docs/decisions/0000-classic-producer.md'
/** Quotes broken citations. */
const OWN_SPEC = 'spec/package/check-citations.spec.ts'

/** What a path without its ending may be; a document names `spec/integration/isolation` or `network/connect`. */
const ENDINGS = ['', '.ts', '.spec.ts', '.js', '.md']
/** Documents name files from the root, from `lib` or from `spec`, or from where they are themselves. */
const ROOTS = ['', 'lib/', 'spec/']

const anywhere =
  /(?<![\w./*@-])(?:bench|bin|config(?=\/[\w-]+\.\w)|docs|lib|scripts|spec)\/[\w./-]*\w(?:#[\w-]+)?/g
/** A page with `#one (why), #two and #three` behind it; the first one is found anyway. */
const severalSections = /(docs\/[\w./-]+\.md)#[\w-]+((?:(?: \([^()]*\))?,?(?: and)? #[\w-]+)+)/g
const link = /\]\(([^)\s]+)\)/g
const inBackticks = /`([a-z][\w-]*(?:\/[\w.-]+)+)`/g
const fileInBackticks = /`([a-z][\w-]*(?:\.spec)?\.ts)`/g
const recordings = /(?:golden[`/]* |recording )([a-j]\d\d\b(?:(?:, | and )[a-j]\d\d\b)*)/gi
const recordingsInBrackets = /\[([a-j]\d\d(?:, [a-j]\d\d)*)\]/g
const recordingByName = /(?<![\w-])[a-j]\d\d(?:-[a-z0-9]+)+/g
const decision = /(?<![\w-])D[1-9]\d?(?![\w-])/g
const outside =
  /\b(?:classic-producer|wire-protocol|reliability|real-brokers) reference\b|\breference §|\bdesign [§D]\S|\breliability (?:rows? \d|[SHU]\d)|(?<!\w)\/(?:home|tmp|Users)\/\S*/gi
/** Numbers that mean nothing beside code: a comment cites the section of the decision. */
const bareNumber = /\(D[1-9]\d?\b|\/\/ D[1-9]\d?\b|\btraps? \d+/g

/** @returns a line for each citation that leads nowhere: `file:line: what is missing`. */
export function brokenCitations(root: string): string[] {
  const tree = new Tree(root)
  return tree.files.flatMap((file) => {
    const isPage = file.endsWith('.md')
    const lines = tree.read(file).split('\n')
    return (isPage ? withoutCode(lines) : lines).flatMap((line, at) =>
      [...new Set(problemsIn(line, file, tree))].map((problem) => `${file}:${at + 1}: ${problem}`),
    )
  })
}

function problemsIn(line: string, file: string, tree: Tree): string[] {
  const found = [
    ...[...line.matchAll(outside)].map(([text]) => `cites "${text}", which no reader can open`),
    ...[...line.matchAll(anywhere)].map(([cited]) => tree.problemOf(cited)),
    ...[...line.matchAll(severalSections)].flatMap(([, page, more]) =>
      more!.match(/#[\w-]+/g)!.map((section) => tree.problemOf(page! + section)),
    ),
    ...namesIn(line, recordings).map((name) => tree.problemOfRecording(name)),
    ...[...line.matchAll(recordingByName)].map(([name]) => tree.problemOfRecording(name)),
    ...(file.endsWith('.md') ? problemsInPage(line, file, tree) : problemsInCode(line)),
  ]
  return found.filter((problem) => problem !== undefined)
}

function problemsInPage(line: string, file: string, tree: Tree): (string | undefined)[] {
  return [
    ...[...line.matchAll(link)].map(([, target]) => tree.problemOfLink(target!, file)),
    ...[...line.matchAll(inBackticks)].map(([, path]) => tree.problemOfShortPath(path!, file)),
    ...[...line.matchAll(fileInBackticks)].map(([, name]) => tree.problemOfFileName(name!)),
    ...namesIn(line, recordingsInBrackets).map((name) => tree.problemOfRecording(name)),
    ...[...line.matchAll(decision)].map(([number]) => tree.problemOf(`${DECISIONS}#${number.toLowerCase()}`)),
  ]
}

function problemsInCode(line: string): string[] {
  return [...line.matchAll(bareNumber)].map(([text]) => `cites "${text}" without a page`)
}

/** A line with several names behind one word. */
function namesIn(line: string, pattern: RegExp): string[] {
  return [...line.matchAll(pattern)].flatMap(([, names]) => names!.split(/, | and /))
}

/** The files that are looked through, and what they can cite. */
class Tree {
  readonly files: readonly string[]
  readonly #root: string
  readonly #sections = new Map<string, ReadonlySet<string>>()
  readonly #names: ReadonlySet<string>
  readonly #recordings: readonly string[]
  /** First parts of paths that are ours; `node:fs/promises` and `application/json` are not. */
  readonly #folders: ReadonlySet<string>

  constructor(root: string) {
    this.#root = root
    const all = FOLDERS.flatMap((folder) => this.#filesIn(folder))
    this.files = [...PAGES.filter((page) => this.#exists(page)), ...all.filter(isLookedThrough)]
    this.#names = new Set(all.map((file) => posix.basename(file)))
    this.#recordings = all
      .filter((file) => RECORDINGS.includes(posix.dirname(file)))
      .map((file) => posix.basename(file).replace(/\..*/, ''))
    this.#folders = new Set([...FOLDERS, ...all.map((file) => file.split('/')[1]!)])
  }

  read(file: string): string {
    return readFileSync(join(this.#root, file), 'utf8')
  }

  /** @param cited - a path from the root, with a `#section` or without. */
  problemOf(cited: string): string | undefined {
    const [path, section] = cited.split('#') as [string, string?]
    const file = ENDINGS.map((ending) => path + ending).find((each) => this.#exists(each))
    if (file === undefined) return this.#compiledFrom(path) ? undefined : `${path} does not exist`
    if (section === undefined || this.#sectionsOf(file).has(section)) return undefined
    return `${file} has no section #${section}`
  }

  problemOfLink(target: string, file: string): string | undefined {
    if (/^[a-z]+:/.test(target)) return undefined
    const [path, section] = target.split('#') as [string, string?]
    const found = path === '' ? file : posix.join(posix.dirname(file), path)
    if (found.startsWith('..')) return `${target} leads out of the repository`
    return this.problemOf(section === undefined ? found : `${found}#${section}`)
  }

  problemOfShortPath(path: string, file: string): string | undefined {
    if (!this.#folders.has(path.split('/')[0]!)) return undefined
    const roots = [...ROOTS, `${posix.dirname(file)}/`]
    const candidates = roots.flatMap((root) => ENDINGS.map((ending) => root + path + ending))
    return candidates.some((each) => this.#exists(each)) ? undefined : `${path} does not exist`
  }

  problemOfFileName(name: string): string | undefined {
    return this.#names.has(name) ? undefined : `there is no file ${name}`
  }

  /** @param name - such as `g12`, or in full. */
  problemOfRecording(name: string): string | undefined {
    const wanted = name.toLowerCase()
    if (this.#recordings.some((each) => each === wanted || each.startsWith(`${wanted}-`))) return undefined
    return `there is no recording ${name} in ${RECORDINGS.join(' or ')}`
  }

  /** An import names the compiled file. */
  #compiledFrom(path: string): boolean {
    return path.endsWith('.js') && this.#exists(path.replace(/\.js$/, '.ts'))
  }

  #sectionsOf(page: string): ReadonlySet<string> {
    const known = this.#sections.get(page)
    if (known) return known
    const sections = page.endsWith('.md') ? sectionsOf(this.read(page)) : new Set<string>()
    this.#sections.set(page, sections)
    return sections
  }

  #exists(path: string): boolean {
    return existsSync(join(this.#root, path))
  }

  #filesIn(folder: string): string[] {
    if (!this.#exists(folder)) return []
    return readdirSync(join(this.#root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = posix.join(folder, entry.name)
      if (entry.name === 'node_modules') return []
      return entry.isDirectory() ? this.#filesIn(path) : [path]
    })
  }
}

function isLookedThrough(file: string): boolean {
  return /\.(ts|js|md|properties)$/.test(file) && file !== OWN_SPEC
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const broken = brokenCitations('.')
  for (const line of broken) console.error(line)
  process.exitCode = broken.length === 0 ? 0 : 1
}
