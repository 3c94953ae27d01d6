/** Logins that end under traffic, for a quarter of a minute; `npm run test:security` takes a minute for it. */
import { describeNewLogins } from './security/describe-new-logins.js'

describeNewLogins('4.3.1', 15)
