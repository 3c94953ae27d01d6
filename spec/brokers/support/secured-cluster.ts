/**
 * One real broker with a listener of each kind that its version knows: TLS on both sides, and SASL with and without TLS;
 * users for PLAIN and SCRAM, unsigned tokens for OAUTHBEARER, ACLs. Its plaintext listener is the harness's own and may do everything.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { certificates } from '../../support/certificates.js'
import type { Settings } from './broker-properties.js'
import { KafkaCluster } from './cluster.js'
import { freePorts } from './free-port.js'
import { Jvm } from './jvm.js'
import { isAtLeast, kafkaVersion } from './kafka-version.js'
import { makeStores } from './make-stores.js'

export type ListenerKind = 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'
/** With a certificate that clients have to refuse: TLS that asks for none of theirs. */
export type BadListener = 'EXPIRED' | 'OTHERHOST'
export type SaslMechanismName = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER'

export const STORE_PASSWORD = 'changeit'

/** First versions. */
const mechanismsSince: readonly (readonly [name: SaslMechanismName, since: string])[] = [
  ['PLAIN', '0.10'],
  ['SCRAM-SHA-256', '0.10.2'],
  ['SCRAM-SHA-512', '0.10.2'],
  ['OAUTHBEARER', '2.0'],
]

export function mechanismsOf(version: string): SaslMechanismName[] {
  return mechanismsSince.filter(([, since]) => isAtLeast(version, since)).map(([name]) => name)
}

export function listenersOf(version: string): ListenerKind[] {
  return isAtLeast(version, '0.10') ? ['SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] : ['SSL']
}

/** 4.4.0 came without tools; these make its users and ACLs. */
const TOOLS_OF = '4.3.1'

const LOGIN_MODULES = 'org.apache.kafka.common.security'

export interface SecuredClusterOptions {
  /** Of PLAIN and SCRAM. */
  readonly users: Readonly<Record<string, string>>
  /** Default none. */
  readonly config?: Settings
  /** Adds those listeners; from 4.0 on. Default none. */
  readonly hasBadListeners?: boolean
  /** Of listeners that have to be somewhere. Default: free ones. */
  readonly ports?: Partial<Record<ListenerKind, number>>
}

const BAD_LISTENERS = { EXPIRED: 'expired', OTHERHOST: 'wrongHost' } as const

export class SecuredCluster {
  readonly cluster: KafkaCluster
  readonly certificates: ReturnType<typeof certificates>
  readonly #ports: ReadonlyMap<string, number>
  readonly #folder: string
  #tools: Promise<Jvm> | null = null

  private constructor(
    cluster: KafkaCluster,
    own: ReturnType<typeof certificates>,
    ports: ReadonlyMap<string, number>,
    folder: string,
  ) {
    this.cluster = cluster
    this.certificates = own
    this.#ports = ports
    this.#folder = folder
  }

  static async start(
    version: string,
    { users, config = {}, hasBadListeners = false, ports: fixed = {} }: SecuredClusterOptions,
  ): Promise<SecuredCluster> {
    const folder = mkdtempSync(path.join(realpathSync(os.tmpdir()), 'secured-'))
    const own = certificates()
    const stores = await makeStores(folder, own.broker, own.ca, STORE_PASSWORD)
    const kinds = listenersOf(version)
    const bad = hasBadListeners ? await badListeners(folder, own) : { names: [], settings: {} }
    const names: string[] = [...kinds, ...bad.names]
    const free = await freePorts(names.length)
    const ports = new Map(names.map((name, i) => [name, fixed[name as ListenerKind] ?? free[i]!]))
    const hasListenerConfigs = isAtLeast(version, '1.1')
    const cluster = await KafkaCluster.start({
      version,
      listeners: names.map((name) => `${name}://127.0.0.1:${ports.get(name)}`),
      config: {
        'ssl.keystore.type': 'PKCS12',
        'ssl.keystore.location': stores.key,
        'ssl.keystore.password': STORE_PASSWORD,
        'ssl.key.password': STORE_PASSWORD,
        'ssl.truststore.type': 'PKCS12',
        'ssl.truststore.location': stores.trust,
        'ssl.truststore.password': STORE_PASSWORD,
        // Where listeners can differ, SASL_SSL asks for no certificate.
        ...(hasListenerConfigs
          ? { 'listener.name.ssl.ssl.client.auth': 'required' }
          : { 'ssl.client.auth': kinds.length > 1 ? 'requested' : 'required' }),
        ...(kinds.length > 1 && { 'sasl.enabled.mechanisms': mechanismsOf(version).join(',') }),
        ...(hasListenerConfigs && listenerLogins(version, users)),
        ...authorization(version),
        ...bad.settings,
        ...config,
      },
      javaFlags:
        kinds.length > 1 && !hasListenerConfigs
          ? [`-Djava.security.auth.login.config=${loginFile(folder, version, users)}`]
          : [],
    })
    const secured = new SecuredCluster(cluster, own, ports, folder)
    try {
      await secured.#letIn(users)
      return secured
    } catch (error) {
      await secured.stop()
      throw error
    }
  }

  /** Users of SCRAM; and all users, and the client with the certificate, may write to all topics. */
  async #letIn(users: Readonly<Record<string, string>>): Promise<void> {
    const { version } = this.cluster.version
    if (mechanismsOf(version).includes('SCRAM-SHA-256'))
      for (const [user, password] of Object.entries(users)) await this.setScramPassword(user, password)
    if (!isAtLeast(version, '0.10')) return
    const principals = [...Object.keys(users), `CN=${this.certificates.client.subject}`]
    const isIdempotent = isAtLeast(version, '0.11')
    await this.#acls(
      '--add',
      ...principals.flatMap((name) => ['--allow-principal', `User:${name}`]),
      ...['--producer', ...['--topic', '*'], ...(isIdempotent ? ['--idempotent'] : [])],
    )
  }

  addressOf(listener: ListenerKind | BadListener): string {
    return `127.0.0.1:${this.#ports.get(listener)}`
  }

  /** Of a user, who is made if there is none. One mechanism at a time: KRaft takes no user twice in a request. */
  async setScramPassword(user: string, password: string): Promise<void> {
    const { zookeeper, bootstrap } = this.cluster
    const where = zookeeper ? ['--zookeeper', zookeeper] : ['--bootstrap-server', bootstrap[0]!]
    for (const name of ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
      const credentials = `${name}=[iterations=4096,password=${password}]`
      const what = ['--alter', '--add-config', credentials, '--entity-type', 'users', '--entity-name', user]
      const said = await this.#runTool('kafka.admin.ConfigCommand', ...where, ...what)
      if (!said.toLowerCase().includes('completed updating'))
        throw new Error(`the user was not made: ${said}`)
    }
  }

  /** Forbids a principal to write to a topic, whatever else allows it. */
  async forbid(principal: string, topic: string): Promise<void> {
    await this.#acls('--add', '--deny-principal', principal, '--operation', 'Write', '--topic', topic)
  }

  /** Takes back what {@link forbid} did. */
  async permit(principal: string, topic: string): Promise<void> {
    const what = ['--deny-principal', principal, '--operation', 'Write', '--topic', topic]
    await this.#acls('--remove', '--force', ...what)
  }

  async stop(): Promise<void> {
    await this.cluster.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #acls(action: '--add' | '--remove', ...args: string[]): Promise<void> {
    const { version } = this.cluster.version
    const { zookeeper, bootstrap } = this.cluster
    const mainClass = isAtLeast(version, '4.0')
      ? 'org.apache.kafka.tools.AclCommand'
      : 'kafka.admin.AclCommand'
    const where = zookeeper
      ? ['--authorizer-properties', `zookeeper.connect=${zookeeper}`]
      : ['--bootstrap-server', bootstrap[0]!]
    const said = await this.#runTool(mainClass, ...where, action, ...args)
    // What is removed is not named; the rest of the topic's is.
    const hasWorked = action === '--add' ? /Adding ACLs/i.test(said) : !/error|exception/i.test(said)
    if (!hasWorked) throw new Error(`the ACLs were not changed: ${said}`)
  }

  async #runTool(mainClass: string, ...args: string[]): Promise<string> {
    const { cluster } = this
    if (cluster.version.consoleProducer !== null) return cluster.runTool(mainClass, ...args)
    this.#tools ??= Jvm.prepare(kafkaVersion(TOOLS_OF), path.join(this.#folder, 'tools'))
    const { stdout, stderr } = await (await this.#tools).runTool({ mainClass, args })
    return `${stdout}${stderr}`
  }
}

