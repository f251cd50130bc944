"""One gateway's folder, the process over it that may die, and the ERP that keeps asking."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.cli.api_client import Answer, ApiClient
from gateway.cli.demo_files import ACCOUNTS, BATCHING
from gateway.domain.errors import NotSent
from gateway.runtime import SharedClock
from gateway.simulation.bank_end import CUSTOMER
from tests.crashwalk.bank import Bank, BankProcess
from tests.crashwalk.life import Life, Stuck
from tests.crashwalk.nursery import Nursery
from tests.crashwalk.places import LOOK_S, PATIENCE_S, free_port
from tests.crashwalk.receiver import Receiver

SECRET = "only-for-these-tests"
MACHINE, BATCHER, PEOPLE = "erp", "batcher", ("wang", "li")
_QUIET_MIN = 16
"""A little more than the bank's quiet time."""
_DOUBT_S = 0.3
"""How long an enquiry may take before business time goes on further; being wrong costs nothing."""


def settings_text(bank: str, port: int, database: str = "", webhook: Sequence[str] = ()) -> str:
    """Settings of a tenant that pays one by one and one that batches, of one bank customer."""
    lines = ["[gateway]", 'data = "data"', 'clock = "clock.json"', f"port = {port}"]
    if database:
        lines.append(f'database = "{database}"')
    for tenant, accounts in (("one", ACCOUNTS[:1]), ("many", (BATCHING,))):
        link = f"cib-{tenant}"
        lines += ["[[tenant]]", f'id = "{tenant}"', f'name = "{tenant}"', "[tenant.policy]"]
        lines += ["default_local = false", f"batching = {str(tenant == 'many').lower()}"]
        lines += webhook if tenant == "one" else ()
        lines += ["[[tenant.connection]]", f'id = "{link}"', 'bank = "cib"', f'url = "{bank}/cib"']
        lines += [f'customer = "{CUSTOMER}"', 'operator = "erpmaker"', 'password = "Demo-Pass-1"']
        lines += ["timeout_s = 5", f"slots = {1 if tenant == 'many' else 2}"]
        lines += ["[[tenant.company]]", 'id = "c"', 'name = "示例制造有限公司"']
        for number in accounts:
            lines += ["[[tenant.company.account]]", f'number = "{number}"', 'city = "福州"']
            lines += ['agent_name = "兴业银行"', f'connection = "{link}"']
        keys = [(MACHINE, "machine"), *((it, "person") for it in PEOPLE)]
        for key, kind in keys if tenant == "one" else [(BATCHER, "machine")]:
            lines += ["[[tenant.key]]", f'id = "{key}"', f'kind = "{kind}"', f'name = "{key}"']
            lines += [f'secret = "{SECRET}"', 'erp = "rest"' if kind == "machine" else ""]
    return "\n".join(lines) + "\n"


