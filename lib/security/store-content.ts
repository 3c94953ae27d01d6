/** What is in a key store or trust store, whatever its format. */

export interface StoreContent {
  /** Private keys in PKCS8, in DER; encrypted ones need the password of the key. */
  readonly keys: readonly Buffer[]
  /** X.509 certificates, in DER. */
  readonly certificates: readonly Buffer[]
}

/** A store cannot be used. The text follows the name of its file or key; it repeats nothing that is in the store. */
export class StoreError extends Error {}
