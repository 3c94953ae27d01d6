/**
 * What a scripted cluster looks like and what goes wrong in it: the language of the scenarios in
 * spec/vectors/kafka-producer, whose README explains it.
 */
import type { ErrorName } from './error-codes.js'
import type { ApiName } from './messages.js'

export interface ClusterScript {
  brokers: number
  /** The release they pose as; 3.9 where not said. */
  kafka?: string
  /** Finalized levels of features, by name. */
  features?: Record<string, number>
  topics?: Record<string, TopicScript>
  /** Broker by `txn:ID` and `group:ID`. */
  coordinators?: Record<string, number>
  /** Brokers that do not listen. */
  down?: number[]
  /** Brokers that metadata leaves out. */
  unlisted?: number[]
  /** Topics that exist after so many requests for them. */
  autoCreate?: Record<string, { after: number; partitions: TopicScript['partitions'] }>
  /** False: answers to produce requests name no new leader. */
  leaderHints?: boolean
  /** Epoch of all leaders at the start. */
  firstEpoch?: number
}

export interface TopicScript {
  /** A count (partition n at broker n mod brokers), or for each partition its leader, −1 for none. */
  partitions: number | (number | { leader: number; error?: ErrorName })[]
  error?: ErrorName
  timestampType?: 'CreateTime' | 'LogAppendTime'
}

/** A change of the cluster. */
export interface Change {
  /** New leaders by `topic/partition`; −1 for none. */
  leader?: Record<string, number>
  /** New coordinators by `txn:ID` and `group:ID`. */
  coordinator?: Record<string, number>
  features?: Record<string, number>
  topics?: Record<string, TopicScript>
  down?: number | number[]
  up?: number | number[]
  /** Left out of metadata, or back in it. */
  unlist?: number | number[]
  list?: number | number[]
  /** Closes all connections of these brokers, which go on listening. */
  disconnect?: number | number[]
}

export interface Rule {
  on: ApiName
  broker?: number
  topic?: string
  partition?: number
  /** A record with this value is in the request. */
  record?: string
  /** Counts the requests that match, from 1. Without these every one. */
  nth?: number
  from?: number
  to?: number
  /** For the partitions that match, or for the request where it has one error for all. */
  error?: ErrorName
  /** By `topic/partition`. */
  partitionErrors?: Record<string, ErrorName>
  /** By topic, in answers to metadata requests. */
  topicErrors?: Record<string, ErrorName>
  /** Written in spite of the error. */
  append?: boolean
  recordErrors?: { index: number; message?: string }[]
  /** Answered when this name is released. */
  hold?: string
  /** Neither handled nor answered. */
  drop?: boolean
  /** The connection ends before the request is handled, or after it in place of the answer. */
  close?: 'before' | 'after'
  throttleMs?: number
  /** Leader named in the answer to a produce request, whoever leads. */
  hint?: { leaderId: number; leaderEpoch: number }
  logStartOffset?: number
  before?: Change
  then?: Change
}

/** What an operation `broker` asks of the cluster. */
export type BrokerCommand =
  | { wait: { api: ApiName; count: number; broker?: number } }
  | { release: string }
  | { do: Change }
