"""What the compose file starts, started in its order with its commands and its settings.

Addresses and folders are this machine's; everything else is as it stands in deploy/.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

import httpx
import pytest
import yaml

from gateway.cli.own_postgres import NODE, OWNER
from gateway.signing.request_signature import SignedRequest, sign
from tests.integration.deploy.image import ROOT
from tests.integration.observe.deployment import free_port, payment
from tests.postgres import seen_by

COMPOSE = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text("utf-8"))
PATIENCE_S = 120


class Story:
    """The services, one after the other."""

    def __init__(self, folder, database):
        self.folder = folder
        self.bank, self.api = free_port(), free_port()
        subprocess.run(
            ["sh", str(ROOT / "deploy/secrets.sh"), str(folder / "secrets")],
            check=True,
            capture_output=True,
        )
        for name, role in (("database-owner", OWNER), ("database", NODE)):
            address = folder / "secrets" / name
            address.unlink()
            address.write_text(seen_by(role, database).url)
        for name in ("gateway", "clock", "sandbox"):
            (folder / name).mkdir()
        text = (ROOT / "deploy/config/compose.toml").read_text("utf-8")
        for there, here in (
            ("/run/secrets", f"{folder}/secrets"),
            ("/var/lib/", f"{folder}/"),
            ("http://sandbox:8007/", f"http://127.0.0.1:{self.bank}/"),
            ('"0.0.0.0"', '"127.0.0.1"'),
            ("port = 8700", f"port = {self.api}"),
        ):
            assert there in text
            text = text.replace(there, here)
        (folder / "gateway.toml").write_text(text, "utf-8")
        self.running = []

    def command(self, service, *more):
        """A service's command, at home here."""
        own = "sandbox" if service == "sandbox" else "gateway"
        words = [
            word.replace("/etc/gateway", str(self.folder))
            .replace("/run/secrets", f"{self.folder}/secrets")
            .replace("/var/lib/gateway", f"{self.folder}/{own}")
            .replace("/var/lib/clock", f"{self.folder}/clock")
            .replace("0.0.0.0", "127.0.0.1")
            .replace("8007", str(self.bank))
            for word in COMPOSE["services"][service]["command"]
        ]
        return [sys.executable, "-m", "gateway.cli.main", *words, *more]

    def start(self, service, *more):
        log = (self.folder / f"{service}-{len(self.running)}.log").open("wb")
        process = subprocess.Popen(self.command(service, *more), stdout=log, stderr=log)
        log.close()
        self.running.append(process)
        return process

    def healthy(self, service, port):
        """Wait as compose does: by the service's own health check."""
        it = COMPOSE["services"][service]
        address = it["environment"]["GATEWAY_HEALTH"]
        inner = address.rsplit(":", 1)[1].split("/")[0]
        kind, _, *probe = it["healthcheck"]["test"]
        assert kind == "CMD"
        environment = {"GATEWAY_HEALTH": address.replace(inner, str(port))}
        deadline = time.monotonic() + PATIENCE_S
        while subprocess.run(
            [sys.executable, *probe], env=environment, capture_output=True, check=False
        ).returncode:
            assert time.monotonic() < deadline, self.said()
            assert all(it.poll() is None for it in self.running), self.said()
            time.sleep(0.3)

    def said(self):
        return {path.name: path.read_text("utf-8")[-2000:] for path in self.folder.glob("*.log")}

    def call(self, method, target, document=None):
        body = b"" if document is None else json.dumps(document, ensure_ascii=False).encode()
        stamp, nonce = str(int(time.time())), str(time.time_ns())
        request = SignedRequest(
            method=method, path=target, query="", timestamp=stamp, nonce=nonce, body=body
        )
        secret = (self.folder / "secrets/key-erp").read_bytes()
        headers = {
            "X-Gw-Key": "sap-prod",
            "X-Gw-Timestamp": stamp,
            "X-Gw-Nonce": nonce,
            "X-Gw-Signature": sign(secret, request),
        }
        url = f"http://127.0.0.1:{self.api}{target}"
        return httpx.request(
            method, url, content=body, headers=headers, timeout=60, trust_env=False
        ).json()

    def end(self):
        for process in reversed(self.running):
            process.terminate()
        return [process.wait(60) for process in reversed(self.running)]


@pytest.mark.postgresql
def test_a_payment_goes_through_what_the_compose_file_starts(tmp_path, databases):
    with databases.fresh("") as database:
        story = Story(tmp_path, database)
        try:
            for _ in range(2):  # a second run of the migration changes nothing
                done = subprocess.run(story.command("migrate"), capture_output=True, check=False)
                assert done.returncode == 0, done.stderr
            story.start("sandbox")
            story.healthy("sandbox", story.bank)
            story.start("api")
            story.healthy("api", story.api)
            for _ in range(COMPOSE["services"]["worker"]["deploy"]["replicas"]):
                # On one machine each needs a port of its own; in containers it has an address.
                port = free_port()
                story.start("worker", "--metrics-port", str(port))
                story.healthy("worker", port)
            accepted = story.call("POST", "/v1/instructions", payment(7, creditor_city="福州"))
            assert "id" in accepted, accepted
            deadline = time.monotonic() + PATIENCE_S
            while (seen := story.call("GET", f"/v1/instructions/{accepted['id']}"))[
                "state"
            ] != "SETTLED":
                assert time.monotonic() < deadline, (seen, story.said())
                time.sleep(0.3)
            # Behind the wall between tenants the figures of all of them are told nevertheless.
            figures = httpx.get(f"http://127.0.0.1:{story.api}/metrics", trust_env=False).text
            assert "gateway_live_lanes 3.0" in figures
            assert 'gateway_accepted_total{kind="instruction"} 1.0' in figures
        finally:
            codes = story.end()
        assert codes == [0, 0, 0, 0], story.said()
