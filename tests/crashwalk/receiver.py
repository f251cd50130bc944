"""The ERP's end of the webhooks: takes each event once, remembers every attempt."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from gateway.signing.webhook_signature import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    is_signed,
)

KEY = b"only-for-these-tests-webhooks"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Receiver:
    """Listens from entering to leaving. Its first request of all meets a failure of its own."""

    def __init__(self) -> None:
        self.events: dict[str, bytes] = {}
        """Event → its body, in the order of first arrival."""
        self.wrong: list[str] = []
        self.attempts = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def settings(self) -> list[str]:
        """What the gateway is told of it."""
        return [
            *("[[tenant.webhook]]", 'id = "erp"', f'secret = "{SECRET}"'),
            *(f'url = "http://127.0.0.1:{self.port}/hook"', "[tenant.egress]"),
            *('networks = ["127.0.0.0/8"]', "plain_http = true", f"ports = [{self.port}]"),
        ]

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """One attempt; the status to answer with."""
        event, stamp = headers[ID_HEADER], int(headers[TIMESTAMP_HEADER])
        with self._lock:
            self.attempts += 1
            if not is_signed(KEY, event, stamp, body, headers[SIGNATURE_HEADER]):
                self.wrong.append(f"wrong: event {event} is not signed")
            if self.attempts == 1:
                return 500
            if self.events.setdefault(event, body) != body:
                self.wrong.append(f"wrong: event {event} came with other content")
        return 204

    def told(self) -> dict[str, list[str]]:
        """ERP reference → the states it was told, in the order they came."""
        told: dict[str, list[str]] = {}
        for body in tuple(self.events.values()):
            subject = json.loads(body)["instruction"]
            told.setdefault(subject["erp_reference"], []).append(subject["state"])
        return told

    def complaints(self) -> list[str]:
        """What is wrong with what came: gaps, versions that overtook each other."""
        documents = [json.loads(body) for body in self.events.values()]
        sequences = sorted(it["sequence"] for it in documents)
        broken = list(self.wrong)
        if sequences != list(range(1, len(sequences) + 1)):
            broken.append(f"lost: the events number {sequences}")
        versions: dict[str, int] = {}
        for it in documents:
            name, version = it["instruction"]["id"], it["instruction"]["version"]
            if versions.get(name, -1) >= version:
                broken.append(f"wrong: {name} is told version {version} after {versions[name]}")
            versions[name] = version
        return broken


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.take(self.headers, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler
