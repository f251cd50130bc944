"""The sandbox bank on a real socket: on a thread of the walking process, or in one that may die."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from adapters.bank.cib import DIALECT
from gateway.cli.api_client import ApiClient
from gateway.domain.errors import NotSent
from gateway.ports.bank_books import Execution
from gateway.runtime import LoopTasks, SharedClock
from gateway.sandbox.bank import SandboxBank
from gateway.sandbox.executions import LedgerBooks
from gateway.sandbox.faults import Fault, FaultSchedule, Scripted
from gateway.sandbox.ledger import Ledger
from gateway.sandbox.options import Options
from gateway.sandbox.seed import plant, shipped
from gateway.sandbox.server import SandboxServer
from gateway.transport.http_messages import Request, Response
from gateway.transport.http_server import serve
from tests.crashwalk.life import Life
from tests.crashwalk.nursery import Nursery
from tests.crashwalk.places import LOOK_S, PATIENCE_S, free_port
from tests.crashwalk.points import Chosen

_PAYMENT = b"<XFERTRNRQ>"


class Bank:
    """Started on entering; after leaving, its books can be read."""

    def __init__(self, clock: Path) -> None:
        self._clock = SharedClock(clock)
        self.ledger = Ledger(":memory:", durable=False)
        plant(self.ledger, shipped(), self._clock.now())
        self._faults = FaultSchedule()
        options = Options(code="cib", own_bank=DIALECT.is_own_bank)
        self._bank = SandboxBank(
            self.ledger, DIALECT.bank_side, options=options, faults=self._faults
        )
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._ready = threading.Event()
        self._silent = False
        self.done = 0
        """Requests carried out, whether or not they were answered yet."""
        self.pays = 0
        """Those of them that were single payments."""
        self.port = 0
        self._thread = threading.Thread(target=self._run, name="bank", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def close(self) -> None:
        """Put the books away."""
        self.ledger.close()

    def revive(self) -> None:
        """It lives."""

    def goes_wrong(self, kind: Fault, account: str, operation: str = "") -> None:
        """The next request about a payee meets a fault."""
        script = Scripted(kind=kind, creditor_account=account, operation=operation)
        self._loop.call_soon_threadsafe(self._faults.add, script)

    @contextmanager
    def silence(self) -> Iterator[None]:
        """What comes meanwhile is carried out, and answered only afterwards."""
        self._silent = True
        try:
            yield
        finally:
            self._silent = False

    def complaints(self) -> list[str]:
        """What is wrong with the bank's own books."""
        return self.ledger.check()

    def executions(self, customer: str) -> Sequence[Execution]:
        """What the bank has executed."""
        return list(LedgerBooks(self.ledger.db).executions(customer))

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        died: list[BaseException] = []
        tasks = LoopTasks(lambda _, error: died.append(error))
        front = SandboxServer({"cib": self._bank}, self._clock, tasks)

        async def answer(request: Request) -> Response:
            response = await front.answer(request)
            self.done += 1
            self.pays += _PAYMENT in request.body
            while self._silent and not self._ended.is_set():
                await tasks.sleep(LOOK_S)
            return response

        server = await serve(answer, "127.0.0.1", 0)
        self.port = server.port
        self._ready.set()
        await self._ended.wait()
        await server.close()
        front.close()
        await tasks.stop()
        if died:
            raise died[0]


class BankProcess:
    """The sandbox bank in a process of its own, whose first life is doomed."""

    def __init__(self, nursery: Nursery, folder: Path, chosen: Chosen) -> None:
        self._folder = folder
        self._ledger: Ledger | None = None
        self.port = free_port()
        arguments = [
            *("--data", str(folder / "bank"), "--clock", str(folder / "clock.json")),
            *("--port", str(self.port)),
        ]
        order = {"chosen": chosen, "arguments": arguments}
        self.life = Life(nursery, folder, "bank", "tests.crashwalk.doomed_bank:bank", order)

    def __enter__(self) -> Self:
        self.revive()
        return self

    def __exit__(self, *_: object) -> None:
        self.life.end()
        self._ledger = Ledger(self._folder / "bank" / "bank.db", durable=False)

    def close(self) -> None:
        """Put the books away."""
        self._ledger.close()

    def revive(self) -> None:
        """Start the bank again when it has died."""
        self.life.revive()

    def goes_wrong(self, kind: Fault, account: str, operation: str = "") -> None:
        """The next request about a payee meets a fault, if the bank lives that long."""
        script = {"kind": kind.value, "operation": operation, "creditor_account": account}
        admin = ApiClient(f"http://127.0.0.1:{self.port}")
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            self.revive()
            try:
                admin.post("/admin/faults", {"script": [script]})
            except (NotSent, OSError, http.client.HTTPException):
                self.life.process.ended(LOOK_S)
                continue
            admin.close()
            return

    def complaints(self) -> list[str]:
        """What is wrong with the bank's own books."""
        return self._ledger.check()

    def executions(self, customer: str) -> Sequence[Execution]:
        """What the bank has executed."""
        return list(LedgerBooks(self._ledger.db).executions(customer))
