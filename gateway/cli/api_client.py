"""A signed client of the ERP API, as an ERP would write one: standard library only."""

from __future__ import annotations

import http.client
import json
import secrets
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gateway.domain.errors import Corrupt, NotSent
from gateway.signing.request_signature import (
    KEY_HEADER,
    NONCE_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    SignedRequest,
    sign,
)

_TIMEOUT_S: Final = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answered."""

    status: int
    body: bytes

    def json(self) -> dict[str, object]:
        """The body as a JSON object; raises Corrupt when it is none."""
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise Corrupt("the answer is not an object", "应答不是对象")
        return value


class ApiClient:
    """Calls an API as one key. ``key_id`` '' calls without signing (the sandbox's admin API)."""

    def __init__(
        self, address: str, key_id: str = "", secret: bytes = b"", timeout_s: float = _TIMEOUT_S
    ) -> None:
        self._address = urlsplit(address)
        self._timeout_s = timeout_s
        self._key_id = key_id
        self._secret = secret
        self._connection: http.client.HTTPConnection | None = None

    def call(
        self, method: str, target: str, body: bytes = b"", *, accept: str = "application/json"
    ) -> Answer:
        """One request. Raises NotSent when nobody listens, OSError when the answer is cut off."""
        path, _, query = target.partition("?")
        headers = {"Content-Type": "application/json", "Accept": accept}
        if self._key_id:
            request = SignedRequest(
                method=method,
                path=path,
                query=query,
                timestamp=str(int(time.time())),
                nonce=secrets.token_hex(16),
                body=body,
            )
            headers |= {
                KEY_HEADER: self._key_id,
                TIMESTAMP_HEADER: request.timestamp,
                NONCE_HEADER: request.nonce,
                SIGNATURE_HEADER: sign(self._secret, request),
            }
        connection = self._connected()
        try:
            connection.request(method, target, body=body or None, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, response.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def post(self, target: str, content: object) -> Answer:
        """POST a JSON document."""
        return self.call("POST", target, json.dumps(content, ensure_ascii=False).encode())

    def get(self, target: str) -> dict[str, object]:
        """GET a JSON object; raises Corrupt when the answer is an error."""
        answer = self.call("GET", target)
        if answer.status != http.client.OK:
            raise Corrupt(f"{target} answered {answer.status}", f"{target} 应答 {answer.status}")
        return answer.json()

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            made = http.client.HTTPConnection(
                self._address.hostname or "", self._address.port or 80, timeout=self._timeout_s
            )
            try:
                made.connect()
            except OSError as error:
                raise NotSent("nobody listens there", "对方未监听") from error
            self._connection = made
        return self._connection
