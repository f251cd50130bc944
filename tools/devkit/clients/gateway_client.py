"""A client of the gateway in plain Python (3.8 or newer), standard library only.

    python gateway_client.py vectors vectors.tsv
    python gateway_client.py pay  URL KEY SECRET payment.json
    python gateway_client.py file URL KEY SECRET DIALECT payments.xml
    python gateway_client.py status URL KEY SECRET ID

Three rules. A request that got no answer is sent again with the SAME erp_reference: it is
accepted once. A state UNCONFIRMED is no failure: never send that payment under a new reference.
Amounts are texts, never numbers.
"""

import base64
import hashlib
import hmac
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


def signature(secret, method, path, query, timestamp, nonce, body):
    """The hex HMAC-SHA256 over method, path and sorted query, time stamp, nonce, body digest."""
    pairs = [pair for pair in query.split("&") if pair]
    pairs.sort(key=lambda pair: pair.split("=", 1)[0].encode())
    target = path + ("?" + "&".join(pairs) if pairs else "")
    digest = hashlib.sha256(body).hexdigest()
    signed = "\n".join((method, target, timestamp, nonce, digest))
    return hmac.new(secret, signed.encode(), hashlib.sha256).hexdigest()


class Gateway:
    """One API key of the gateway."""

    def __init__(self, url, key, secret, timeout_s=30):
        self._url, self._key = url.rstrip("/"), key
        self._secret, self._timeout_s = secret.encode(), timeout_s

    def call(self, method, path, query="", body=b"", content_type="application/json"):
        """One signed request: (status, body). A refusal is an answer too, with its problem."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        signed = signature(self._secret, method, path, query, timestamp, nonce, body)
        headers = {
            "X-Gw-Key": self._key,
            "X-Gw-Timestamp": timestamp,
            "X-Gw-Nonce": nonce,
            "X-Gw-Signature": signed,
        }
        if body:
            headers["Content-Type"] = content_type
        target = self._url + path + ("?" + query if query else "")
        request = urllib.request.Request(target, data=body or None, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read()

    def pay(self, payment):
        """Submit one payment (JSON bytes). Safe to repeat as it is."""
        return self.call("POST", "/v1/instructions", body=payment)

    def file(self, dialect, content):
        """Submit a payment file in a dialect such as iso20022 or canonical/v2."""
        query = "erp=" + urllib.parse.quote(dialect, safe="")
        return self.call("POST", "/v1/files", query, content, "application/octet-stream")

    def status(self, instruction):
        """Where an instruction stands."""
        return self.call("GET", "/v1/instructions/" + urllib.parse.quote(instruction, safe=""))


def check_vectors(path):
    """Compare with the published test vectors; the number of them that are wrong."""
    wrong = 0
    with open(path, encoding="utf-8") as vectors:
        secret = next(vectors).rstrip("\n").split("\t")[1].encode()
        for line in vectors:
            name, method, target, query, stamp, nonce, body, expected = line.rstrip("\n").split(
                "\t"
            )
            made = signature(secret, method, target, query, stamp, nonce, base64.b64decode(body))
            print(("ok   " if made == expected else "WRONG"), name)
            wrong += made != expected
    return wrong


def main(arguments):
    """The command line; exit code 0 where the gateway said 2xx."""
    if len(arguments) == 2 and arguments[0] == "vectors":
        return 1 if check_vectors(arguments[1]) else 0
    gateway = Gateway(*arguments[1:4])
    if arguments[0] == "pay":
        with open(arguments[4], "rb") as payment:
            status, body = gateway.pay(payment.read())
    elif arguments[0] == "file":
        with open(arguments[5], "rb") as content:
            status, body = gateway.file(arguments[4], content.read())
    else:
        status, body = gateway.status(arguments[4])
    print(status, body.decode())
    return 0 if status < 300 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
