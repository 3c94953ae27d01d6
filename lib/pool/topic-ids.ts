/**
 * Produce v13 and later name topics by id; all other code uses names.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-516
 */
import {
  hasTopicId,
  type ProduceRequest,
  type ProduceResponse,
  topicIdText,
} from '../protocol/messages/index.js'

/** The first version of Produce without topic names. */
export const VERSION_OF_TOPIC_IDS = 13

/** Whether the ids of all topics are known. */
export function canNameById({ topics }: ProduceRequest): boolean {
  return topics.every(({ topicId }) => hasTopicId(topicId))
}

/** An answer with the names that belong to its ids; an id that was not asked for stays without a name. */
export function withTopicNames(response: ProduceResponse, request: ProduceRequest): ProduceResponse {
  if (!response.topics.some(({ topicId }) => hasTopicId(topicId))) return response
  const names = new Map(request.topics.map(({ topicId, name }) => [topicIdText(topicId), name]))
  return {
    ...response,
    topics: response.topics.map((topic) => ({ ...topic, name: names.get(topicIdText(topic.topicId)) ?? '' })),
  }
}
