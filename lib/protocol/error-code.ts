/**
 * Kafka's error codes, and what a producer does with the messages of a produce answer that has one. The one table of it:
 * a new code is one row here.
 *
 * @see https://kafka.apache.org/protocol#protocol_error_codes, docs/reference/faults.md#error-codes-in-a-produce-answer
 */

/** What is done with the messages of a partition: nothing more, all of them again, none of them again, in two halves. */
export type ErrorAction = 'delivered' | 'retry' | 'fail' | 'split'

/** Columns that only a produce answer needs. */
interface ProduceColumns {
  readonly action: ErrorAction
  /** Whether the messages may be stored in spite of the error. `'acks -1'`: with acks −1 they may be. */
  readonly isAmbiguous: boolean | 'acks -1'
}

export interface ErrorCode extends ProduceColumns {
  readonly code: number
  /** Kafka's present name, e.g. `NOT_LEADER_OR_FOLLOWER`. */
  readonly name: string
  /** The Java client's word on it; what is done here is `action`. */
  readonly retriable: boolean
  /** For people; empty where no producer meets the code, transactional ones included. */
  readonly description: string
}

/** Where a row says nothing: the Scala producer retried every code. */
const byDefault: ProduceColumns = { action: 'retry', isAmbiguous: false }

type Row = readonly [
  code: number,
  name: string,
  retriable: boolean,
  description?: string,
  columns?: Partial<ProduceColumns>,
]