async function badListeners(
  folder: string,
  own: ReturnType<typeof certificates>,
): Promise<{ names: BadListener[]; settings: Settings }> {
  const settings: Record<string, string> = {}
  const names = Object.keys(BAD_LISTENERS) as BadListener[]
  for (const name of names) {
    const inside = path.join(folder, name)
    mkdirSync(inside)
    const { key } = await makeStores(inside, own[BAD_LISTENERS[name]], own.ca, STORE_PASSWORD)
    settings[`listener.name.${name.toLowerCase()}.ssl.keystore.location`] = key
  }
  const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'].map((kind) => `${kind}:${kind}`)
  const all = [...protocols, 'CONTROLLER:PLAINTEXT', ...names.map((name) => `${name}:SSL`)]
  return { names, settings: { ...settings, 'listener.security.protocol.map': all.join(',') } }
}

/** The logins of each listener and mechanism, from 1.1 on. */
function listenerLogins(version: string, users: Readonly<Record<string, string>>): Settings {
  const settings: Record<string, string> = {}
  for (const listener of ['sasl_plaintext', 'sasl_ssl']) {
    for (const mechanism of mechanismsOf(version)) {
      const key = `listener.name.${listener}.${mechanism.toLowerCase()}.sasl.jaas.config`
      settings[key] = loginModule(mechanism, users)
    }
  }
  return settings
}

function loginModule(mechanism: SaslMechanismName, users: Readonly<Record<string, string>>): string {
  if (mechanism === 'OAUTHBEARER') {
    return `${LOGIN_MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`
  }
  if (mechanism !== 'PLAIN') return `${LOGIN_MODULES}.scram.ScramLoginModule required;`
  const entries = Object.entries(users).map(([user, password]) => ` user_${user}="${password}"`)
  return `${LOGIN_MODULES}.plain.PlainLoginModule required${entries.join('')};`
}

/** Before 1.1 there is one file for all of a broker. */
function loginFile(folder: string, version: string, users: Readonly<Record<string, string>>): string {
  const file = path.join(folder, 'jaas.conf')
  const modules = new Set(mechanismsOf(version).map((mechanism) => loginModule(mechanism, users)))
  writeFileSync(file, `KafkaServer {\n${[...modules].join('\n')}\n};\n`)
  return file
}

/** Whoever is let in by the plaintext listener may do everything; others what ACLs allow. */
function authorization(version: string): Settings {
  if (!isAtLeast(version, '0.10')) return {}
  const className = isAtLeast(version, '3.1')
    ? 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'
    : isAtLeast(version, '2.4')
      ? 'kafka.security.authorizer.AclAuthorizer'
      : 'kafka.security.auth.SimpleAclAuthorizer'
  return { 'authorizer.class.name': className, 'super.users': 'User:ANONYMOUS' }
}
