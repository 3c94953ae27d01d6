#!/usr/bin/env node
import { main } from '../dist/lib/cli-perf/producer-performance.js'
import { streams, version } from './process.js'

process.exitCode = await main(process.argv.slice(2), streams, version)
