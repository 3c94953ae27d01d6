/**
 * Options of the perf tool for the classic producer that it does not have with `--new-producer`, with what to write instead: those
 * of Kafka's own tool have other names, and what is a setting there is one here.
 *
 * Data, and a check.
 */
import { usage } from '../cli/tool-errors.js'

const setting = (example: string): string => `write it as a setting: --producer-props ${example}`

const instead: Readonly<Record<string, string>> = {
  '--broker-list': 'write --bootstrap-server',
  '--topics': 'write --topic, which names one',
  '--messages': 'write --num-records',
  '--message-size': 'write --record-size',
  '--vary-message-size': 'records of different sizes come from --payload-file',
  '--threads': 'one KafkaProducer is measured, as by the Java tool; run the tool several times at once',
  '--sync':
    'the outcome of each record is waited for by none of Kafka’s tools; set linger.ms=0 and a --throughput',
  '--batch-size': setting('batch.size=16384, in bytes'),
  '--compression-codec': setting('compression.type=gzip'),
  '--request-num-acks': setting('acks=all'),
  '--request-timeout-ms': setting('request.timeout.ms=30000'),
  '--producer-num-retries': setting('retries=3'),
  '--producer-retry-backoff-ms': setting('retry.backoff.ms=100'),
  '--producer-property': 'write --producer-props or --command-property',
  '--initial-message-id': 'numbers are sent by --payload-monotonic',
  '--message-send-gap-ms': 'a pace is given by --throughput',
  '--date-format': 'no line has a date',
  '--hide-header': 'no header is printed',
  '--csv-reporter-enabled': 'counts are printed by --print-metrics, and drawn by --report',
  '--metrics-dir': 'there is no CSV file; counts are printed by --print-metrics',
  '--show-detailed-stats': 'a line is printed every --reporting-interval',
}

/** @param argv - of a run with KafkaProducer. @throws {UsageError} that says what to write instead. */
export function refuseClassicOnly(argv: readonly string[]): void {
  for (const argument of argv) {
    const name = argument.split('=', 1)[0]!
    const advice = Object.hasOwn(instead, name) ? instead[name] : undefined
    if (advice !== undefined)
      throw usage(`${name} is for the classic producer; with --new-producer ${advice}`)
  }
}
