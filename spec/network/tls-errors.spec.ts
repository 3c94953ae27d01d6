import { expect } from 'chai'
import { alertFailure } from '../../lib/network/tls-errors.js'

/** As Node reports an alert of the peer. */
function alert(name: string): Error {
  const message = `40B7:error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert ${name}:s3_pkt.c:1605:`
  return Object.assign(new Error(message), {
    code: `ERR_SSL_SSLV3_ALERT_${name.toUpperCase().replace(' ', '_')}`,
  })
}

describe('The error of a TLS alert', () => {
  it('names both a refused certificate and a missing one for bad_certificate, which Java sends for either', () => {
    const error = alertFailure('broker:9093', alert('bad certificate'))!
    expect(error.message).to.include('does not accept the certificate of this client')
    expect(error.message).to.include('it asks for a certificate of this client')
    expect(error.message).to.include('ssl.keystore.location')
  })

  it('names the certificate of this client alone for unknown_ca, which is about one that was shown', () => {
    const error = alertFailure('broker:9093', alert('unknown ca'))!
    expect(error.message).to.include('does not accept the certificate of this client')
    expect(error.message).not.to.include('asks for')
  })
})
