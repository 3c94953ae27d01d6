/** What each client process does: warm up, send a number of messages, report messages per second. */
export interface Arguments {
  readonly variant: string
  readonly bootstrap: string
  readonly messages: number
  readonly value: string
}

export function clientArguments(): Arguments {
  const [variant = '', bootstrap = '', messages = '0', bytes = '0'] = process.argv.slice(2)
  return { variant, bootstrap, messages: Number(messages), value: 'x'.repeat(Number(bytes)) }
}

/** Keeps `concurrency` calls outstanding, each for one message. */
export async function sendOneByOne(
  messages: number,
  concurrency: number,
  send: () => Promise<unknown>,
): Promise<void> {
  let left = messages
  const sendInTurn = async (): Promise<void> => {
    while (left-- > 0) await send()
  }
  await Promise.all(Array.from({ length: concurrency }, sendInTurn))
}

export async function timed(messages: number, work: (messages: number) => Promise<void>): Promise<void> {
  await work(Math.ceil(messages / 10))
  const start = performance.now()
  await work(messages)
  process.send?.(messages / ((performance.now() - start) / 1000))
}
