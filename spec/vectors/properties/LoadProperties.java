import java.io.*;
import java.util.*;

/**
 * Prints what java.util.Properties makes of a text: one line in, one line out.
 *
 * In: the text as hexadecimal UTF-16 code units, four digits each. Out: `ok` and the pairs in the order
 * in which they were put, `key=value` in the same hexadecimal form; or `error` and the class of the exception.
 */
public class LoadProperties {
  static final class Recording extends Properties {
    final List<String> puts = new ArrayList<>();

    @Override
    public synchronized Object put(Object key, Object value) {
      puts.add(hex((String) key) + "=" + hex((String) value));
      return super.put(key, value);
    }
  }

  public static void main(String[] args) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "US-ASCII"));
    PrintStream out = new PrintStream(new BufferedOutputStream(System.out), false, "US-ASCII");
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      Recording properties = new Recording();
      try {
        properties.load(new StringReader(text(line)));
        out.println(("ok " + String.join(" ", properties.puts)).trim());
      } catch (RuntimeException e) {
        out.println("error " + e.getClass().getName());
      }
    }
    out.flush();
  }

  static String text(String hex) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < hex.length(); i += 4) text.append((char) Integer.parseInt(hex.substring(i, i + 4), 16));
    return text.toString();
  }

  static String hex(String text) {
    StringBuilder hex = new StringBuilder();
    for (char c : text.toCharArray()) hex.append(String.format("%04x", (int) c));
    return hex.toString();
  }
}
