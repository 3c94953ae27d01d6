/** TLS, SASL and ACLs on one version. `npm run test:security` runs all that differ; `KAFKA_VERSIONS=2.8.2` runs another one here. */
import { describeSecurity } from './security/describe-security.js'

for (const version of process.env.KAFKA_VERSIONS?.split(',') ?? ['4.3.1']) describeSecurity(version)
