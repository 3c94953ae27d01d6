/** How the classes of scenarios report their calls, and what they see of the configuration. */

/** Reports one call. */
export type Emit = (
  kind: 'interceptor' | 'serializer' | 'partitioner',
  name: string,
  call: string,
  seen?: Record<string, unknown>,
) => void

export interface PluginConfig {
  get(key: string): string | undefined
}

/** What configuration a plug-in sees, as the transcripts have it. */
export function seenConfig(config: PluginConfig): { clientId: string | null; custom: string | null } {
  return { clientId: config.get('client.id') ?? null, custom: config.get('oracle.custom') ?? null }
}
