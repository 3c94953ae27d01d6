/** The contract on the versions at which the protocol changed; on all others: npm run test:matrix. */
import { describeContract } from './contract/describe-contract.js'

for (const version of ['0.8.0', '0.8.2.2', '0.9.0.1', '0.10.2.2', '0.11.0.3', '2.8.2', '3.9.2', '4.3.1']) {
  describeContract(version, 'short')
}
