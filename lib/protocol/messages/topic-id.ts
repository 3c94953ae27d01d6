/** Topic ids (KIP-516): sixteen bytes, all zero where there is none. */

export const NO_TOPIC_ID: Uint8Array = Buffer.alloc(16)

/** An id in a form that can be compared and be a key of a map. */
export function topicIdText(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex')
}

export function hasTopicId(id: Uint8Array): boolean {
  return id.some((byte) => byte !== 0)
}