const rows: readonly Row[] = [
  [
    -1,
    'UNKNOWN_SERVER_ERROR',
    false,
    'the broker failed unexpectedly; its log says why',
    { isAmbiguous: true },
  ],
  [0, 'NONE', false, '', { action: 'delivered' }],
  [1, 'OFFSET_OUT_OF_RANGE', false],
  [2, 'CORRUPT_MESSAGE', true, 'the broker found a wrong checksum or size'],
  [
    3,
    'UNKNOWN_TOPIC_OR_PARTITION',
    true,
    'this broker does not host the topic or partition, or it does not exist',
  ],
  [4, 'INVALID_FETCH_SIZE', false],
  [5, 'LEADER_NOT_AVAILABLE', true, 'an election or the creation of the topic is under way'],
  // A leader that is deposed while it waits for replicas, as with acks −1, has stored the messages.
  [
    6,
    'NOT_LEADER_OR_FOLLOWER',
    true,
    'another broker leads the partition by now',
    { isAmbiguous: 'acks -1' },
  ],
  [
    7,
    'REQUEST_TIMED_OUT',
    true,
    'the replicas did not confirm within request.timeout.ms',
    { isAmbiguous: true },
  ],
  [8, 'BROKER_NOT_AVAILABLE', false, 'the broker is not available'],
  [9, 'REPLICA_NOT_AVAILABLE', true, 'a replica is not available'],
  [
    10,
    'MESSAGE_TOO_LARGE',
    false,
    'a message or compressed set is larger than max.message.bytes of the topic, or, where that is not set, message.max.bytes of the broker; before Kafka 0.10.1 replica.fetch.max.bytes has to be as large',
    { action: 'split' },
  ],
  [11, 'STALE_CONTROLLER_EPOCH', false],
  [12, 'OFFSET_METADATA_TOO_LARGE', false],
  [13, 'NETWORK_EXCEPTION', true, 'the broker lost a connection it needed', { isAmbiguous: true }],
  [14, 'COORDINATOR_LOAD_IN_PROGRESS', true, 'the coordinator is still reading its log'],
  [15, 'COORDINATOR_NOT_AVAILABLE', true, 'there is no coordinator at the moment'],
  [16, 'NOT_COORDINATOR', true, 'another broker coordinates this by now'],
  [
    17,
    'INVALID_TOPIC_EXCEPTION',
    false,
    'the topic name is not legal, or the topic is internal',
    { action: 'fail' },
  ],
  [18, 'RECORD_LIST_TOO_LARGE', false, 'the set is larger than a log segment', { action: 'split' }],
  [19, 'NOT_ENOUGH_REPLICAS', true, 'fewer replicas in sync than min.insync.replicas; nothing was written'],
  [
    20,
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    true,
    'written, but too few replicas were in sync to confirm it',
    { isAmbiguous: true },
  ],
  [21, 'INVALID_REQUIRED_ACKS', false, 'acks must be -1, 0 or 1', { action: 'fail' }],
  [22, 'ILLEGAL_GENERATION', false, 'the consumer group has moved on to another generation'],
  [23, 'INCONSISTENT_GROUP_PROTOCOL', false],
  [24, 'INVALID_GROUP_ID', false],
  [25, 'UNKNOWN_MEMBER_ID', false, 'the consumer group does not have this member'],
  [26, 'INVALID_SESSION_TIMEOUT', false],
  [27, 'REBALANCE_IN_PROGRESS', false],
  [28, 'INVALID_COMMIT_OFFSET_SIZE', false],
  [
    29,
    'TOPIC_AUTHORIZATION_FAILED',
    false,
    'this client may not write to the topic: its principal needs the operations Write and Describe on it',
    { action: 'fail' },
  ],
  [
    30,
    'GROUP_AUTHORIZATION_FAILED',
    false,
    'this client may not use the consumer group: its principal needs the operation Read on it',
  ],
  [
    31,
    'CLUSTER_AUTHORIZATION_FAILED',
    false,
    'this client may not do this on the cluster: for idempotence its principal needs the operation IdempotentWrite on it where brokers are older than 2.8; or set enable.idempotence to false',
    { action: 'fail' },
  ],
  [32, 'INVALID_TIMESTAMP', false, 'the timestamp is outside the limits of the topic', { action: 'fail' }],
  [33, 'UNSUPPORTED_SASL_MECHANISM', false, '', { action: 'fail' }],
  [34, 'ILLEGAL_SASL_STATE', false],
  [
    35,
    'UNSUPPORTED_VERSION',
    false,
    'the broker does not speak this version of the request',
    { action: 'fail' },
  ],
  [36, 'TOPIC_ALREADY_EXISTS', false],
  [37, 'INVALID_PARTITIONS', false],
  [38, 'INVALID_REPLICATION_FACTOR', false],
  [39, 'INVALID_REPLICA_ASSIGNMENT', false],
  [40, 'INVALID_CONFIG', false],
  [41, 'NOT_CONTROLLER', true],
  [42, 'INVALID_REQUEST', false, 'the broker found the request contradictory', { action: 'fail' }],
  [
    43,
    'UNSUPPORTED_FOR_MESSAGE_FORMAT',
    false,
    'the stored message format cannot hold this',
    { action: 'fail' },
  ],
  [44, 'POLICY_VIOLATION', false, 'a policy of the broker refused it', { action: 'fail' }],
  [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER', false, 'the sequence number does not follow the last one stored'],
  [46, 'DUPLICATE_SEQUENCE_NUMBER', false, 'the batch is stored already'],
  [
    47,
    'INVALID_PRODUCER_EPOCH',
    false,
    'a newer producer has the id, or the transaction was aborted by the coordinator',
  ],
  [48, 'INVALID_TXN_STATE', false, 'the transaction is not in a state that allows this'],
  [
    49,
    'INVALID_PRODUCER_ID_MAPPING',
    false,
    'the transactional id belongs to another producer id, or has expired',
  ],
  [
    50,
    'INVALID_TRANSACTION_TIMEOUT',
    false,
    'transaction.timeout.ms is above transaction.max.timeout.ms of the broker',
  ],
  [51, 'CONCURRENT_TRANSACTIONS', true, 'the last transaction is still being completed'],
  [52, 'TRANSACTION_COORDINATOR_FENCED', false],
  [
    53,
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    false,
    'this client may not use the transactional.id: its principal needs the operations Write and Describe on it',
    { action: 'fail' },
  ],
  [54, 'SECURITY_DISABLED', false, '', { action: 'fail' }],
  [55, 'OPERATION_NOT_ATTEMPTED', false],
  [56, 'KAFKA_STORAGE_ERROR', true, 'the disk of the leader failed', { isAmbiguous: true }],
  [57, 'LOG_DIR_NOT_FOUND', false],
  [58, 'SASL_AUTHENTICATION_FAILED', false, '', { action: 'fail' }],
  [59, 'UNKNOWN_PRODUCER_ID', false, 'the broker has no state of this producer id left'],
  [60, 'REASSIGNMENT_IN_PROGRESS', false],
  [61, 'DELEGATION_TOKEN_AUTH_DISABLED', false],
  [62, 'DELEGATION_TOKEN_NOT_FOUND', false],
  [63, 'DELEGATION_TOKEN_OWNER_MISMATCH', false],
  [64, 'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED', false],
  [65, 'DELEGATION_TOKEN_AUTHORIZATION_FAILED', false],
  [66, 'DELEGATION_TOKEN_EXPIRED', false],
  [67, 'INVALID_PRINCIPAL_TYPE', false],
  [68, 'NON_EMPTY_GROUP', false],
  [69, 'GROUP_ID_NOT_FOUND', false],
  [70, 'FETCH_SESSION_ID_NOT_FOUND', true],
  [71, 'INVALID_FETCH_SESSION_EPOCH', true],
  [72, 'LISTENER_NOT_FOUND', true, 'the leader has no listener of the kind that was used'],
  [73, 'TOPIC_DELETION_DISABLED', false],
  [74, 'FENCED_LEADER_EPOCH', true, 'the leader epoch is old'],
  [75, 'UNKNOWN_LEADER_EPOCH', true, 'the broker does not know the leader epoch yet'],
  [
    76,
    'UNSUPPORTED_COMPRESSION_TYPE',
    false,
    'the broker does not know this compression',
    { action: 'fail' },
  ],
  [77, 'STALE_BROKER_EPOCH', false],
  [78, 'OFFSET_NOT_AVAILABLE', true],
  [79, 'MEMBER_ID_REQUIRED', false],
  [80, 'PREFERRED_LEADER_NOT_AVAILABLE', true],
  [81, 'GROUP_MAX_SIZE_REACHED', false],
  [82, 'FENCED_INSTANCE_ID', false, 'another consumer has the same group.instance.id'],
  [83, 'ELIGIBLE_LEADERS_NOT_AVAILABLE', true],
  [84, 'ELECTION_NOT_NEEDED', true],
  [85, 'NO_REASSIGNMENT_IN_PROGRESS', false],
  [86, 'GROUP_SUBSCRIBED_TO_TOPIC', false],
  [87, 'INVALID_RECORD', false, 'the broker refused a record of the batch', { action: 'fail' }],
  [88, 'UNSTABLE_OFFSET_COMMIT', true],
  [89, 'THROTTLING_QUOTA_EXCEEDED', true, 'a quota is exceeded'],
  [90, 'PRODUCER_FENCED', false, 'a newer producer uses the same transactional.id'],
  [91, 'RESOURCE_NOT_FOUND', false],
  [92, 'DUPLICATE_RESOURCE', false],
  [93, 'UNACCEPTABLE_CREDENTIAL', false],
  [94, 'INCONSISTENT_VOTER_SET', false],
  [95, 'INVALID_UPDATE_VERSION', false],
  [96, 'FEATURE_UPDATE_FAILED', false],
  [97, 'PRINCIPAL_DESERIALIZATION_FAILURE', false],
  [98, 'SNAPSHOT_NOT_FOUND', false],
  [99, 'POSITION_OUT_OF_RANGE', false],
  [100, 'UNKNOWN_TOPIC_ID', true, 'the topic id is not known; the topic may have been created anew'],
  [101, 'DUPLICATE_BROKER_REGISTRATION', false],
  [102, 'BROKER_ID_NOT_REGISTERED', false],
  [103, 'INCONSISTENT_TOPIC_ID', true, 'the topic id does not fit the log'],
  [104, 'INCONSISTENT_CLUSTER_ID', false],
  [105, 'TRANSACTIONAL_ID_NOT_FOUND', false],
  [106, 'FETCH_SESSION_TOPIC_ID_ERROR', true],
  [107, 'INELIGIBLE_REPLICA', false],
  [108, 'NEW_LEADER_ELECTED', false],
  [109, 'OFFSET_MOVED_TO_TIERED_STORAGE', false],
  [110, 'FENCED_MEMBER_EPOCH', false],
  [111, 'UNRELEASED_INSTANCE_ID', false],
  [112, 'UNSUPPORTED_ASSIGNOR', false],
  [113, 'STALE_MEMBER_EPOCH', false],
  [114, 'MISMATCHED_ENDPOINT_TYPE', false],
  [115, 'UNSUPPORTED_ENDPOINT_TYPE', false],
  [116, 'UNKNOWN_CONTROLLER_ID', false],
  [117, 'UNKNOWN_SUBSCRIPTION_ID', false],
  [118, 'TELEMETRY_TOO_LARGE', false],
  [119, 'INVALID_REGISTRATION', false],
  [120, 'TRANSACTION_ABORTABLE', false, 'the transaction has failed and has to be aborted'],
  [121, 'INVALID_RECORD_STATE', false],
  [122, 'SHARE_SESSION_NOT_FOUND', true],
  [123, 'INVALID_SHARE_SESSION_EPOCH', true],
  [124, 'FENCED_STATE_EPOCH', false],
  [125, 'INVALID_VOTER_KEY', false],
  [126, 'DUPLICATE_VOTER', false],
  [127, 'VOTER_NOT_FOUND', false],
  [128, 'INVALID_REGULAR_EXPRESSION', false],
  [129, 'REBOOTSTRAP_REQUIRED', false, 'the broker asks clients to start again from the bootstrap list'],
  [130, 'STREAMS_INVALID_TOPOLOGY', false],
  [131, 'STREAMS_INVALID_TOPOLOGY_EPOCH', false],
  [132, 'STREAMS_TOPOLOGY_FENCED', false],
  [133, 'SHARE_SESSION_LIMIT_REACHED', true],
]

const byCode = new Map<number, ErrorCode>(
  rows.map(([code, name, retriable, description = '', columns]) => [
    code,
    { code, name, retriable, description, ...byDefault, ...columns },
  ]),
)

/** Looks a code up. One that is not in the table is named `UNKNOWN_<code>`, and nobody knows what it left behind. */
export function errorCode(code: number): ErrorCode {
  return (
    byCode.get(code) ?? {
      code,
      name: `UNKNOWN_${code}`,
      retriable: false,
      description: 'a code newer than this client',
      action: 'retry',
      isAmbiguous: true,
    }
  )
}

const byName = new Map<string, ErrorCode>([...byCode.values()].map((row) => [row.name, row]))

/** Looks a name up, Kafka's present one; undefined for one that is not in the table. */
export function errorCodeNamed(name: string): ErrorCode | undefined {
  return byName.get(name)
}