class House:
    """The folder, its processes, and the calls of an ERP that asks again until it is answered."""

    def __init__(
        self,
        folder: Path,
        bank: Bank | BankProcess | None = None,
        database: str = "",
        receiver: Receiver | None = None,
    ) -> None:
        self.receiver = receiver
        self.folder = folder
        self._bank = bank
        self.data = folder / "data"
        self.port = free_port()
        self.config = folder / "gateway.toml"
        webhook = receiver.settings() if receiver else ()
        address = f"http://127.0.0.1:{bank.port if bank else 1}"
        text = settings_text(address, self.port, database, webhook)
        self.config.write_text(text, encoding="utf-8")
        self.clock = SharedClock(folder / "clock.json")
        self.lives: list[Life] = []
        self._clients: dict[str, ApiClient] = {}
        self._until = time.monotonic() + PATIENCE_S

    # ── the processes ────────────────────────────────────────────────────────────────────

    def moves_in(
        self, nursery: Nursery, name: str, order: dict[str, object], role: str = ""
    ) -> Life:
        """A process of the gateway lives here from now on."""
        run, config = "tests.crashwalk.doomed:gateway", str(self.config)
        order = {**order, "role": role or name, "config": config}
        life = Life(nursery, self.folder, name, run, order)
        self.lives.append(life)
        return life

    def revive(self) -> None:
        """Start again whatever has died."""
        if self._bank is not None:
            self._bank.revive()
        for life in self.lives:
            life.revive()

    def stop(self) -> None:
        """Let all processes end in good order; one that dies instead must start once more."""
        ended = [life.stop() for life in self.lives]
        if not all(ended):
            self.revive()
            self.ready()

    def end(self) -> None:
        """SIGKILL whatever runs."""
        for client in self._clients.values():
            client.close()
        for life in self.lives:
            life.end()

    def hurries(self, patience_s: float) -> None:
        """Let everything that is to happen take so long altogether, from now on."""
        self._until = time.monotonic() + patience_s

    def pause(self) -> None:
        """A moment before asking again; a death ends it."""
        self.lives[0].process.ended(LOOK_S)

    # ── the ERP ──────────────────────────────────────────────────────────────────────────

    def ready(self) -> None:
        """Wait until the API answers."""
        self.insist("GET", "/readyz")

    def insist(self, method: str, target: str, body: bytes = b"", key: str = MACHINE) -> Answer:
        """Ask until there is an answer that is not "later"; the process is revived meanwhile."""
        while True:
            self._in_time(f"{method} {target} is answered")
            self.revive()
            client = self._clients.get(key)
            if client is None:
                address = f"http://127.0.0.1:{self.port}"
                client = self._clients[key] = ApiClient(address, key, SECRET.encode())
            try:
                answer = client.call(method, target, body)
            except (NotSent, OSError, http.client.HTTPException):
                self.pause()
                continue
            if answer.status not in {503, 502, 504}:
                return answer
            self.pause()

    def post(self, target: str, content: object, key: str = MACHINE) -> Answer:
        """POST a JSON document; any 2xx is taken."""
        answer = self.insist("POST", target, json.dumps(content).encode(), key)
        return _good(target, answer)

    def upload(self, target: str, content: bytes, key: str = MACHINE) -> Answer:
        """POST a file."""
        return _good(target, self.insist("POST", target, content, key))

    def get(self, target: str, key: str = MACHINE) -> dict:
        """GET a JSON object."""
        return _good(target, self.insist("GET", target, key=key)).json()

    def view(self, reference: str, key: str = MACHINE) -> dict:
        """The instruction of a reference."""
        found = self.get(f"/v1/instructions?erp_reference={reference}", key)["instructions"]
        if len(found) != 1:
            raise Stuck(f"{reference} names {len(found)} instructions")
        return found[0]

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something."""
        while not condition():
            self._in_time(what)
            self.pause()

    def until_soon(self, condition: Callable[[], bool]) -> None:
        """Wait a little for something that may need more business time."""
        soon = time.monotonic() + _DOUBT_S
        self._in_time("what was to come after a while")
        self.revive()
        while not condition() and time.monotonic() < soon:
            self.pause()

    def jump(self, minutes: int) -> None:
        """Business time goes on."""
        self.clock.jump(60 * minutes)

    def comes_to(self, reference: str, key: str, states: frozenset[str] | set[str]) -> dict:
        """Wait until the instruction is in one of the states; doubt is given time."""
        view = self.view(reference, key)
        target = f"/v1/instructions/{view['id']}"
        version, minutes = -1, _QUIET_MIN
        while view["state"] not in states:
            self._in_time(f"{reference} comes to {sorted(states)}, is {view['state']}")
            doubtful = view["state"] == "UNCONFIRMED" or "RETURNED" in states
            if doubtful:
                minutes = _QUIET_MIN if view.get("version") != version else min(2 * minutes, 240)
                self.jump(minutes)
            version = view.get("version", 0)
            wait = "" if doubtful else f"?wait=1&version={version}"
            view = self._moved(target + wait, key, version, _DOUBT_S if doubtful else 0)
        return view

    def _moved(self, target: str, key: str, version: int, patience_s: float) -> dict:
        """The instruction once it has another version, or as it is when patience ends."""
        until = time.monotonic() + patience_s
        while True:
            view = self.get(target, key)
            if view["version"] != version or time.monotonic() >= until:
                return view
            self.pause()

    def _in_time(self, what: str) -> None:
        if time.monotonic() > self._until:
            raise Stuck(f"did not happen: {what}; {[life.words() for life in self.lives]}")


def _good(target: str, answer: Answer) -> Answer:
    if answer.status >= 300:
        raise Stuck(f"{target}: {answer.status} {answer.body[:300]!r}")
    return answer
