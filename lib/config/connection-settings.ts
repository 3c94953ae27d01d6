/**
 * The settings of talking to brokers: where they are, who we are, time-outs, buffers, protocol release.
 *
 * Data only. Keys, defaults and ranges of `classic` rows are those of Kafka's Scala producer 0.8.2.
 */
import { brokerReleases } from './broker-release.js'
import type { Setting } from './setting.js'

export const connectionSettings = [
  {
    key: 'metadata.broker.list',
    type: 'brokers',
    range: 'host:port,host:port,…; ports 1 to 65535; IPv6 as [::1]:9092',
    source: 'classic',
    since: '0.8.0',
    doc: 'Brokers for the first metadata request. Name two or three; the others are learned from them.',
    example: 'host1:9092,host2:9092',
  },
  {
    key: 'client.id',
    type: 'string',
    default: '',
    range: 'letters, digits and the characters . _ -',
    source: 'classic',
    since: '0.8.0',
    doc: 'Name of this producer in requests, in broker logs and quotas, and in metrics.',
  },
  {
    key: 'request.timeout.ms',
    type: 'int',
    unit: 'ms',
    default: '10000',
    min: 1,
    max: 2147483647,
    source: 'classic',
    since: '0.8.0',
    doc: 'How long a broker may wait for its replicas; also the limit for connecting, and, with a margin, for an answer.',
    defaultMeans: 'a request may take 10 seconds',
  },
  {
    key: 'topic.metadata.refresh.interval.ms',
    type: 'int',
    unit: 'ms',
    default: '600000',
    source: 'classic',
    since: '0.8.0',
    doc: 'Positive: interval of metadata refreshes. 0: before every send, which waits for it. Negative: only after a failure or for a new topic.',
    defaultMeans: 'topic metadata is refreshed every 10 minutes',
  },
  {
    key: 'send.buffer.bytes',
    type: 'int',
    unit: 'bytes',
    default: '102400',
    source: 'classic',
    since: '0.8.0',
    doc: 'The original set the send buffer of the socket, which Node cannot do for TCP. Here it is the mark from which a socket reports pressure; requests are not held back by it.',
  },
  {
    key: 'max.in.flight.requests.per.connection',
    type: 'int',
    unit: 'requests',
    default: '1',
    min: 1,
    source: 'ours',
    since: '0.1.0',
    doc: 'Maximum number of unanswered requests on one connection. Messages of one partition keep their order with any value: a partition has at most one request in flight, and later messages are held back while it is being retried.',
  },
  {
    key: 'receive.message.max.bytes',
    type: 'int',
    unit: 'bytes',
    default: '104857600',
    min: 1024,
    source: 'ours',
    since: '0.1.0',
    doc: 'Largest response accepted from a broker. A longer one closes the connection before it is buffered.',
  },
  {
    key: 'connections.max.idle.ms',
    type: 'long',
    unit: 'ms',
    default: '-1',
    source: 'ours',
    since: '0.2.0',
    doc: 'A connection that is not used for this long is closed, and made again for the next request; 0 or less: never. Below the limit of the brokers (10 minutes by default) and of firewalls, no request meets a connection that was closed in silence.',
    example: '540000',
  },
  {
    key: 'broker.version',
    type: 'string',
    default: 'auto',
    choices: ['auto', ...brokerReleases],
    range: 'auto, or a release from 0.8.0 to 4.4 with or without its last number (0.8.2.2, 3.9)',
    source: 'ours',
    since: '0.1.0',
    doc: 'auto: each broker is asked, and asked again after a reconnect, so nothing needs to be set when a cluster is upgraded. A release: its versions are used with every broker, without detection; the cluster must not be older.',
  },
] as const satisfies readonly Setting[]
