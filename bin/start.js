#!/usr/bin/env node
import { start } from '../dist/lib/cli/start.js'
import { root, streams, version } from './process.js'

process.exitCode = await start(process.argv.slice(2), streams, root, version)
