"""A bank in a box and a gateway before it, in this process, made for one client's connection.

Rule kept here: the client's own numbers and names, but never its password and never its bank:
everything listens on this machine, lives in a folder of its own and ends with the stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select

from gateway import bootstrap, settings
from gateway.audit.books import Report
from gateway.bootstrap import Gateway
from gateway.chance import SystemRandom
from gateway.cli.verify_books import books_of
from gateway.cli.verify_books_bank import open_bank
from gateway.delivery.standing import instruction_view
from gateway.dialects import bank_dialect
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.ids import InstructionId, TenantId
from gateway.intake.accept import Caller
from gateway.onboarding.client import ClientAccount, ClientConnection
from gateway.runtime import LoopTasks, SharedClock
from gateway.sandbox import seed as seeds
from gateway.sandbox.bank import SandboxBank
from gateway.sandbox.faults import Fault, FaultSchedule, Scripted
from gateway.sandbox.ledger import Ledger
from gateway.sandbox.options import Options
from gateway.sandbox.server import SandboxServer
from gateway.settings import Settings
from gateway.simulation.runtime import START, SimRandom
from gateway.store import tables
from gateway.store.tenancy import acting_for
from gateway.transport.http_server import Server, serve

PAYING: Final = "check-pay"
BATCHING: Final = "check-batch"
_CONNECTION: Final = "sandbox"
_OPENING: Final = "90000000.00"
_POLL_S: Final = 0.05
_LOOK_S: Final = 0.02
_PATIENCE_S: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Standin:
    """What a stage is made for."""

    connection: ClientConnection
    account: ClientAccount


class Stage:
    """The two ends of a rehearsal. Make it with ``raised``, inside the event loop."""

    def __init__(  # noqa: PLR0913 - what it is made of, by keyword
        self,
        standin: Standin,
        *,
        bank: SandboxBank,
        server: Server,
        front: SandboxServer,
        built: Gateway,
        folder: Path,
    ) -> None:
        self.bank = bank
        self.built = built
        self.customer = standin.connection.customer
        self._operator = standin.connection.operator
        self.account = standin.account.number
        self.agent_name = (
            standin.account.agent_name or bank_dialect(standin.connection.bank).name_zh
        )
        self.ledger_folder = str(folder)
        self.clock = SharedClock(folder / "clock.json")
        self._server = server
        self._front = front

    @classmethod
    async def raised(
        cls,
        folder: Path,
        standin: Standin,
        died: Callable[[str, BaseException], None],
        *,
        wrong_password: bool = False,
    ) -> Stage:
        """Start both in a folder that is there.

        With a wrong password the gateway sends, and asks nothing of itself.
        """
        clock = SharedClock.create(folder / "clock.json", START)
        # Drawn anew each time: what the client's true password is, nobody here knows.
        password = SystemRandom().bytes(8).hex()
        ledger = Ledger(folder / "bank.db", durable=False)
        seeds.plant(ledger, _seed(standin, password), clock.now())
        code = standin.connection.bank
        bank = _bank(code, standin.connection.version, ledger)
        front = SandboxServer({code: bank}, clock, LoopTasks(died))
        server = await serve(front.answer, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{server.port}/{code}"
        told = SystemRandom().bytes(8).hex() if wrong_password else password
        built = bootstrap.build(_settings(folder, standin, address, told), died)
        stage = cls(standin, bank=bank, server=server, front=front, built=built, folder=folder)
        if wrong_password:
            await built.relay.start()
        else:
            await built.start()
        return stage

    async def close(self) -> None:
        """End both."""
        await self.built.stop(1)
        await self._server.close()
        self._front.close()
        self.bank.ledger.close()

    def caller(self, tenant: str) -> Caller:
        """The ERP of one of the stage's tenants."""
        return Caller(
            tenant=self.built.settings.directory.tenants[TenantId(tenant)],
            actor=Actor(kind=ActorKind.MACHINE, name="onboarding"),
            erp="onboarding",
        )

    def fault(self, kind: Fault, creditor_account: str) -> None:
        """Let the payment to this payee suffer a fault, once."""
        self.bank.faults.add(
            Scripted(kind=kind, operation="pay", creditor_account=creditor_account)
        )

    def jump(self, span: timedelta) -> None:
        """Move the shared clock forward."""
        self.clock.jump(int(span.total_seconds()))
        self.built.relay.rouse(None)

    async def view(self, tenant: str, instruction: InstructionId) -> dict[str, object]:
        """How an instruction stands, with its history."""
        with acting_for((tenant,)):
            return await self.built.store.read(lambda db: instruction_view(db, tenant, instruction))

    async def reaches(
        self,
        tenant: str,
        instructions: Sequence[InstructionId],
        states: Sequence[str],
        seconds: int = _PATIENCE_S,
    ) -> bool:
        """Wait until each instruction stands in one of the states; False when time is over."""
        end = self.clock.monotonic() + seconds
        while True:
            found = [str((await self.view(tenant, it))["state"]) for it in instructions]
            if all(state in states for state in found):
                return True
            if self.clock.monotonic() > end:
                return False
            await self.built.tasks.sleep(_LOOK_S)

    async def stopped(self, tenant: str) -> bool:
        """Wait until the bank's refusal has stopped the connection; False when time is over."""
        end = self.clock.monotonic() + _PATIENCE_S
        blockade = tables.blockade
        standing = select(blockade.c.connection).where(blockade.c.tenant == tenant)
        while self.clock.monotonic() < end:
            with acting_for((tenant,)):
                if await self.built.store.read(lambda db: db.execute(standing).first()):
                    return True
            await self.built.tasks.sleep(_LOOK_S)
        return False

    def failed_sign_ons(self) -> int:
        """Wrong passwords in a row, as the bank counts them. Ask when nothing is under way."""
        operator = self.bank.ledger.operator(self.customer, self._operator)
        return operator.failures if operator is not None else 0

    async def books(self) -> Report:
        """Check our books against the bank's."""

        def checked() -> Report:
            bank = open_bank(self.ledger_folder)
            try:
                return books_of(self.built.settings, bank, trail=False)
            finally:
                bank.close()

        return await self.built.tasks.read(checked)


