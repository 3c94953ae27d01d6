/** The names of Kafka's serializers → their classes here. */
import { ListSerializer } from './list-serializer.js'
import type { Serializer } from './serializer.js'
import * as serializers from './serializers.js'

const PACKAGE = 'org.apache.kafka.common.serialization.'

export const serializerClasses: ReadonlyMap<string, new () => Serializer> = new Map(
  Object.entries({ ...serializers, ListSerializer }).map(([name, type]) => [
    PACKAGE + name,
    type as new () => Serializer,
  ]),
)
