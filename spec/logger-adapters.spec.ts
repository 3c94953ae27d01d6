import { Writable } from 'node:stream'
import { expect } from 'chai'
import { pino } from 'pino'
import winston from 'winston'
import { type Logger, Producer } from '../lib/index.js'
import { TestCluster } from '../lib/testing/index.js'

/** Collects what a logging library writes: one JSON text a line. */
class Lines extends Writable {
  readonly entries: { level: string | number; text: string }[] = []

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    for (const line of String(chunk).split('\n').filter(Boolean)) {
      const { level, msg, message } = JSON.parse(line) as Record<'level' | 'msg' | 'message', string>
      this.entries.push({ level, text: msg ?? message })
    }
    done()
  }
}

const adapters: Record<
  string,
  (lines: Lines) => { logger: Logger; levels: Record<string, string | number> }
> = {
  pino: (lines) => ({
    logger: pino({ level: 'debug' }, lines),
    levels: { info: 30, warn: 40, error: 50 },
  }),
  winston: (lines) => ({
    logger: winston.createLogger({
      level: 'debug',
      format: winston.format.json(),
      transports: [new winston.transports.Stream({ stream: lines })],
    }),
    levels: { info: 'info', warn: 'warn', error: 'error' },
  }),
}

for (const [name, adapter] of Object.entries(adapters)) {
  describe(`options.logger with ${name}`, () => {
    it('gets the lines of the producer at their levels, and no payload', async () => {
      const lines = new Lines()
      const { logger, levels } = adapter(lines)
      const cluster = await TestCluster.start({ era: '0.8', autoCreateTopics: false })
      const producer = new Producer<string, string>(
        {
          'metadata.broker.list': cluster.bootstrap,
          'serializer.class': 'kafka.serializer.StringEncoder',
          'producer.type': 'async',
          'queue.buffering.max.ms': 1,
          'message.send.max.retries': 1,
          'retry.backoff.ms': 1,
        },
        { logger },
      )
      await producer.send({ topic: 'missing', key: 'canary-key', message: 'canary-value' })
      await producer.close()
      await cluster.close()

      const at = (level: string): string[] =>
        lines.entries.filter((entry) => entry.level === levels[level]).map(({ text }) => text)
      expect(at('info').join()).to.include('connected to').and.include('the producer is closed')
      expect(at('warn').join()).to.include('topic missing is not available')
      expect(at('error').join()).to.include('1 of 1 message failed')
      expect(JSON.stringify(lines.entries)).not.to.include('canary')
    })
  })
}
