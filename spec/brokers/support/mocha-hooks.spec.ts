import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const PROJECT_FOLDER = fileURLToPath(new URL('../../..', import.meta.url))
const MOCHA = path.join(
  path.dirname(createRequire(import.meta.url).resolve('mocha/package.json')),
  'bin',
  'mocha.js',
)

/** Runs the broker specs where neither java nor mvn is found; one harmless spec would be left if they ran. */
function runWithoutJava(environment: Record<string, string>) {
  const args = [MOCHA, '--config', '.mocharc.brokers.json', '--grep', 'compares versions number by number']
  const env = { PATH: os.tmpdir(), HOME: os.homedir(), ...environment }
  return spawnSync(process.execPath, args, { cwd: PROJECT_FOLDER, env, encoding: 'utf8' })
}

describe('A run of the broker specs on a machine without Java and Maven', () => {
  it('is skipped with a notice of what is missing and how many specs did not run', () => {
    const run = runWithoutJava({})

    expect(run.status, run.stderr).to.equal(0)
    expect(run.stderr).to.match(/SKIPPED: all \d+ specs against real Kafka brokers/)
    expect(run.stderr).to.match(/java does not run.*javac does not run.*mvn does not run/s)
    expect(run.stdout)
      .to.match(/0 passing/)
      .and.to.match(/1 pending/)
  })

  it('fails in continuous integration', () => {
    const run = runWithoutJava({ CI: 'true' })

    expect(run.status).not.to.equal(0)
    expect(run.stdout).to.match(/the broker specs cannot run: java does not run/)
  })
})
