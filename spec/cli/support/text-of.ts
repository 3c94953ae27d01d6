import type { PassThrough } from 'node:stream'

/** All that was written so far. One `read()` gives it all before Node 26, and one chunk of it from there on. */
export function textOf(stream: PassThrough): string {
  const chunks: Buffer[] = []
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
