/** Logins that end under traffic, for a minute: on the oldest and the newest release of the specs that have them and tools. */
import { describeNewLogins } from './security/describe-new-logins.js'

for (const version of ['2.8.2', '4.3.1']) describeNewLogins(version, 60)
