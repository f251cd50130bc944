"""The real server in a process of its own: it says when it is ready, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from gateway.runtime import SharedClock
from tests.integration.web.world import SECRET, World, payment
from tests.sandbox_json import MAIN, START

CONFIG = f"""
[gateway]
data = "var"
clock = "clock.json"
port = 0
[[tenant]]
id = "t1"
name = "示例集团"
[[tenant.connection]]
id = "cib-1"
bank = "cib"
url = "http://127.0.0.1:9"
customer = "9900000001"
operator = "erpmaker"
password = "Demo-Pass-1"
[[tenant.company]]
id = "c1"
name = "示例制造有限公司"
[[tenant.company.account]]
number = "{MAIN}"
connection = "cib-1"
[[tenant.key]]
id = "erp"
name = "sap"
erp = "sap"
secret = "{SECRET.decode()}"
"""


@pytest.fixture
def config(tmp_path):
    SharedClock.create(tmp_path / "clock.json", START)
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture
def serve(config):
    """Start a server; every process is ended with the test."""
    running = []

    def start(before=""):
        script = textwrap.dedent(before) + textwrap.dedent(
            """
            import sys
            from pathlib import Path
            from gateway.settings import load
            from gateway.web.server import run
            sys.exit(run(load(Path(sys.argv[1])), ready=lambda at: print(at, flush=True)))
            """
        )
        command = [sys.executable, "-c", script, str(config)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def errors(log):
    """The lines of a log that tell of an error."""
    lines = [json.loads(line) for line in log.splitlines()]
    return [line for line in lines if line["level"] == "error"]


def get(address):
    return httpx.get(address, timeout=5, trust_env=False)


def test_it_serves_until_it_is_asked_to_end(serve):
    process = serve()
    address = process.stdout.readline().strip()
    assert get(f"{address}/readyz").json() == {"status": "ready"}
    refused = get(f"{address}/v1/accounts")
    assert (refused.status_code, refused.json()["code"]) == (401, "not_authenticated")
    assert "server" not in refused.headers
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert process.wait(10) == 0
    assert time.monotonic() - began < 5
    lines = [json.loads(line) for line in process.stderr]
    told = [line["event"] for line in lines]
    assert (told[0], told[-2:]) == ("started", ["stopping", "stopped"])
    assert told.index("ready") < told.index("refused")
    assert lines[told.index("refused")]["trace"] == refused.json()["trace_id"]


def test_calls_that_wait_are_answered_before_it_ends(serve):
    process = serve()
    address = process.stdout.readline().strip()
    body = json.dumps(payment(execution_date="2026-09-16")).encode()
    target = "/v1/instructions"

    def call(method, target, body=b""):
        headers = World.signed(None, method, target, body)
        url = address + target
        return httpx.request(
            method, url, content=body, headers=headers, timeout=20, trust_env=False
        )

    accepted = call("POST", target, body).json()
    with ThreadPoolExecutor(1) as caller:
        waiting = caller.submit(call, "GET", f"{target}/{accepted['id']}?wait=60")
        with pytest.raises(TimeoutError):
            waiting.result(1)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        answer = waiting.result(20)
    assert (answer.status_code, answer.json()["state"]) == (200, "SCHEDULED")
    assert process.wait(10) == 0
    assert time.monotonic() - began < 5


def test_a_second_gateway_on_the_same_folder_does_not_start(serve):
    first = serve()
    assert first.stdout.readline()
    second = serve()
    assert second.wait(20) != 0
    assert second.stdout.read() == ""
    assert first.poll() is None
    first.send_signal(signal.SIGINT)
    assert first.wait(10) == 0


def test_a_port_that_is_taken_ends_it_with_one_line(serve, config):
    first = serve()
    port = first.stdout.readline().strip().rpartition(":")[2]
    other = config.with_name("other")
    text = CONFIG.replace("port = 0", f"port = {port}").replace('"var"', f'"{other}"')
    config.write_text(text, encoding="utf-8")
    second = serve()
    _, complaint = second.communicate(timeout=20)
    assert second.returncode == 1
    (line,) = errors(complaint)
    assert "address already in use" in line["why"]


def test_a_task_that_dies_ends_the_process_with_one_line(serve):
    process = serve(
        """
        from gateway.audit.checkpoint import Checkpoints
        from gateway.domain.errors import Corrupt
        async def broken(self):
            await self._runtime.tasks.sleep(0.2)
            raise Corrupt("the journal broke", "日志损坏")
        Checkpoints.run = broken
        """
    )
    out, complaint = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out.startswith("http://")
    (line,) = errors(complaint)
    assert line["event"] == "died"
    assert line["why"] == "checkpoints: corrupt: the journal broke"
    assert line["error"] == "Corrupt"
