/**
 * Class names of the modern Java client → the name that does the same here. Data only; used in hints.
 */
export const classicClassByModernName: ReadonlyMap<string, string> = new Map([
  ['org.apache.kafka.common.serialization.StringSerializer', 'kafka.serializer.StringEncoder'],
  ['org.apache.kafka.common.serialization.ByteArraySerializer', 'kafka.serializer.DefaultEncoder'],
  ['org.apache.kafka.common.serialization.BytesSerializer', 'kafka.serializer.DefaultEncoder'],
  ['org.apache.kafka.common.serialization.ByteBufferSerializer', 'kafka.serializer.DefaultEncoder'],
  ['org.apache.kafka.common.serialization.LongSerializer', 'kafka.serializer.LongEncoder'],
  ['org.apache.kafka.common.serialization.IntegerSerializer', 'kafka.serializer.IntegerEncoder'],
  ['org.apache.kafka.common.serialization.VoidSerializer', 'kafka.serializer.NullEncoder'],
  ['org.apache.kafka.clients.producer.internals.DefaultPartitioner', 'kafka.producer.DefaultPartitioner'],
])
