import { expect } from 'chai'
import { foreignProtocolHint } from '../../lib/protocol/foreign-protocol.js'

describe('foreignProtocolHint', () => {
  const rows: [title: string, bytes: Buffer, hint: RegExp | ''][] = [
    ['a TLS alert', Buffer.from('15030300020246', 'hex'), /looks like a TLS listener, reached without TLS/],
    ['a TLS 1.0 alert', Buffer.from('15030100020246', 'hex'), /TLS listener/],
    ['a TLS handshake', Buffer.from('1603030031', 'hex'), /TLS listener/],
    ['an HTTP status line', Buffer.from('HTTP/1.1 400 Bad Request\r\n'), /looks like an HTTP server/],
    ['an SSH greeting', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'), /looks like an SSH server/],
    ['an SMTP greeting', Buffer.from('220 mail ESMTP\r\n'), /looks like a text protocol/],
    ['four letters', Buffer.from('+OK\r'), /text protocol/],
    ['an absurd length', Buffer.from('7ffffff0', 'hex'), ''],
    ['a negative length', Buffer.from('ffffffff00', 'hex'), ''],
    ['a byte of another TLS version', Buffer.from('1502000000', 'hex'), ''],
    ['too few letters', Buffer.from('abc'), ''],
    ['nothing', Buffer.alloc(0), ''],
  ]
  for (const [title, bytes, hint] of rows) {
    it(hint === '' ? `has no hint for ${title}` : `recognises ${title}`, () => {
      if (hint === '') expect(foreignProtocolHint(bytes)).to.equal('')
      else expect(foreignProtocolHint(bytes)).to.match(hint)
    })
  }
})
