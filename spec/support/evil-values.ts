/** What foreign code may throw or answer so that looking at it throws again. */
import { EncodeError } from '../../lib/errors.js'

const refuse = (): never => {
  throw new Error('do not look at me')
}

/** Every trap throws. */
const traps: ProxyHandler<object> = new Proxy({}, { get: () => refuse })

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

/** Own properties that throw when they are read. */
function hiding<T extends object>(target: T, ...names: PropertyKey[]): T {
  for (const name of names) Object.defineProperty(target, name, { get: refuse, enumerable: true })
  return target
}

/** By what they are. */
export const evilValues: Readonly<Record<string, unknown>> = {
  'a revoked proxy': revoked({}),
  'a revoked proxy of an error': revoked(new Error('secret')),
  'a revoked proxy of an error of ours': revoked(new EncodeError('secret')),
  'a revoked proxy of a function': revoked(() => {}),
  'a revoked proxy of bytes': revoked(Buffer.from('secret')),
  'a proxy whose traps throw': new Proxy({}, traps),
  'a proxy of an error whose traps throw': new Proxy(new EncodeError('secret'), traps),
  'an object whose properties throw': hiding(
    {},
    'name',
    'message',
    'code',
    'retriable',
    'cause',
    'stack',
    'toString',
    'toJSON',
    'then',
    Symbol.toPrimitive,
    Symbol.toStringTag,
  ),
  'an error whose properties throw': hiding(
    new Error('secret'),
    'stack',
    'name',
    'message',
    'cause',
    'toString',
  ),
  'an error of ours whose properties throw': hiding(
    new EncodeError('secret'),
    'code',
    'message',
    'retriable',
    'persistence',
  ),
  'an error of ours with a code that is no text': Object.assign(new EncodeError('secret'), { code: {} }),
  'an object without a prototype': Object.create(null),
  'bytes with a length that throws': hiding(Buffer.from('secret'), 'length'),
  'bytes with a wrong length': Object.defineProperty(Buffer.from('secret'), 'length', { value: 1e9 }),
  'an object that pretends to be bytes': Object.create(Uint8Array.prototype),
  'a symbol': Symbol('secret'),
  undefined: undefined,
}
