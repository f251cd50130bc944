using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;

/// <summary>
/// A client of the gateway in plain C# (.NET 6 or newer), base library only.
///
/// dotnet run -- vectors vectors.tsv
/// dotnet run -- pay  URL KEY SECRET payment.json
/// dotnet run -- file URL KEY SECRET DIALECT payments.xml
/// dotnet run -- status URL KEY SECRET ID
///
/// Three rules. A request that got no answer is sent again with the SAME erp_reference: it is
/// accepted once. A state UNCONFIRMED is no failure: never send that payment under a new
/// reference. Amounts are texts, never numbers.
/// </summary>
public sealed class GatewayClient
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly string _url;
    private readonly string _key;
    private readonly byte[] _secret;

    public GatewayClient(string url, string key, string secret)
    {
        _url = url.TrimEnd('/');
        _key = key;
        _secret = Encoding.UTF8.GetBytes(secret);
    }

    /// <summary>Hex HMAC-SHA256 over method, path and sorted query, time stamp, nonce, body digest.</summary>
    public static string Signature(
        byte[] secret, string method, string path, string query,
        string timestamp, string nonce, byte[] body)
    {
        // OrderBy keeps the order of parameters of one name, as it must be.
        List<string> pairs = query.Split('&', StringSplitOptions.RemoveEmptyEntries)
            .OrderBy(pair => pair.Split('=', 2)[0], StringComparer.Ordinal)
            .ToList();
        string target = pairs.Count == 0 ? path : path + "?" + string.Join("&", pairs);
        string signed = string.Join("\n", method, target, timestamp, nonce, Hex(SHA256.HashData(body)));
        using var mac = new HMACSHA256(secret);
        return Hex(mac.ComputeHash(Encoding.UTF8.GetBytes(signed)));
    }

    private static string Hex(byte[] bytes) => Convert.ToHexString(bytes).ToLowerInvariant();

    /// <summary>One signed request. A refusal is an answer too, with its problem document.</summary>
    public async Task<(int Status, string Body)> Call(
        string method, string path, string query, byte[] body, string contentType)
    {
        string nonce = Hex(RandomNumberGenerator.GetBytes(16));
        string timestamp = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString();
        string signed = Signature(_secret, method, path, query, timestamp, nonce, body);
        string target = _url + path + (query.Length == 0 ? "" : "?" + query);
        using var request = new HttpRequestMessage(new HttpMethod(method), target);
        request.Headers.Add("X-Gw-Key", _key);
        request.Headers.Add("X-Gw-Timestamp", timestamp);
        request.Headers.Add("X-Gw-Nonce", nonce);
        request.Headers.Add("X-Gw-Signature", signed);
        if (body.Length > 0)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }
        using HttpResponseMessage answer = await Http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Submit one payment (JSON). Safe to repeat as it is.</summary>
    public Task<(int Status, string Body)> Pay(byte[] payment) =>
        Call("POST", "/v1/instructions", "", payment, "application/json");

    /// <summary>Submit a payment file in a dialect such as iso20022 or canonical/v2.</summary>
    public Task<(int Status, string Body)> File(string dialect, byte[] content) =>
        Call("POST", "/v1/files", "erp=" + Uri.EscapeDataString(dialect), content, "application/octet-stream");

    /// <summary>Where an instruction stands.</summary>
    public Task<(int Status, string Body)> Status(string instruction) =>
        Call("GET", "/v1/instructions/" + Uri.EscapeDataString(instruction), "", Array.Empty<byte>(), "");

    private static int CheckVectors(string path)
    {
        string[] lines = System.IO.File.ReadAllLines(path, Encoding.UTF8);
        byte[] secret = Encoding.UTF8.GetBytes(lines[0].Split('\t')[1]);
        int wrong = 0;
        foreach (string line in lines.Skip(1))
        {
            string[] it = line.Split('\t');
            byte[] body = Convert.FromBase64String(it[6]);
            bool right = Signature(secret, it[1], it[2], it[3], it[4], it[5], body) == it[7];
            Console.WriteLine((right ? "ok   " : "WRONG") + " " + it[0]);
            wrong += right ? 0 : 1;
        }
        return wrong;
    }

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments.Length == 2 && arguments[0] == "vectors")
        {
            return CheckVectors(arguments[1]) == 0 ? 0 : 1;
        }
        var gateway = new GatewayClient(arguments[1], arguments[2], arguments[3]);
        (int status, string body) = arguments[0] switch
        {
            "pay" => await gateway.Pay(System.IO.File.ReadAllBytes(arguments[4])),
            "file" => await gateway.File(arguments[4], System.IO.File.ReadAllBytes(arguments[5])),
            _ => await gateway.Status(arguments[4]),
        };
        Console.WriteLine(status + " " + body);
        return status < 300 ? 0 : 1;
    }
}
