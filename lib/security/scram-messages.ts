/** The texts of SCRAM: `name=value` separated by commas, and how a user name is written in one. */

export type ScramAttributes = ReadonlyMap<string, string>

/** The attributes of a message; null if it has another form. Of a repeated one the first counts. */
export function scramAttributes(message: string): ScramAttributes | null {
  const attributes = new Map<string, string>()
  for (const part of message.split(',')) {
    const name = /^([a-zA-Z]+)=/.exec(part)?.[1]
    if (name === undefined) return null
    if (!attributes.has(name)) attributes.set(name, part.slice(name.length + 1))
  }
  return attributes
}

/** @see RFC 5802, section 5.1: saslname */
export function scramName(username: string): string {
  return username.replaceAll('=', '=3D').replaceAll(',', '=2C')
}
