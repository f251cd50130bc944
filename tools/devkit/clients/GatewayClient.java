import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A client of the gateway in plain Java (11 or newer), JDK only.
 *
 * <pre>
 * java GatewayClient.java vectors vectors.tsv
 * java GatewayClient.java pay  URL KEY SECRET payment.json
 * java GatewayClient.java file URL KEY SECRET DIALECT payments.xml
 * java GatewayClient.java status URL KEY SECRET ID
 * </pre>
 *
 * Three rules. A request that got no answer is sent again with the SAME erp_reference: it is
 * accepted once. A state UNCONFIRMED is no failure: never send that payment under a new
 * reference. Amounts are texts, never numbers.
 */
public final class GatewayClient {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String url;
    private final String key;
    private final byte[] secret;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

    public GatewayClient(String url, String key, String secret) {
        this.url = url.replaceAll("/+$", "");
        this.key = key;
        this.secret = secret.getBytes(StandardCharsets.UTF_8);
    }

    /** Hex HMAC-SHA256 over method, path and sorted query, time stamp, nonce, body digest. */
    public static String signature(
            byte[] secret, String method, String path, String query,
            String timestamp, String nonce, byte[] body)
            throws GeneralSecurityException {
        List<String> pairs = new ArrayList<>();
        for (String pair : query.split("&")) {
            if (!pair.isEmpty()) {
                pairs.add(pair);
            }
        }
        pairs.sort(Comparator.comparing(pair -> pair.split("=", 2)[0]));
        String target = pairs.isEmpty() ? path : path + "?" + String.join("&", pairs);
        String digest = hex(MessageDigest.getInstance("SHA-256").digest(body));
        String signed = String.join("\n", method, target, timestamp, nonce, digest);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret, "HmacSHA256"));
        return hex(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8)));
    }

    private static String hex(byte[] bytes) {
        StringBuilder made = new StringBuilder();
        for (byte one : bytes) {
            made.append(String.format("%02x", one));
        }
        return made.toString();
    }

    /** One signed request. A refusal is an answer too, with its problem document. */
    public HttpResponse<String> call(
            String method, String path, String query, byte[] body, String contentType)
            throws GeneralSecurityException, IOException, InterruptedException {
        byte[] random = new byte[16];
        RANDOM.nextBytes(random);
        String nonce = hex(random);
        String timestamp = Long.toString(Instant.now().getEpochSecond());
        String signed = signature(secret, method, path, query, timestamp, nonce, body);
        HttpRequest.Builder request = HttpRequest
                .newBuilder(URI.create(url + path + (query.isEmpty() ? "" : "?" + query)))
                .timeout(Duration.ofSeconds(30))
                .header("X-Gw-Key", key)
                .header("X-Gw-Timestamp", timestamp)
                .header("X-Gw-Nonce", nonce)
                .header("X-Gw-Signature", signed);
        if (body.length > 0) {
            request.header("Content-Type", contentType);
        }
        request.method(method, body.length == 0
                ? HttpRequest.BodyPublishers.noBody()
                : HttpRequest.BodyPublishers.ofByteArray(body));
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** Submit one payment (JSON). Safe to repeat as it is. */
    public HttpResponse<String> pay(byte[] payment) throws Exception {
        return call("POST", "/v1/instructions", "", payment, "application/json");
    }

    /** Submit a payment file in a dialect such as iso20022 or canonical/v2. */
    public HttpResponse<String> file(String dialect, byte[] content) throws Exception {
        String query = "erp=" + URLEncoder.encode(dialect, StandardCharsets.UTF_8);
        return call("POST", "/v1/files", query, content, "application/octet-stream");
    }

    /** Where an instruction stands. */
    public HttpResponse<String> status(String instruction) throws Exception {
        return call("GET", "/v1/instructions/" + instruction, "", new byte[0], "");
    }

    private static int checkVectors(Path path) throws Exception {
        List<String> lines = Files.readAllLines(path, StandardCharsets.UTF_8);
        byte[] secret = lines.get(0).split("\t", -1)[1].getBytes(StandardCharsets.UTF_8);
        int wrong = 0;
        for (String line : lines.subList(1, lines.size())) {
            String[] it = line.split("\t", -1);
            byte[] body = Base64.getDecoder().decode(it[6]);
            String made = signature(secret, it[1], it[2], it[3], it[4], it[5], body);
            boolean right = made.equals(it[7]);
            System.out.println((right ? "ok   " : "WRONG") + " " + it[0]);
            wrong += right ? 0 : 1;
        }
        return wrong;
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 2 && arguments[0].equals("vectors")) {
            System.exit(checkVectors(Path.of(arguments[1])) == 0 ? 0 : 1);
        }
        GatewayClient gateway = new GatewayClient(arguments[1], arguments[2], arguments[3]);
        HttpResponse<String> answer;
        switch (arguments[0]) {
            case "pay":
                answer = gateway.pay(Files.readAllBytes(Path.of(arguments[4])));
                break;
            case "file":
                answer = gateway.file(arguments[4], Files.readAllBytes(Path.of(arguments[5])));
                break;
            default:
                answer = gateway.status(arguments[4]);
        }
        System.out.println(answer.statusCode() + " " + answer.body());
        System.exit(answer.statusCode() < 300 ? 0 : 1);
    }
}
