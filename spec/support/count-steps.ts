/**
 * Counts steps instead of time: how many elements the methods and iterators of arrays, sets and maps go over, in this
 * whole process. Each call counts the length of what it is called on, whether it ends early or not.
 */
const ARRAY_METHODS = [
  'concat,every,filter,find,findIndex,findLast,flat,flatMap,forEach,includes,indexOf,join,map,reduce,reverse',
  'shift,slice,some,sort,splice,toSorted,unshift',
].flatMap((names) => names.split(','))
const SET_METHODS = ['entries', 'forEach', 'keys', 'values']

let steps = 0
let isCounting = false

/** @returns how many steps were taken while the action ran; what runs beside it counts as well. */
export async function countSteps(action: () => Promise<unknown>): Promise<number> {
  if (isCounting) throw new Error('steps are being counted already')
  isCounting = true
  steps = 0
  const restore = [
    ...[...ARRAY_METHODS, Symbol.iterator].map((name) => instrument(Array.prototype, name, lengthOf)),
    ...[...SET_METHODS, Symbol.iterator].flatMap((name) => [
      instrument(Set.prototype, name, sizeOf),
      instrument(Map.prototype, name, sizeOf),
    ]),
  ]
  try {
    await action()
  } finally {
    isCounting = false
    for (const undo of restore) undo()
  }
  return steps
}

function instrument<T>(prototype: T, name: string | symbol, costOf: (self: T) => number): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!
  const original = descriptor.value as (...args: unknown[]) => unknown
  Object.defineProperty(prototype, name, {
    ...descriptor,
    value: function (this: T, ...args: unknown[]): unknown {
      steps += 1 + costOf(this)
      return Reflect.apply(original, this, args)
    },
  })
  return () => void Object.defineProperty(prototype, name, descriptor)
}

function lengthOf({ length }: ArrayLike<unknown>): number {
  return length
}

function sizeOf({ size }: { readonly size: number }): number {
  return size
}
