import { expect } from 'chai'
import { UsageError } from '../../lib/cli/tool-errors.js'
import { dateFormat } from '../../lib/cli-perf/date-format.js'

/** In the time zone of the process, as the tool prints it. */
const moment = new Date(2015, 8, 4, 7, 5, 3, 42).getTime()

describe('dateFormat', () => {
  const rows: [string, string][] = [
    ['yyyy-MM-dd HH:mm:ss:SSS', '2015-09-04 07:05:03:042'],
    ['yy/M/d H:m:s.S', '15/9/4 7:5:3.42'],
    ['y yyyyy', '2015 02015'],
    ["yyyy-MM-dd'T'HH:mm", '2015-09-04T07:05'],
    ["'It''s' HH", "It's 07"],
    ["HH''mm", "07'05"],
    ["''''", "''"],
    ['', ''],
  ]
  for (const [pattern, text] of rows) {
    it(`prints ${JSON.stringify(pattern)} as Java does`, () => {
      expect(dateFormat(pattern)(moment)).to.equal(text)
    })
  }

  const mistakes: [string, string][] = [
    ['yyyy-MM-dd hh:mm', 'the letter h is not supported; y M d H m s S and quoted text are'],
    ['dd MMM yyyy', 'names of months are not supported'],
    ["yyyy 'at HH", 'a quote does not end'],
    ["'a''", 'a quote does not end'],
  ]
  for (const [pattern, text] of mistakes) {
    it(`refuses ${JSON.stringify(pattern)}`, () => {
      expect(() => dateFormat(pattern)).to.throw(UsageError, text)
    })
  }
})
