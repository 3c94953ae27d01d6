import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import sinon from 'sinon'
import { AuthenticationError } from '../../lib/errors.js'
import { silentLogger } from '../../lib/logger.js'
import { checkedToken } from '../../lib/security/oauth-token.js'
import { oauthBearerMechanism } from '../../lib/security/oauthbearer.js'
import { type TokenEndpoint, tokensFromEndpoint, tokensFromFile } from '../../lib/security/token-endpoint.js'
import { refreshTime, TokenSource } from '../../lib/security/token-source.js'
import { recordingLogger } from './settings-of.js'

const broker = { host: 'broker', port: 9093 }
const window = { factor: 0.8, jitter: 0, minPeriodMs: 60_000, bufferMs: 300_000 }
const HOUR = 3_600_000

async function failureOf(promise: Promise<unknown>): Promise<AuthenticationError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).to.be.instanceOf(AuthenticationError)
  return error as AuthenticationError
}

const jwt = (claims: object): string =>
  ['{"alg":"none"}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')

describe('oauthBearerMechanism', () => {
  const sourceOf = (provider: () => unknown) =>
    new TokenSource({ provider: provider as never, window, logger: silentLogger })

  it('the token and its extensions are one message, as in the example of RFC 7628', async () => {
    const token = {
      value: 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==',
      extensions: { host: 'server.example.com', port: '143' },
    }
    const exchange = oauthBearerMechanism(sourceOf(() => token)).begin(broker)
    expect((await exchange.first()).toString()).to.equal(
      'n,,\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01host=server.example.com\x01port=143\x01\x01',
    )
    expect(await exchange.next(Buffer.alloc(0))).to.equal(undefined)
    expect([exchange.done, exchange.expiresAt]).to.deep.equal([true, undefined])
  })

  it('a broker that refuses the token ends the login with its reason, and not with the token', async () => {
    const exchange = oauthBearerMechanism(sourceOf(() => 'canary')).begin(broker)
    await exchange.first()
    const error = await failureOf(
      exchange.next(Buffer.from('{"status":"invalid_token","scope":"kafka","openid-configuration":"x"}')),
    )
    expect(error.message).to.equal(
      'OAUTHBEARER: the broker refused the token: invalid_token, it asks for the scope kafka',
    )
    expect(exchange.done).to.equal(false)
  })

  it('a refusal of a token that cannot be read is one all the same', async () => {
    const exchange = oauthBearerMechanism(sourceOf(() => 't')).begin(broker)
    await exchange.first()
    expect((await failureOf(exchange.next(Buffer.from('no')))).message).to.match(/does not say why/)
  })

  it('the end of a session is that of its token', async () => {
    const expiresAt = Date.now() + HOUR
    const mechanism = oauthBearerMechanism(sourceOf(() => ({ value: 't', expiresAt })))
    const exchange = mechanism.begin(broker)
    await exchange.first()
    expect(exchange.expiresAt).to.equal(expiresAt)
    await mechanism.close?.()
  })
})

describe('checkedToken', () => {
  it('a JWT says itself when it begins and ends', () => {
    const token = checkedToken(jwt({ iat: 1000, exp: 2000.5 }), 1_000_000)
    expect(token).to.include({ startsAt: 1_000_000, expiresAt: 2_000_500 })
  })

  it('a token of another kind has no end that is known', () => {
    for (const text of ['opaque', 'a.b.c', jwt({})]) expect(checkedToken(text, 0).expiresAt).to.equal(null)
  })

  const bad: unknown[] = [
    undefined,
    null,
    1,
    '',
    'can ary',
    'canary\x01auth=x',
    {},
    { value: 1 },
    { value: 't', expiresAt: 'soon' },
    { value: 't', expiresAt: Number.NaN },
    { value: 't', extensions: { auth: 'x' } },
    { value: 't', extensions: { a: 'canary\x01' } },
    { value: 't', expiresAt: 5 },
    'x'.repeat(65_537),
  ]
  for (const token of bad) {
    it(`${JSON.stringify(token)?.slice(0, 40)} is no token that can be sent`, () => {
      expect(() => checkedToken(token as never, 5))
        .to.throw(AuthenticationError)
        .with.property('message')
        .that.does.not.include('canary')
    })
  }
})

