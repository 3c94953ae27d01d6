/** The tool on the sources, as `bin/` runs it on the built package. */
import { main } from '../../../lib/cli-perf/producer-performance.js'

const streams = { output: process.stdout, errors: process.stderr }
process.exitCode = await main(process.argv.slice(2), streams, '0.0.0')
