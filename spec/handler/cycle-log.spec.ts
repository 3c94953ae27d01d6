import { expect } from 'chai'
import { BrokerError, MetadataError, PartitionerError } from '../../lib/errors.js'
import { CycleLog } from '../../lib/handler/cycle-log.js'
import { LogKeeper } from './support/log-keeper.js'
import { pendingOf } from './support/pending-messages.js'

const lost = new BrokerError(6, 'NOT_LEADER_OR_FOLLOWER', 'b0 answered NOT_LEADER_OR_FOLLOWER (6) for t/0')

function makeLog() {
  const logger = new LogKeeper()
  return { log: new CycleLog(logger), lines: logger.lines }
}

describe('CycleLog', () => {
  describe('for messages without a partition or leader', () => {
    const leaderless = { message: pendingOf('secret'), error: new MetadataError('t/0 has no leader') }
    const bad = { message: pendingOf('secret'), error: new PartitionerError('the partitioner answered -1') }

    it('warns of messages without a leader, with the first reason', () => {
      const { log, lines } = makeLog()
      log.unassigned([leaderless, leaderless])
      expect(lines.map(({ level }) => level)).to.deep.equal(['warn'])
      expect(lines[0]!.text).to.match(/^2 messages\b.*\bleader\b.*t\/0 has no leader$/)
    })

    it('reports messages without a leader at INFO before the first retry, as their topic may be being created', () => {
      const { log, lines } = makeLog()
      log.unassigned([leaderless], false)
      expect(lines.map(({ level }) => level)).to.deep.equal(['info'])
    })

    it('logs messages without a possible partition at ERROR, apart from those without a leader', () => {
      const { log, lines } = makeLog()
      log.unassigned([bad, leaderless, bad])
      expect(lines.map(({ level }) => level)).to.deep.equal(['warn', 'error'])
      expect(lines[0]!.text).to.match(/^1 message\b.*\bleader\b.*t\/0 has no leader$/)
      expect(lines[1]!.text).to.match(/^2 messages\b.*\bpartition\b.*the partitioner answered -1$/)
    })

    it('does not repeat the reason of a failed refresh', () => {
      const { log, lines } = makeLog()
      log.unassigned([
        { message: pendingOf('a'), error: new MetadataError('no broker answers', { cause: lost }) },
      ])
      expect(lines).to.deep.equal([])
    })

    it('logs nothing where every message has a leader', () => {
      const { log, lines } = makeLog()
      log.unassigned([])
      expect(lines).to.deep.equal([])
    })
  })

  describe('for messages without an attempt left', () => {
    it('names each topic once, with counts and the first reason, and no content of messages', () => {
      const { log, lines } = makeLog()
      const messages = ['t', 'u', 't'].map((topic) => pendingOf('secret', { topic, key: 'secret' }))
      log.gaveUp(messages, 4, lost)
      expect(lines.map(({ level }) => level)).to.deep.equal(['error'])
      expect(lines[0]!.text)
        .to.match(/^3 messages to t, u\b.*\b4 attempts\b/)
        .and.contain(lost.message)
        .and.not.contain('secret')
    })

    it('names at most ten topics, escaped', () => {
      const { log, lines } = makeLog()
      log.gaveUp(
        Array.from({ length: 12 }, (_, i) => pendingOf('a', { topic: `t${i}\u001b` })),
        1,
        lost,
      )
      expect(lines[0]!.text).to.match(/t9\\u\{1b\} and 2 more topics\b.*\b1 attempt\b/)
    })
  })
})
