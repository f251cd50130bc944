"""The product's processes as they are started in production, with tokens in every field."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from gateway.cli.children import Child
from gateway.runtime import SharedClock
from gateway.sandbox import seed as seeds
from gateway.sandbox.payees import own_account, payee_name
from gateway.signing.request_signature import SignedRequest, sign
from tests.sandbox_json import MAIN, START

KEYS = {name: f"CANARYKEY{name}-and-long-enough" for name in ("erp", "wang", "li")}
WRONG_PASSWORD = "CANARYPASSWORD9"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SECOND = "900010102000000010"
BRANCH = "900010103000000019"
CANARY = "CANARY"


def free_port() -> int:
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def payment(index: int, **more: object) -> dict[str, object]:
    """A payment that says who it is in every field that may hold words."""
    account = own_account(index)
    return {
        "erp_reference": f"CANARYREF-{index}",
        "end_to_end_id": f"CANARYE2E-{index}",
        "debtor_account": MAIN,
        "creditor_name": payee_name(account),
        "creditor_account": account,
        "creditor_agent_name": "兴业银行",
        "amount": f"{1000 + index}.17",
        "currency": "CNY",
        "purpose": f"CANARYPURPOSE{index}",
        **more,
    }


class Deployment:
    """A sandbox bank, and the gateway in one process (SQLite) or in three (PostgreSQL)."""

    def __init__(self, folder: Path, database) -> None:
        self.folder = folder
        self.shared = database.postgresql
        SharedClock.create(folder / "clock.json", START)
        self.clock = SharedClock(folder / "clock.json")
        where = ("--data", str(folder / "bank"), "--clock", str(folder / "clock.json"))
        self.bank = self._child("sandbox", "bank", *where, "--port", str(free_port()))
        self.children = [self.bank]
        try:
            self._start(database)
        except BaseException:
            self.stop()  # nobody else would: they outlive the test
            raise

    def _start(self, database) -> None:
        self.bank.start()
        self.bank.wait(90)
        self.config = self.folder / "gateway.toml"
        self.config.write_text(self._settings(database), "utf-8")
        config = ("--config", str(self.config))
        self.api = self._child("serve", "api", *config)
        self.ports = [free_port() for _ in range(2 * self.shared)]
        self.workers = [
            self._child("worker", f"worker-{port}", *config, "--metrics-port", str(port))
            for port in self.ports
        ]
        for child in (self.api, *self.workers):
            self.children.append(child)
            child.start()
        for child in (self.api, *self.workers):
            child.wait(90)

    def _child(self, command: str, name: str, *arguments: str) -> Child:
        return Child(name, self.folder / f"{name}.log", command, "--log-level", "debug", *arguments)

    def _settings(self, database) -> str:
        group = seeds.shipped().groups[0]
        place = f'database = "{database.url}"\nlease_s = 6' if self.shared else ""
        connection = f'bank = "cib"\nurl = "{self.bank.told}/cib"\ncustomer = "{group.customer}"\n'
        keys = "".join(
            f'[[tenant.key]]\nid = "{name}"\nname = "CANARYNAME{name}"\nsecret = "{secret}"\n'
            + ('erp = "sap"\n' if name == "erp" else 'kind = "person"\n')
            for name, secret in KEYS.items()
        )
        accounts = "".join(
            f'[[tenant.company.account]]\nnumber = "{number}"\ncity = "福州"\n'
            f'connection = "{way}"\n'
            for number, way in ((MAIN, "cib-1"), (SECOND, "cib-wrong"))
        )
        return f"""
[gateway]
data = "var"
port = 0
clock = "clock.json"
{place}
[[tenant]]
id = "t1"
name = "CANARYGROUP"
[tenant.policy]
default_local = true
[[tenant.connection]]
id = "cib-1"
operator = "{group.operators[0].user}"
password = "{group.operators[0].password}"
timeout_s = 3
{connection}
[[tenant.connection]]
id = "cib-wrong"
operator = "{group.operators[0].user}"
password = "{WRONG_PASSWORD}"
{connection}
[[tenant.company]]
id = "c1"
name = "CANARYCOMPANY"
{accounts}
{keys}
"""

    def call(
        self, method: str, target: str, document=None, *, key="erp", headers=None, secret=None
    ):
        """One signed request."""
        body = b"" if document is None else json.dumps(document, ensure_ascii=False).encode()
        path, _, query = target.partition("?")
        stamp, nonce = str(int(time.time())), f"CANARYNONCE{time.time_ns()}"
        request = SignedRequest(
            method=method, path=path, query=query, timestamp=stamp, nonce=nonce, body=body
        )
        return httpx.request(
            method,
            self.api.told + target,
            content=body,
            headers={
                "X-Gw-Key": key,
                "X-Gw-Timestamp": stamp,
                "X-Gw-Nonce": nonce,
                "X-Gw-Signature": sign((secret or KEYS[key]).encode(), request),
                **(headers or {}),
            },
            timeout=60,
            trust_env=False,
        )

    def settled(self, identifiers: list[str], *states: str) -> None:
        """Wait until all of them are in one of these states; time at the bank passes quickly."""
        deadline = time.monotonic() + 90
        waiting = list(identifiers)
        while waiting:
            found = [self.call("GET", f"/v1/instructions/{it}").json() for it in waiting]
            waiting = [it["id"] for it in found if it["state"] not in states]
            if not waiting:
                return
            assert time.monotonic() < deadline, found
            self.clock.jump(60)
            time.sleep(0.1)

    def says(self, **facts: object) -> None:
        """Wait until a line with these facts is in a log."""
        deadline = time.monotonic() + 90
        while not self.lines(**facts):
            assert time.monotonic() < deadline, facts
            time.sleep(0.05)

    def faults(self, **order: object) -> None:
        """Tell the bank how to misbehave."""
        answer = httpx.post(f"{self.bank.told}/admin/faults", json=order, trust_env=False)
        assert answer.status_code == 200, answer.text

    def metrics(self) -> dict[str, float]:
        """Every sample, summed over the gateway's processes, by ``name{labels}``."""
        told: dict[str, float] = {}
        addresses = [self.api.told, *(f"http://127.0.0.1:{port}" for port in self.ports)]
        for address in addresses:
            text = httpx.get(f"{address}/metrics", timeout=60, trust_env=False).text
            for family in text_string_to_metric_families(text):
                for it in family.samples:
                    labels = ",".join(f"{key}={value}" for key, value in sorted(it.labels.items()))
                    name = f"{it.name}{{{labels}}}"
                    told[name] = told.get(name, 0) + it.value
        return told

    def stop(self) -> None:
        for child in reversed(self.children):
            child.stop()

    def logs(self) -> dict[str, str]:
        """What each process has said, by its name."""
        return {path.stem: path.read_text("utf-8") for path in self.folder.glob("*.log")}

    def lines(self, **facts: object) -> list[dict[str, object]]:
        """The log's lines, of all processes, that carry these facts; in order of time."""
        # What is still being written has no end yet.
        whole = [text[: text.rfind("\n") + 1] for text in self.logs().values()]
        told = [json.loads(line) for text in whole for line in text.splitlines()]
        told.sort(key=lambda line: line["ts"])
        return [line for line in told if all(line.get(it) == facts[it] for it in facts)]
