import java.io.ByteArrayInputStream;
import java.io.FileOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;

/**
 * Makes a PKCS12 store of PEM files, as brokers before 2.7 want one.
 *
 * StoreMaker key OUT PASSWORD KEY.pem CHAIN.pem, or StoreMaker trust OUT PASSWORD CA.pem
 */
public class StoreMaker {
    public static void main(String[] args) throws Exception {
        char[] password = args[2].toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, password);
        if (args[0].equals("key")) {
            String pem = Files.readString(Path.of(args[3]));
            byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
            PrivateKey key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
            store.setKeyEntry("broker", key, password, certificates(args[4]));
        } else {
            store.setCertificateEntry("ca", certificates(args[3])[0]);
        }
        try (FileOutputStream out = new FileOutputStream(args[1])) {
            store.store(out, password);
        }
    }

    private static Certificate[] certificates(String file) throws Exception {
        byte[] bytes = Files.readString(Path.of(file)).getBytes(StandardCharsets.UTF_8);
        return CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(bytes))
                .toArray(new Certificate[0]);
    }
}
