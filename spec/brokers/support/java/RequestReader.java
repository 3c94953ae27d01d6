import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.message.AddOffsetsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.RecordBatch;

/**
 * Says what is in requests, by Kafka's own classes, for the broker specs.
 *
 * Reads one request a line, in hexadecimal, without its length. Answers each with lines of fields separated by tabs: what
 * it is, then for Produce each partition and each of its records, for Metadata each topic, for those of transactions whose
 * and what they are about; then "end" and how many bytes were left, or "error" and a message. Bytes are in base64, null is "-", which base64 never is.
 */
public final class RequestReader {
  private static final Base64.Encoder BASE64 = Base64.getEncoder();

  public static void main(String[] arguments) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(line));
      try {
        print(bytes, out);
        out.print("end\t" + bytes.remaining() + "\n");
      } catch (Exception e) {
        out.print("error\t" + e.toString().replaceAll("\\s+", " ") + "\n");
      }
    }
    out.flush();
  }

  private static void print(ByteBuffer bytes, PrintStream out) {
    ApiKeys api = ApiKeys.forId(bytes.getShort(bytes.position()));
    short version = bytes.getShort(bytes.position() + 2);
    ByteBufferAccessor readable = new ByteBufferAccessor(bytes);
    RequestHeaderData header = new RequestHeaderData(readable, api.requestHeaderVersion(version));
    out.print(api.name + "\t" + version + "\t" + header.correlationId() + "\t" + header.clientId() + "\n");
    switch (api) {
      case PRODUCE -> produce(new ProduceRequestData(readable, version), out);
      case METADATA -> metadata(new MetadataRequestData(readable, version), out);
      case API_VERSIONS -> versions(new ApiVersionsRequestData(readable, version), out);
      case FIND_COORDINATOR -> coordinator(new FindCoordinatorRequestData(readable, version), out);
      case INIT_PRODUCER_ID -> producerId(new InitProducerIdRequestData(readable, version), out);
      case ADD_PARTITIONS_TO_TXN -> partitions(new AddPartitionsToTxnRequestData(readable, version), out);
      case ADD_OFFSETS_TO_TXN -> group(new AddOffsetsToTxnRequestData(readable, version), out);
      case TXN_OFFSET_COMMIT -> offsets(new TxnOffsetCommitRequestData(readable, version), out);
      case END_TXN -> end(new EndTxnRequestData(readable, version), out);
      default -> throw new IllegalArgumentException("not printed here: " + api.name);
    }
  }

  /** One key up to v3, a list from v4 on. */
  private static void coordinator(FindCoordinatorRequestData request, PrintStream out) {
    out.print("kind\t" + request.keyType() + "\n");
    out.print("keys\t" + request.key() + "\t" + String.join(",", request.coordinatorKeys()) + "\n");
  }

  private static void producerId(InitProducerIdRequestData request, PrintStream out) {
    transaction(request.transactionalId(), request.producerId(), request.producerEpoch(), out);
    out.print("timeout\t" + request.transactionTimeoutMs() + "\n");
  }

  private static void partitions(AddPartitionsToTxnRequestData request, PrintStream out) {
    String id = request.v3AndBelowTransactionalId();
    transaction(id, request.v3AndBelowProducerId(), request.v3AndBelowProducerEpoch(), out);
    request.v3AndBelowTopics().forEach(topic -> {
      out.print("partitions\t" + topic.name() + "\t" + topic.partitions() + "\n");
    });
  }

  private static void group(AddOffsetsToTxnRequestData request, PrintStream out) {
    transaction(request.transactionalId(), request.producerId(), request.producerEpoch(), out);
    out.print("group\t" + request.groupId() + "\n");
  }

  private static void offsets(TxnOffsetCommitRequestData request, PrintStream out) {
    transaction(request.transactionalId(), request.producerId(), request.producerEpoch(), out);
    out.print("group\t" + request.groupId() + "\t" + request.generationId() + "\t" + request.memberId());
    out.print("\t" + request.groupInstanceId() + "\n");
    for (TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic topic : request.topics()) {
      for (TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition partition : topic.partitions()) {
        out.print("offset\t" + topic.name() + "\t" + partition.partitionIndex() + "\t" + partition.committedOffset());
        out.print("\t" + partition.committedLeaderEpoch() + "\t" + partition.committedMetadata() + "\n");
      }
    }
  }

  private static void end(EndTxnRequestData request, PrintStream out) {
    transaction(request.transactionalId(), request.producerId(), request.producerEpoch(), out);
    out.print("committed\t" + request.committed() + "\n");
  }

  private static void transaction(String id, long producerId, short epoch, PrintStream out) {
    out.print("transaction\t" + id + "\t" + producerId + "\t" + epoch + "\n");
  }

  private static void versions(ApiVersionsRequestData request, PrintStream out) {
    out.print("software\t" + request.clientSoftwareName() + "\t" + request.clientSoftwareVersion() + "\n");
  }

  private static void metadata(MetadataRequestData request, PrintStream out) {
    out.print("create\t" + request.allowAutoTopicCreation() + "\n");
    for (MetadataRequestData.MetadataRequestTopic topic : request.topics()) {
      out.print("topic\t" + topic.name() + "\t" + topic.topicId() + "\n");
    }
  }

  private static void produce(ProduceRequestData request, PrintStream out) {
    out.print("acks\t" + request.acks() + "\t" + request.timeoutMs() + "\t" + request.transactionalId() + "\n");
    for (ProduceRequestData.TopicProduceData topic : request.topicData()) {
      for (ProduceRequestData.PartitionProduceData partition : topic.partitionData()) {
        out.print("partition\t" + nameOf(topic) + "\t" + partition.index() + "\n");
        for (RecordBatch batch : ((MemoryRecords) partition.records()).batches()) printBatch(batch, out);
      }
    }
  }

  private static String nameOf(ProduceRequestData.TopicProduceData topic) {
    return topic.name() == null || topic.name().isEmpty() ? idOf(topic) : topic.name();
  }

  private static String idOf(ProduceRequestData.TopicProduceData topic) {
    try {
      // Releases before 4.1 have no such field.
      return ((Uuid) topic.getClass().getMethod("topicId").invoke(topic)).toString();
    } catch (ReflectiveOperationException e) {
      return "";
    }
  }

  private static void printBatch(RecordBatch batch, PrintStream out) {
    batch.ensureValid(); // checks the CRC
    out.print("batch\t" + batch.magic() + "\t" + batch.compressionType().name);
    out.print("\t" + batch.producerId() + "\t" + batch.producerEpoch() + "\t" + batch.baseSequence());
    out.print("\t" + batch.isTransactional() + "\n");
    for (org.apache.kafka.common.record.Record record : batch) {
      StringBuilder line = new StringBuilder("record\t").append(record.timestamp());
      line.append('\t').append(base64(record.key())).append('\t').append(base64(record.value()));
      for (Header header : record.headers()) {
        line.append('\t').append(header.key());
        line.append('\t').append(header.value() == null ? "-" : BASE64.encodeToString(header.value()));
      }
      out.append(line).append('\n');
    }
  }

  private static String base64(ByteBuffer content) {
    if (content == null) return "-";
    byte[] bytes = new byte[content.remaining()];
    content.duplicate().get(bytes);
    return BASE64.encodeToString(bytes);
  }
}
