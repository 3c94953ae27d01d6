/**
 * Says in which ways a play of a scenario is not what the Java client did; an empty list means that it matches.
 *
 * Compared are how operations and sends ended, callbacks, calls of plug-ins, requests, logs and waits, each in a file of
 * its own; `compare` of the scenario says what is left out or looked at besides. Two traces are compared, so that a
 * transcript can be held against itself or against a changed copy.
 */
import { logDifferences } from './compare-logs.js'
import { pluginDifferences } from './compare-plugins.js'
import { requestDifferences } from './compare-requests.js'
import { callbackDifferences, operationDifferences, resultDifferences } from './compare-results.js'
import { sequenceDifferences, transactionDifferences } from './compare-sequences.js'
import { countFaults, durationFaults, gapFaults, outstandingFaults, versionFaults } from './compare-waits.js'
import type { Scenario } from './scenario.js'
import { partitionFaults } from './sticky.js'
import type { Trace } from './trace.js'

export function differences(scenario: Scenario, expected: Trace, got: Trace): string[] {
  return [
    ...got.refusals,
    ...operationDifferences(expected, got),
    ...resultDifferences(scenario, expected, got),
    ...callbackDifferences(scenario, expected, got),
    ...pluginDifferences(scenario, expected, got),
    ...requestDifferences(scenario, expected, got),
    ...transactionDifferences(scenario, expected, got),
    ...sequenceDifferences(scenario, expected, got),
    ...logDifferences(scenario, expected, got),
    ...partitionFaults(scenario, got),
    ...durationFaults(scenario, got),
    ...gapFaults(scenario, got),
    ...countFaults(scenario, got),
    ...outstandingFaults(scenario, got),
    ...versionFaults(scenario, expected, got),
  ]
}
