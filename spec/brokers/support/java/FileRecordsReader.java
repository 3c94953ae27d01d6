import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.FileRecords;
import org.apache.kafka.common.record.RecordBatch;

/**
 * Prints the records of log files, for the broker specs; compiled against kafka-clients 3.9.2, whose
 * FileRecords opens the logs of every broker from 0.8.0 to 4.4.0.
 *
 * Reads one request per line: partition, file, partition, file ..., separated by tabs. Answers each with one line
 * per record, then "end", or "error" and a message. A record is partition, offset, timestamp, codec, magic, producer id and
 * epoch, whether it is transactional, key, value, then name and value of each header, separated by tabs; bytes are in base64, null is "-", which
 * base64 never is. The control records of transactions are left out, as consumers leave them out.
 */
public final class FileRecordsReader {
  private static final Base64.Encoder BASE64 = Base64.getEncoder();

  public static void main(String[] arguments) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    FileOutputStream stdout = new FileOutputStream(FileDescriptor.out);
    PrintStream out = new PrintStream(new BufferedOutputStream(stdout, 1 << 16), false, StandardCharsets.UTF_8);
    for (String request = in.readLine(); request != null; request = in.readLine()) {
      answer(request, out);
      out.flush();
    }
  }

  private static void answer(String request, PrintStream out) {
    String[] parts = request.split("\t");
    try {
      for (int i = 0; i + 1 < parts.length; i += 2) printFile(parts[i], new File(parts[i + 1]), out);
      out.print("end\n");
    } catch (Exception e) {
      out.print("error\t" + e.toString().replaceAll("\\s+", " ") + "\n");
    }
  }

  private static void printFile(String partition, File file, PrintStream out) throws IOException {
    FileRecords records = FileRecords.open(file, false, true, 0, false);
    try {
      for (RecordBatch batch : records.batches()) {
        batch.ensureValid(); // checks the CRC
        if (!batch.isControlBatch()) printBatch(partition, batch, out);
      }
    } finally {
      records.closeHandlers(); // close() would truncate the file to the size it had when it was opened
    }
  }

  private static void printBatch(String partition, RecordBatch batch, PrintStream out) {
    // The short name Record is ambiguous since Java 16.
    for (org.apache.kafka.common.record.Record record : batch) {
      StringBuilder line = new StringBuilder(partition);
      line.append('\t').append(record.offset()).append('\t').append(record.timestamp());
      line.append('\t').append(batch.compressionType().name).append('\t').append(batch.magic());
      line.append('\t').append(batch.producerId()).append('\t').append(batch.producerEpoch());
      line.append('\t').append(batch.isTransactional());
      line.append('\t').append(base64(record.key())).append('\t').append(base64(record.value()));
      for (Header header : record.headers()) {
        line.append('\t').append(BASE64.encodeToString(header.key().getBytes(StandardCharsets.UTF_8)));
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
