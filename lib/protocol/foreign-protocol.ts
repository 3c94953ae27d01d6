/**
 * Recognises the first bytes of servers that are not Kafka, so that an error can say what was reached instead of
 * naming an absurd frame length.
 */
const TLS_ALERT = 0x15
const TLS_HANDSHAKE = 0x16
const TLS_MAJOR_VERSION = 3

/** @returns a clause that continues a sentence, or an empty string when the bytes say nothing. */
export function foreignProtocolHint(bytes: Buffer): string {
  if ((bytes[0] === TLS_ALERT || bytes[0] === TLS_HANDSHAKE) && bytes[1] === TLS_MAJOR_VERSION) {
    return ': this looks like a TLS listener, reached without TLS'
  }
  const text = bytes.toString('latin1', 0, 5)
  if (text.startsWith('HTTP')) return ': this looks like an HTTP server, not a Kafka broker'
  if (text.startsWith('SSH-')) return ': this looks like an SSH server, not a Kafka broker'
  if (/^[\x20-\x7e\r\n]{4,}$/.test(text)) return ': this looks like a text protocol, not a Kafka broker'
  return ''
}