def _bank(code: str, version: str, ledger: Ledger) -> SandboxBank:
    dialect = bank_dialect(code, version)
    return SandboxBank(
        ledger,
        dialect.bank_side,
        options=Options(code=code, own_bank=dialect.is_own_bank),
        faults=FaultSchedule(random=SimRandom.seeded(1)),
    )


def _seed(standin: Standin, password: str) -> seeds.Seed:
    """The client's customer, operator and account, as the bank in a box knows them."""
    connection, account = standin.connection, standin.account
    return seeds.Seed(
        groups=(
            seeds.Group(
                customer=connection.customer,
                name=account.holder,
                enable_sign=True,
                operators=(
                    seeds.Operator(
                        user=connection.operator, password=password, pay=("*",), query=("*",)
                    ),
                ),
                companies=(
                    seeds.Company(
                        name=account.holder,
                        accounts=(
                            seeds.SeedAccount(
                                number=account.number, opening=_OPENING, city=account.city
                            ),
                        ),
                    ),
                ),
            ),
        ),
        payee_books=(),
    )


def _settings(folder: Path, standin: Standin, address: str, password: str) -> Settings:
    """The gateway's settings: the same account for payments alone, and for batches."""
    made = settings.parse(
        {
            "gateway": {
                "data": "data",
                "clock": "clock.json",
                "banks": [standin.connection.bank],
                "books_every_minutes": 0,
            },
            "tenant": [
                _tenant(PAYING, "OP", standin, address, password),
                _tenant(BATCHING, "OB", standin, address, password),
            ],
        },
        folder,
    )
    return replace(made, poll_s=_POLL_S)


def _tenant(
    name: str, prefix: str, standin: Standin, address: str, password: str
) -> dict[str, object]:
    it, account = standin.connection, standin.account
    connection: dict[str, object] = {
        "id": _CONNECTION,
        "bank": it.bank,
        "url": address,
        "customer": it.customer,
        "operator": it.operator,
        "password": password,
        "timeout_s": 5,
    }
    own: dict[str, object] = {
        "number": account.number,
        "connection": _CONNECTION,
        "currency": account.currency,
        "city": account.city,
        "agent_name": account.agent_name,
    }
    return {
        "id": name,
        "name": account.holder,
        "policy": {
            "default_local": False,
            "serial_prefix": prefix,
            "batching": name == BATCHING,
        },
        "connection": [connection | ({"version": it.version} if it.version else {})],
        "company": [{"id": "company-1", "name": account.holder, "account": [own]}],
    }
