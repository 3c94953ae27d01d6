/** Every mutant of the library can be made of its present source. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { edited, LIBRARY_MUTANTS } from './library-mutants.js'

describe('the mutants of the library for exactly-once runs', () => {
  for (const { title, edits } of LIBRARY_MUTANTS) {
    it(`can be made: ${title}`, () => {
      const sources = new Map<string, string>()
      for (const edit of edits) {
        const source = sources.get(edit.file) ?? readFileSync(`lib/${edit.file}`, 'utf8')
        sources.set(edit.file, edited(source, edit))
      }
      expect(sources.size).to.be.greaterThan(0)
    })
  }

  it('are refused where an edit does not fit the source exactly once', () => {
    const edit = { file: 'x.ts', find: 'a', replace: 'b' }
    expect(() => edited('aa', edit)).to.throw('x.ts has 2 times, not once: a')
    expect(() => edited('c', edit)).to.throw('x.ts has 0 times')
    expect(edited('cac', edit)).to.equal('cbc')
  })
})
