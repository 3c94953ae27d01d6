import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { type JaasEntry, parseJaas } from '../../lib/security/jaas.js'

interface JudgedLine {
  readonly text: string
  /** null: Java refuses the text. */
  readonly entry: { readonly module: string; readonly options: Record<string, string> } | null
}

/** Judged by JaasContext of kafka-clients 4.3.1 on Java 17. */
const lines = readFileSync(new URL('../vectors/security/jaas.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as JudgedLine)

const fail = (problem: string): never => {
  throw new Error(problem)
}

function parsed(text: string): JaasEntry | null {
  try {
    return parseJaas(text, fail)
  } catch {
    return null
  }
}

describe('parseJaas', () => {
  it(`each of ${lines.length} JAAS texts is taken or refused as Java takes or refuses it`, () => {
    const ours = lines.map(({ text }) => {
      const entry = parsed(text)
      return {
        text,
        entry: entry && { module: entry.loginModule, options: Object.fromEntries(entry.options) },
      }
    })
    expect(ours).to.deep.equal(lines)
  })

  const refusals: [text: string, says: RegExp][] = [
    ['', /is empty/],
    ['M', /no control flag/],
    ['M required password="hunter2"', /does not end with a semicolon/],
    ['M required password=1234;', /an option without a value: password/],
    ['M required password="hunter2" hunter2canary!;', /an option without a value/],
    ['M required a="1"; N required b="2";', /more than one entry/],
  ]
  for (const [text, says] of refusals) {
    it(`what is wrong with the JAAS text ${text || '(empty)'} is said, without its value`, () => {
      expect(() => parseJaas(text, fail))
        .to.throw(says)
        .with.property('message')
        .that.does.not.match(/hunter2"/)
    })
  }

  it('a JAAS text of a million characters is read in linear time', () => {
    const texts = ['/*'.repeat(500_000), '"\\'.repeat(500_000), '/'.repeat(1_000_000), 'a=b '.repeat(250_000)]
    for (const text of texts) expect(parsed(`M required ${text}`)).to.equal(null)
  })
})