describe('refreshTime', () => {
  it('a token is renewed after the part of its lifetime that the settings name', () => {
    expect(refreshTime({ startsAt: 0, expiresAt: HOUR }, 0, window)).to.equal(0.8 * HOUR)
    expect(refreshTime({ startsAt: 0, expiresAt: HOUR }, 0, { ...window, jitter: 0.05 }, 1)).to.equal(
      0.85 * HOUR,
    )
  })

  it('a token is renewed before the buffer at the latest', () => {
    expect(refreshTime({ startsAt: 0, expiresAt: 1_000_000 }, 0, window)).to.equal(700_000)
  })

  it('a token is not renewed before the least period', () => {
    expect(refreshTime({ startsAt: -HOUR, expiresAt: HOUR }, 0.9 * HOUR, window)).to.equal(
      0.9 * HOUR + 60_000,
    )
  })

  it('buffer and least period are ignored for a short token', () => {
    expect(refreshTime({ startsAt: 0, expiresAt: 10_000 }, 0, window)).to.equal(8_000)
  })
})

describe('TokenSource', () => {
  let clock: sinon.SinonFakeTimers
  let asked: number
  let source: TokenSource
  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: 1_000_000, toFake: ['Date', 'setTimeout', 'clearTimeout'] })
    asked = 0
  })
  afterEach(() => {
    source.close()
    clock.restore()
  })

  const make = (give: (n: number) => unknown, logger = silentLogger): TokenSource => {
    source = new TokenSource({ provider: (async () => give(++asked)) as never, window, logger })
    return source
  }
  const lasting = (n: number) => ({ value: `t${n}`, expiresAt: Date.now() + HOUR })

  it('many logins at once share one request and one token', async () => {
    make(lasting)
    const tokens = await Promise.all(Array.from({ length: 20 }, () => source.current()))
    expect(new Set(tokens.map(({ value }) => value))).to.deep.equal(new Set(['t1']))
    expect((await source.current()).value).to.equal('t1')
    expect(asked).to.equal(1)
  })

  it('a token is renewed ahead of its end, without a login that waits for it', async () => {
    make(lasting)
    await source.current()
    await clock.tickAsync(0.8 * HOUR - 1)
    expect(asked).to.equal(1)
    await clock.tickAsync(1)
    expect(asked).to.equal(2)
    expect((await source.current()).value).to.equal('t2')
  })

  it('a failed renewal is tried again every 10 seconds, and the token is used until its end and no longer', async () => {
    const logger = recordingLogger()
    make((n) => (n === 1 ? lasting(1) : Promise.reject(new Error('canary'))), logger)
    await source.current()
    await clock.tickAsync(0.8 * HOUR + 20_000)
    expect(asked).to.equal(4)
    expect((await source.current()).value).to.equal('t1')
    expect(logger.lines).to.have.length(3)
    expect(logger.lines.join()).to.not.include('canary').and.not.include('t1')
    await clock.tickAsync(0.2 * HOUR)
    const error = await failureOf(source.current())
    expect(error.message)
      .to.match(/callback for the token failed with Error/)
      .and.not.include('canary')
    expect(error.cause).to.equal(undefined)
  })

  it('a token whose end nobody knows is asked for at each login', async () => {
    make((n) => `t${n}`)
    expect((await source.current()).value).to.equal('t1')
    expect((await source.current()).value).to.equal('t2')
  })

  it('a failed request is not remembered', async () => {
    make((n) => (n === 1 ? Promise.reject(new Error('x')) : lasting(n)))
    await failureOf(source.current())
    expect((await source.current()).value).to.equal('t2')
  })

  it('after close nothing is renewed, and the signal of a request is aborted', async () => {
    const signals: AbortSignal[] = []
    source = new TokenSource({
      provider: ({ signal }) => {
        signals.push(signal)
        return lasting(1)
      },
      window,
      logger: silentLogger,
    })
    await source.current()
    source.close()
    source.close()
    await clock.tickAsync(HOUR)
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([true])
    await failureOf(source.current())
  })
})

