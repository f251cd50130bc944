"""Bytes on the real server's socket that are not one proper HTTP request, or never become one."""

from __future__ import annotations

import re
import secrets
import select
import socket
import subprocess
import sys
import textwrap
import time
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.runtime import SharedClock
from gateway.signing.request_signature import SignedRequest, sign
from tests.hostile.attacks import attacks, by_file, needs_further
from tests.integration.web.test_server import CONFIG
from tests.integration.web.world import SECRET
from tests.sandbox_json import START

HEAD_S, BODY_S, RATE = 1.0, 1.2, 64 << 10
POST = b"POST /v1/instructions HTTP/1.1\r\nHost: x\r\n"
SERVE = f"""
import sys
from pathlib import Path
from gateway.settings import load
from gateway.web.connection import Patience
from gateway.web.server import run
patience = Patience(head_s={HEAD_S}, body_s={BODY_S}, body_rate={RATE})
ready = lambda address: print(address, flush=True)
sys.exit(run(load(Path(sys.argv[1])), ready=ready, patience=patience))
"""
CASES = {
    "both lengths": (
        POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        400,
    ),
    "the other order": (
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nGET",
        400,
    ),
    "two lengths": (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "a signed length": (POST + b"Content-Length: +1\r\n\r\na", 400),
    "an endless length": (POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\na", 400),
    "an unknown coding": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    "a coding behind chunked": (POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
    "a chunk without a size": (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400),
    "a folded header": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: a\r\n  b\r\n\r\n", 400),
    "blank before the colon": (b"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    "line feeds alone": (b"GET /healthz HTTP/1.1\nHost: x\n\n", 400),
    "a zero in a header": (b"GET /healthz HTTP/1.1\r\nX-A: a\x00b\r\n\r\n", 400),
    "another protocol": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "encrypted": (bytes.fromhex("16030100a5010000a1030300"), 400),
    "a large header": (b"GET /healthz HTTP/1.1\r\nX-A: " + b"a" * 60_000 + b"\r\n\r\n", 431),
    "a large target": (b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\n\r\n", 431),
    "many headers": (b"GET /healthz HTTP/1.1\r\n" + b"A: b\r\n" * 9000 + b"\r\n", 431),
    "a header without end": (b"GET /healthz HTTP/1.1\r\nX-A: " + b"a" * 60_000, 431),
    "a body that never ends": (POST + b"Content-Length: 1000\r\n\r\n<FOX>", 401),
}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    SharedClock.create(folder / "clock.json", START)
    config = folder / "gateway.toml"
    config.write_text(CONFIG, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SERVE), str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    yield process.stdout.readline().strip()
    assert process.poll() is None, "a hostile connection ended the server"
    process.kill()
    process.communicate()


@pytest.fixture
def connect(address, socket_enabled):
    opened = []

    def made():
        at = urlsplit(address)
        opened.append(socket.create_connection((at.hostname, at.port), timeout=10))
        return opened[-1]

    yield made
    for one in opened:
        one.close()
    metrics = httpx.get(f"{address}/metrics", timeout=5, trust_env=False).text
    accepted = re.findall(r"^gateway_accepted_total\{[^}]*\} (\S+)", metrics, re.MULTILINE)
    assert {float(count) for count in accepted} <= {0.0}


def until_closed(connection):
    """Everything the server says before it closes."""
    pieces = []
    try:
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
    except ConnectionResetError:  # it closed with our bytes unread
        pieces.append(b"")
    return b"".join(pieces)


def status(answer):
    assert answer.count(b"HTTP/1.1 ") == 1, answer[:200]
    return int(answer.split()[1])


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_once_and_the_connection_closed(connect, name):
    raw, expected = CASES[name]
    connection = connect()
    connection.sendall(raw)
    answer = until_closed(connection)
    assert status(answer) == expected
    assert b"application/problem+json" in answer


@needs_further
@pytest.mark.parametrize("attack", attacks("raw-tcp"), ids=by_file)
def test_the_collection_is_refused_once(connect, attack):
    connection = connect()
    connection.sendall(attack.content)
    answer = until_closed(connection)
    told = 401 if "408" in attack.expected else int(re.findall(r"\d{3}", attack.expected)[0])
    assert status(answer) == told


def signed(target, body):
    request = SignedRequest(
        method="POST",
        path=target,
        query="",
        timestamp=str(int(time.time())),
        nonce=secrets.token_hex(16),
        body=body,
    )
    return (
        f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nX-Gw-Key: erp\r\n"
        f"X-Gw-Timestamp: {request.timestamp}\r\nX-Gw-Nonce: {request.nonce}\r\n"
        f"X-Gw-Signature: {sign(SECRET, request)}\r\n\r\n"
    ).encode()


def test_a_signed_body_that_stops_coming_is_answered_408(connect):
    connection = connect()
    began = time.monotonic()
    connection.sendall(signed("/v1/instructions", b"x" * 1000) + b"x" * 999)
    answer = until_closed(connection)
    assert status(answer) == 408
    assert b"request_timeout" in answer
    assert BODY_S * 0.9 < time.monotonic() - began < BODY_S + 5


@pytest.mark.parametrize("target", ["/v1/instructions", "/v1/files"])
def test_a_body_in_drops_is_cut_off(connect, target):
    connection = connect()
    began = time.monotonic()
    connection.sendall(signed(target, b"x" * 10_000))
    connection.settimeout(0.1)
    answer = b""
    while not answer and time.monotonic() - began < 20:
        connection.sendall(b"x")
        try:
            answer = connection.recv(1 << 16)
        except TimeoutError:
            continue
    assert status(answer) == 408
    assert time.monotonic() - began < BODY_S + 5


@pytest.mark.parametrize("head", [b"", b"\r\n", b"GET", POST, POST + b"X-A: "])
def test_headers_that_never_end_are_cut_off(connect, head):
    connection = connect()
    began = time.monotonic()
    connection.sendall(head)
    assert status(until_closed(connection)) == 408
    assert time.monotonic() - began < HEAD_S + 5


def test_a_line_end_after_an_answer_holds_no_connection(connect):
    connection = connect()
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status(connection.recv(1 << 16)) == 200
    connection.sendall(b"\r\n")
    assert status(until_closed(connection)) == 408


def test_a_slow_line_that_keeps_coming_is_waited_for(connect):
    """Longer than the grace, but faster than the least rate."""
    connection = connect()
    body = b" " * (8 * RATE)
    began = time.monotonic()
    connection.sendall(signed("/v1/batches", body))
    for start in range(0, len(body), RATE // 2):
        connection.sendall(body[start : start + RATE // 2])
        due = began + BODY_S * 1.5 * (start + RATE // 2) / len(body)
        while time.monotonic() < due:
            select.select([], [], [], due - time.monotonic())
    answer = connection.recv(1 << 16)
    assert time.monotonic() - began > BODY_S
    assert status(answer) == 400
    assert b"json_malformed" in answer


def test_a_proper_request_behind_a_refused_one_is_never_answered(connect):
    connection = connect()
    hidden = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    connection.sendall(
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden
    )
    assert status(until_closed(connection)) == 400


def test_requests_in_a_row_are_each_answered(connect):
    connection = connect()
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    answer = b""
    while answer.count(b"HTTP/1.1 200") < 3:
        piece = connection.recv(1 << 16)
        assert piece, answer
        answer += piece


def test_an_answer_to_head_is_not_held_back_for_a_body(connect):
    connection = connect()
    connection.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status(connection.recv(1 << 16)) == 405
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = until_closed(connection)
    assert status(answer) == 200
    assert answer.endswith(b'\r\n\r\n{"status":"ok"}')


def test_a_body_that_is_waited_for_is_asked_for_at_once(connect):
    connection = connect()
    head = signed("/v1/instructions", b"{}").replace(b"Host: x", b"Host: x\r\nExpect: 100-continue")
    connection.sendall(head)
    assert connection.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(b"{}")
    assert status(connection.recv(1 << 16)) == 422
