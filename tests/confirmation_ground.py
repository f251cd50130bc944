"""Confirmations in tests: proven days, two people, and a bank that says what it is told."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from gateway.domain.errors import NotOffered, NotSent, Overloaded
from gateway.domain.money import CNY, Money
from gateway.ports.bank_confirm import ConfirmOutcome, ConfirmResult, OrderVerdict, ResultVerdict
from gateway.ports.tenancy import Directory
from gateway.reconciliation.confirmations import Confirmations
from gateway.reconciliation.confirming import Confirming
from gateway.store import tables
from tests.ledger_ground import LI, WANG, Books

MONTH = date(2026, 9, 1)
CLOSING = 12_345
O, R = OrderVerdict, ResultVerdict


class Bank:
    """Answers as it is told to; it counts what reached it."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, date, str]] = []
        self.questions: list[str] = []
        self.answers: list[object] = []
        self.offered = True
        self._serials = 0

    def confirmation_serial(self, _tenant, _connection) -> str:
        if not self.offered:
            raise NotOffered
        self._serials += 1
        return f"S{self._serials}"

    async def confirm(self, _tenant, account, month, serial):
        told = self.answers.pop(0)
        if isinstance(told, NotSent | NotOffered | Overloaded):
            raise told
        self.orders.append((account.number, month, serial))
        return _said(told)

    async def confirmation_result(self, _tenant, _account, _month, serial):
        self.questions.append(serial)
        return _said(self.answers.pop(0))


def _said(told):
    if isinstance(told, BaseException):
        raise told
    return told


def ordered(verdict: OrderVerdict, code: str = "0", text: str = "") -> ConfirmOutcome:
    return ConfirmOutcome(verdict=verdict, code=code, text=text)


def result(verdict: ResultVerdict, text: str, fen: int | None = CLOSING) -> ConfirmResult:
    balance = None if fen is None else Money(fen, CNY)
    return ConfirmResult(verdict=verdict, text=text, balance=balance)


class World(Books):
    def __init__(self, at) -> None:
        super().__init__(at)
        self.bank = Bank()
        directory = Directory(tenants={self.tenant.id: self.tenant}, keys={})
        self.office = Confirmations(at.store, at.runtime, self.bank)
        self.confirming = Confirming(at.store, at.runtime, self.bank, directory, timedelta())

    def balanced(self) -> None:
        self.all_proven(1, 30, CLOSING)

    def prepared(self, actor=WANG, month=MONTH):
        return asyncio.run(self.office.prepare(self.of, actor, month, ""))

    def signed(self, it=None, actor=LI, digest=None):
        it = it or self.prepared()
        said = (digest or it.digest, "核对无误")
        return asyncio.run(self.office.sign(self.of, actor, it.id, said))

    def withdrawn(self, it):
        return asyncio.run(self.office.withdraw(self.of, LI, it.id, "再核对"))

    def look(self, *answers: object, minutes: int = 0):
        """Time passes, the appointment is kept; the state afterwards."""
        self.bank.answers = [*answers]
        self.at.runtime.clock.pass_time(minutes=minutes)
        asyncio.run(self.confirming.look())
        return self.state()

    def row(self):
        table = tables.reconciliation_confirmation
        return self.at.rows(table, table.c.attempt)[-1]

    def state(self) -> str:
        return str(self.row().state)

    def kinds(self) -> list[str]:
        return [it.kind for it in self.at.journal() if it.kind.startswith("confirmation")]
