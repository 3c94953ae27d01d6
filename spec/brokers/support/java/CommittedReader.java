import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Reads a topic from its beginning to its end with Kafka's own consumer, for the exactly-once specs.
 *
 * Arguments: bootstrap servers, topic, isolation level, time limit in milliseconds, then consumer groups. Prints a line
 * "record", partition, offset, value for each record; "blocked", partition for one that could not be read to its end in
 * time, because a transaction is open; "group", name, offset for each group with an offset for partition 0; then "end". Fields
 * are separated by tabs.
 */
public final class CommittedReader {
  public static void main(String[] arguments) {
    FileOutputStream stdout = new FileOutputStream(FileDescriptor.out);
    PrintStream out = new PrintStream(new BufferedOutputStream(stdout, 1 << 16), false, StandardCharsets.UTF_8);
    read(arguments[0], arguments[1], arguments[2], Long.parseLong(arguments[3]), out);
    for (int i = 4; i < arguments.length; i++) printGroup(arguments[0], arguments[1], arguments[i], out);
    out.print("end\n");
    out.flush();
  }

  private static void read(String bootstrap, String topic, String isolation, long limitMs, PrintStream out) {
    Map<TopicPartition, Long> ends;
    try (KafkaConsumer<String, String> all = consumer(bootstrap, "read_uncommitted", null)) {
      ends = all.endOffsets(partitionsOf(all, topic)); // for a consumer of committed records the end is where it is blocked
    }
    try (KafkaConsumer<String, String> consumer = consumer(bootstrap, isolation, null)) {
      consumer.assign(ends.keySet());
      consumer.seekToBeginning(ends.keySet());
      long deadline = System.nanoTime() + limitMs * 1_000_000;
      while (System.nanoTime() < deadline && !behind(consumer, ends).isEmpty()) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
          out.print("record\t" + record.partition() + "\t" + record.offset() + "\t" + record.value() + "\n");
        }
      }
      for (TopicPartition partition : behind(consumer, ends)) out.print("blocked\t" + partition.partition() + "\n");
    }
  }

  private static List<TopicPartition> behind(KafkaConsumer<String, String> consumer, Map<TopicPartition, Long> ends) {
    List<TopicPartition> behind = new ArrayList<>();
    ends.forEach((partition, end) -> {
      if (consumer.position(partition) < end) behind.add(partition);
    });
    return behind;
  }

  private static List<TopicPartition> partitionsOf(KafkaConsumer<String, String> consumer, String topic) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (PartitionInfo info : consumer.partitionsFor(topic)) {
      partitions.add(new TopicPartition(topic, info.partition()));
    }
    return partitions;
  }

  private static void printGroup(String bootstrap, String topic, String group, PrintStream out) {
    TopicPartition partition = new TopicPartition(topic, 0);
    try (KafkaConsumer<String, String> consumer = consumer(bootstrap, "read_committed", group)) {
      OffsetAndMetadata committed = consumer.committed(Set.of(partition)).get(partition);
      if (committed != null) out.print("group\t" + group + "\t" + committed.offset() + "\n");
    }
  }

  private static KafkaConsumer<String, String> consumer(String bootstrap, String isolation, String group) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("isolation.level", isolation);
    settings.put("enable.auto.commit", "false");
    settings.put("auto.offset.reset", "none");
    if (group != null) settings.put("group.id", group);
    return new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
  }
}
