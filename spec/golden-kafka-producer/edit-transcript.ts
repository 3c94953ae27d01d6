/** Changed copies of transcripts, for the specs of the comparison. */
import { differences } from './compare.js'
import {
  type Golden,
  type RecordedBatch,
  type RecordedEvent,
  type RecordedRequest,
  readGolden,
  type Transcript,
} from './scenario.js'
import { traceOfTranscript } from './trace.js'

const golden = readGolden()

function named(name: string): Golden {
  return golden.find(({ scenario }) => scenario.name === name)!
}

/** What the comparison says of a changed copy of the transcript. */
export function differencesAfter(name: string, change: (copy: Transcript) => void): string[] {
  const { scenario, transcript } = named(name)
  const copy = structuredClone(transcript)
  change(copy)
  return differences(scenario, traceOfTranscript(transcript), traceOfTranscript(copy))
}

export function requests({ wire }: Transcript, api: string): RecordedRequest[] {
  return wire.filter((event): event is RecordedRequest => event.kind === 'request' && event.api === api)
}

export function firstBatch(transcript: Transcript, request = 0): RecordedBatch {
  const body = requests(transcript, 'Produce')[request]!.body as unknown as {
    topicData: { partitionData: { batches: RecordedBatch[] }[] }[]
  }
  return body.topicData[0]!.partitionData[0]!.batches[0]!
}

export function events<K extends RecordedEvent['kind']>(transcript: Transcript, kind: K): OfKind<K>[] {
  return transcript.events.filter((event): event is OfKind<K> => event.kind === kind)
}

export type OfKind<K> = RecordedEvent & { kind: K }

export function swap<T>(list: T[], a: number, b: number): void {
  ;[list[a], list[b]] = [list[b]!, list[a]!]
}

export function remove<T>(list: T[], item: T): void {
  list.splice(list.indexOf(item), 1)
}
