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
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.RecordBatch;

/**
 * Says what is in requests, by Kafka's own classes, for the broker specs.
 *
 * Reads one request a line, in hexadecimal, without its length. Answers each with lines of fields separated by tabs: what
 * it is, then for Produce each partition and each of its records, for Metadata each topic; then "end" and how many
 * bytes were left, or "error" and a message. Bytes are in base64, null is "-", which base64 never is.
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
    if (api == ApiKeys.PRODUCE) produce(new ProduceRequestData(readable, version), out);
    else if (api == ApiKeys.METADATA) metadata(new MetadataRequestData(readable, version), out);
    else versions(new ApiVersionsRequestData(readable, version), out);
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
    out.print("batch\t" + batch.magic() + "\t" + batch.compressionType().name + "\n");
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
