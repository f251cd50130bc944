"""The sample clients of the kit sign as the gateway checks: run for real where their tool is."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gateway.signing.request_signature import SignedRequest, sign
from tools.devkit import build
from tools.devkit.messages import HERE

SECRET = "only-for-these-tests"
CLIENTS = HERE / "clients"
PAYMENT = {"erp_reference": "PO-1/麤", "amount": "1200.50", "purpose": "货款"}


class Door(BaseHTTPRequestHandler):
    """Answers 200 to what is signed as it should be."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        path, _, query = self.path.partition("?")
        stamp = self.headers["X-Gw-Timestamp"]
        request = SignedRequest(
            method=self.command,
            path=path,
            query=query,
            timestamp=stamp,
            nonce=self.headers["X-Gw-Nonce"],
            body=body,
        )
        signed = sign(SECRET.encode(), request) == self.headers["X-Gw-Signature"]
        fresh = abs(time.time() - int(stamp)) < 300
        self.server.seen.append((self.command, self.path, body, self.headers["X-Gw-Nonce"]))
        self.send_response(200 if signed and fresh and self.headers["X-Gw-Key"] == "erp" else 401)
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = _answer  # noqa: N815 - http.server's own names

    def log_message(self, *_arguments) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def door():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.seen = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def vectors(tmp_path):
    path = tmp_path / "vectors.tsv"
    path.write_text(build.vectors_tsv(*build.vectors()), encoding="utf-8")
    return path


def python(_tmp_path):
    return [sys.executable, str(CLIENTS / "gateway_client.py")]


def java(tmp_path):
    if not (shutil.which("javac") and shutil.which("java")):
        pytest.skip("javac is not here")
    made = tmp_path / "classes"
    subprocess.run(
        ["javac", "-encoding", "UTF-8", "-d", str(made), str(CLIENTS / "GatewayClient.java")],
        check=True,
        timeout=60,
    )
    return ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", str(made), "GatewayClient"]


def csharp(tmp_path):
    if not shutil.which("dotnet"):
        pytest.skip("dotnet is not here")
    project = tmp_path / "csharp"
    project.mkdir()
    for name in ("GatewayClient.cs", "GatewayClient.csproj"):
        shutil.copy(CLIENTS / name, project)
    made = tmp_path / "made"
    subprocess.run(["dotnet", "build", "-o", str(made), str(project)], check=True, timeout=110)
    return [str(made / "GatewayClient")]


@pytest.mark.parametrize("client", [python, java, csharp], ids=["python", "java", "csharp"])
def test_a_sample_client_signs_as_the_gateway_checks(tmp_path, door, vectors, client):
    command = client(tmp_path)
    subprocess.run([*command, "vectors", str(vectors)], check=True, timeout=60)

    payment, content = tmp_path / "payment.json", tmp_path / "payments.xml"
    payment.write_text(json.dumps(PAYMENT, ensure_ascii=False), encoding="utf-8")
    content.write_bytes("<文件/>".encode())
    where = [f"http://127.0.0.1:{door.server_port}", "erp", SECRET]
    subprocess.run([*command, "pay", *where, str(payment)], check=True, timeout=60)
    subprocess.run([*command, "file", *where, "canonical/v2", str(content)], check=True, timeout=60)
    refused = subprocess.run(
        [*command, "status", where[0], "erp", "another", "ins_01"], check=False, timeout=60
    )
    assert refused.returncode == 1
    assert [(method, target) for method, target, _, _ in door.seen] == [
        ("POST", "/v1/instructions"),
        ("POST", "/v1/files?erp=canonical%2Fv2"),
        ("GET", "/v1/instructions/ins_01"),
    ]
    assert door.seen[0][2] == payment.read_bytes()
    assert len({nonce for *_, nonce in door.seen}) == 3


def test_a_wrong_vector_is_told(tmp_path, vectors):
    text = vectors.read_text(encoding="utf-8")
    vectors.write_text(text.replace("secret\t", "secret\tother-"), encoding="utf-8")
    checked = subprocess.run([*python(tmp_path), "vectors", str(vectors)], check=False, timeout=60)
    assert checked.returncode == 1
