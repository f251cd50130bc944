"""The demonstration's stage: folders, settings, and the two processes (bank and gateway)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from gateway.cli.api_client import ApiClient
from gateway.cli.demo_files import BATCHING
from gateway.domain.errors import Corrupt
from gateway.runtime import SharedClock
from gateway.sandbox import seed as seeds
from gateway.simulation.runtime import START

SECRET: Final = "gw-demo-secret-not-for-production"  # noqa: S105 - the demonstration's own, printed
MACHINES: Final = {"demo-erp": "sap", "demo-tryton": "tryton", "demo-rest": "rest"}
PEOPLE: Final = {"demo-wang": "王复核", "demo-li": "李主管"}
_READY_S: Final = 60


@dataclass(slots=True)
class Running:
    """A child process that printed its address."""

    process: subprocess.Popen[str]
    address: str
    log: IO[str]

    def kill(self) -> None:
        """SIGKILL: no clean-up of any kind."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def stop(self) -> int:
        """SIGTERM, and wait for a graceful end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait()
        self.log.close()
        return code


class Stage:
    """Starts, kills and restarts the processes of the demonstration."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self._port = port
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = SharedClock.create(folder / "clock.json", START)
        self.bank = self._start(
            "sandbox", "--data", str(folder / "bank"), "--clock", str(folder / "clock.json"), port=0
        )
        self.config = folder / "gateway.toml"
        self.config.write_text(settings_text(self.bank.address, port), encoding="utf-8")
        self.gateway = self.start_gateway()

    def start_gateway(self) -> Running:
        """Start (or restart) the gateway."""
        self.gateway = self._start("serve", "--config", str(self.config), port=self._port)
        return self.gateway

    def client(self, key: str) -> ApiClient:
        """The API as one key sees it."""
        return ApiClient(self.gateway.address, key, SECRET.encode())

    def admin(self) -> ApiClient:
        """The sandbox bank's admin API."""
        return ApiClient(self.bank.address)

    def close(self) -> None:
        """End both processes gracefully."""
        self.gateway.stop()
        self.bank.stop()

    def _start(self, command: str, *arguments: str, port: int) -> Running:
        log = (self.folder / f"{command}.log").open("a", encoding="utf-8")
        extra = ["--port", str(port)] if command == "sandbox" else []
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "gateway.cli.main", command, "--json", *arguments, *extra],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        first = process.stdout.readline() if process.stdout else ""
        if not first:
            process.wait()
            log.close()
            raise Corrupt(
                f"'gateway {command}' did not start; see {log.name}",
                f"“gateway {command}” 未能启动，见 {log.name}",
            )
        return Running(process, json.loads(first)["ready"], log)


def until(condition: object, what: str, seconds: int = _READY_S) -> None:
    """Wait for a condition, looking ten times a second; raises Corrupt naming what did not come."""
    if not callable(condition):
        raise TypeError("a condition is a function")
    looking: Retrying = Retrying(
        retry=retry_if_result(lambda met: not met),
        stop=stop_after_delay(seconds),
        wait=wait_fixed(0.1),
        retry_error_callback=lambda _: False,
    )
    if not looking(condition):
        raise Corrupt(f"did not happen within {seconds} s: {what}", f"{seconds} 秒内未发生：{what}")


def settings_text(bank: str, port: int) -> str:
    """The demonstration's settings file."""
    group = seeds.shipped().groups[0]
    operator = group.operators[0]
    text = [
        "# made by `gateway demo`; invented names and numbers",
        "[gateway]",
        'data = "data"',
        'clock = "clock.json"',
        f"port = {port}",
        "[[tenant]]",
        'id = "demo-group"',
        f'name = "{group.name}"',
        "[tenant.policy]",
        "default_local = false",
        'serial_prefix = "DM"',
        "[[tenant.connection]]",
        'id = "cib-main"',
        'bank = "cib"',
        f'url = "{bank}/cib"',
        f'customer = "{group.customer}"',
        f'operator = "{operator.user}"',
        f'password = "{operator.password}"',
        "timeout_s = 5",
    ]
    for number, company in enumerate(group.companies, start=1):
        text += ["[[tenant.company]]", f'id = "company-{number}"', f'name = "{company.name}"']
        for account in company.accounts:
            if account.status == "active" and account.number != BATCHING:
                text += [
                    "[[tenant.company.account]]",
                    f'number = "{account.number}"',
                    f'city = "{account.city}"',
                    'agent_name = "兴业银行"',
                    'connection = "cib-main"',
                ]
    for key, erp in MACHINES.items():
        text += _key(key, "machine", key, f'erp = "{erp}"')
    for key, name in PEOPLE.items():
        text += _key(key, "person", name)
    text += _batching_tenant(bank)
    return "\n".join(text) + "\n"


def _batching_tenant(bank: str) -> list[str]:
    """A second tenant of the same bank customer, which lets its payments travel together."""
    group = seeds.shipped().groups[0]
    operator = group.operators[0]
    return [
        "[[tenant]]",
        'id = "demo-batch"',
        'name = "批量演示"',
        "[tenant.policy]",
        "default_local = false",
        'serial_prefix = "DB"',
        "batching = true",
        "[[tenant.connection]]",
        'id = "cib-batch"',
        'bank = "cib"',
        f'url = "{bank}/cib"',
        f'customer = "{group.customer}"',
        f'operator = "{operator.user}"',
        f'password = "{operator.password}"',
        "timeout_s = 5",
        "slots = 2",
        "[[tenant.company]]",
        'id = "company-1"',
        f'name = "{group.companies[0].name}"',
        "[[tenant.company.account]]",
        f'number = "{BATCHING}"',
        f'city = "{group.companies[0].accounts[1].city}"',
        'agent_name = "兴业银行"',
        'connection = "cib-batch"',
        *_key("demo-batch", "machine", "demo-batch", 'erp = "hr"'),
    ]


def _key(key: str, kind: str, name: str, *more: str) -> list[str]:
    return [
        "[[tenant.key]]",
        f'id = "{key}"',
        f'kind = "{kind}"',
        f'name = "{name}"',
        f'secret = "{SECRET}"',
        *more,
    ]