describe('tokensFromEndpoint', () => {
  let server: Server
  let requests: { method: string; headers: IncomingMessage['headers']; body: string }[]
  let answers: [status: number, body: string, headers?: Record<string, string>][]

  beforeEach(async () => {
    requests = []
    answers = []
    server = createServer(async (request, response) => {
      let body = ''
      for await (const part of request) body += part
      requests.push({ method: request.method!, headers: request.headers, body })
      const [status, text, headers = {}] = answers.shift() ?? [500, '']
      response.writeHead(status, { connection: 'close', ...headers }).end(text)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })

  const endpointOf = (more: Partial<TokenEndpoint> = {}): TokenEndpoint => ({
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/token`),
    clientId: 'id',
    clientSecret: 'canary',
    scope: '',
    encodesHeader: false,
    timeoutMs: 5000,
    retryBackoffMs: 1,
    retryBackoffMaxMs: 200,
    ...more,
  })
  const ask = (more?: Partial<TokenEndpoint>) =>
    Promise.resolve(tokensFromEndpoint(endpointOf(more))({ signal: new AbortController().signal }))

  it('client id and secret are sent as RFC 6749 asks for, and the token comes back', async () => {
    answers.push([200, '{"access_token":"a.b.c","expires_in":60}'])
    expect(await ask({ scope: 'kafka write' })).to.deep.equal({ value: 'a.b.c' })
    const [{ method, headers, body } = {} as never] = requests
    expect([method, body]).to.deep.equal(['POST', 'grant_type=client_credentials&scope=kafka+write'])
    expect(headers.authorization).to.equal('Basic aWQ6Y2FuYXJ5')
    expect(headers['content-type']).to.equal('application/x-www-form-urlencoded')
  })

  it('client id and secret are URL-encoded where that is asked for', async () => {
    answers.push([200, '{"access_token":"t"}'])
    await ask({ clientId: 'a b', clientSecret: 'c:d%', encodesHeader: true })
    const basic = Buffer.from(requests[0]!.headers.authorization!.slice('Basic '.length), 'base64').toString()
    expect(basic).to.equal('a+b:c%3Ad%25')
  })

  it('a token that is no JWT ends as the token endpoint says', async () => {
    answers.push([200, '{"access_token":"opaque","expires_in":60}'])
    const token = (await ask()) as { expiresAt: number }
    expect(token.expiresAt).to.be.closeTo(Date.now() + 60_000, 5000)
  })

  it('a status that may pass is tried again', async () => {
    answers.push([503, ''], [429, ''], [200, '{"access_token":"t"}'])
    expect(await ask()).to.deep.equal({ value: 't' })
    expect(requests).to.have.length(3)
  })

  it('a refused secret is not tried again, and the error has the code of OAuth alone', async () => {
    answers.push([401, '{"error":"invalid_client","error_description":"canary is wrong"}'])
    const error = await failureOf(ask())
    expect(error.message)
      .to.match(/status 401, invalid_client; check client id, client secret and scope/)
      .and.not.include('canary')
    expect([requests.length, error.retriable, error.cause]).to.deep.equal([1, false, undefined])
  })

  it('no redirect is followed, as the secret is not for another place', async () => {
    answers.push([302, '', { location: 'http://127.0.0.1:1/' }])
    expect((await failureOf(ask({ retryBackoffMaxMs: 0 }))).message).to.match(/status 302/)
    expect(requests).to.have.length(1)
  })

  for (const body of ['', 'no json', '[]', '{}', '{"access_token":1}']) {
    it(`the answer ${JSON.stringify(body)} is no token`, async () => {
      answers.push([200, body])
      expect((await failureOf(ask())).message).to.match(/answered without a token/)
    })
  }

  it('an answer without an end is not read to the end', async () => {
    answers.push([200, `{"access_token":"${'x'.repeat(300_000)}"}`])
    await failureOf(ask({ retryBackoffMaxMs: 0 }))
  })

  it('pauses double, and attempts end with the limit of them all', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      const times: number[] = []
      const fetch = async (): Promise<Response> => {
        times.push(performance.now())
        return new Response('', { status: 500 })
      }
      const failed = failureOf(ask({ fetch, retryBackoffMs: 100, retryBackoffMaxMs: 10_000 }))
      await clock.tickAsync(20_000)
      const error = await failed
      expect(error.message).to.match(/status 500/)
      expect(error.retriable).to.equal(true)
      expect(times).to.deep.equal([0, 100, 300, 700, 1500, 3100, 6300, 10_000])
    } finally {
      clock.restore()
    }
  })

  it('an endpoint that nobody answers at is named with the code of the system', async () => {
    const url = new URL('http://127.0.0.1:1/canary')
    const error = await failureOf(ask({ url, retryBackoffMaxMs: 0 }))
    expect(error.message)
      .to.match(/cannot be reached/)
      .and.not.include('canary')
  })

  it('a token in a file is read at each request', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'token-'))
    try {
      const path = join(folder, 'token')
      const give = tokensFromFile(pathToFileURL(path))
      const signal = new AbortController().signal
      expect((await failureOf(Promise.resolve(give({ signal })))).message).to.match(/ENOENT/)
      writeFileSync(path, 'one\n')
      expect(await give({ signal })).to.equal('one')
      writeFileSync(path, 'two\n')
      expect(await give({ signal })).to.equal('two')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
