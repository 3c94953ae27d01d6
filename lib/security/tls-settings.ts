/** What connections need of the `ssl.` settings: options for `tls.connect`, made anew for each connection. */
import type { ConnectionOptions } from 'node:tls'

export interface TlsSettings {
  /**
   * Options for `tls.connect` to one broker, without host, port and socket. Files are read again if they changed; where
   * the new ones cannot be read or used, the ones before stay in use, and the log says so.
   *
   * @param host - as configured or advertised, for SNI and for the check of the certificate.
   * @throws {ConfigError} where a file cannot be used and there is nothing from before: the text names the key.
   */
  connectOptions(host: string): Promise<ConnectionOptions>
}
