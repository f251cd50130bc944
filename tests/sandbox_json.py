"""A sandbox bank to speak a tiny JSON dialect with: the sandbox tested by itself."""

from __future__ import annotations

import json
import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from gateway.domain.money import CNY, Money
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank import PayOrder
from gateway.ports.bank_batch import BatchKind, BatchLine, BatchOrder
from gateway.sandbox import payees
from gateway.sandbox.bank import SandboxBank
from gateway.sandbox.exchange import Exchange
from gateway.sandbox.faults import FaultSchedule
from gateway.sandbox.ledger import Ledger
from gateway.sandbox.options import Options
from gateway.sandbox.seed import plant, shipped
from tests.sandbox_dialect import CUSTOMER as CUSTOMER
from tests.sandbox_dialect import SIDE as SIDE
from tests.sandbox_dialect import START as START
from tests.sandbox_dialect import encode as encode
from tests.sandbox_dialect import encode_batch as encode_batch
from tests.sandbox_dialect import pay as pay

UNSIGNED = "9900000002"
MAIN = "900010101000000011"
LIMITED, POOR, FROZEN, CLOSED = (
    *("900010101000000029", "900010101000000037"),
    *("900010102000000028", "900010103000000027"),
)
OWN_PAYEE, OWN_NAME = "900010801000000014", "样本钢铁有限公司"
OTHER_PAYEE, OTHER_NAME = "910010801000000013", "示例化工有限公司"
RETURNING_PAYEE = "910010801000000039"
OTHER_BANK = Agent(name="示例商业银行上海分行", cnaps="999290000012", city="上海")


def order(
    creditor: str = OWN_PAYEE,
    *,
    name: str = OWN_NAME,
    amount: str = "100.00",
    debtor: str = MAIN,
    **more: Any,
) -> PayOrder:
    """A payment order to an own-bank payee unless told otherwise."""
    own_bank = more.pop("own_bank", True)
    agent = more.pop("agent", Agent() if own_bank else OTHER_BANK)
    return PayOrder(
        debtor=Party(name="", account=Account(number=debtor)),
        creditor=Party(name=name, account=Account(number=creditor, agent=agent)),
        amount=Money.parse(amount, CNY),
        purpose=more.pop("purpose", "货款"),
        own_bank=own_bank,
        local=more.pop("local", True),
        **more,
    )


def other(amount: str = "100.00", creditor: str = OTHER_PAYEE, **more: Any) -> PayOrder:
    """A payment order to a payee at another bank."""
    return order(creditor, name=more.pop("name", OTHER_NAME), amount=amount, own_bank=False, **more)


def generated(index: int, amount: str = "100.00") -> PayOrder:
    """A payment order to generated own-bank payee ``index``."""
    number = payees.own_account(index)
    return order(number, name=payees.payee_name(number), amount=amount)


def line(
    number: int, creditor: str, name: str = "", amount: str = "10.00", **more: Any
) -> BatchLine:
    """A line of a batch; the name follows from a generated number."""
    own_bank = more.pop("own_bank", True)
    agent = more.pop("agent", Agent() if own_bank else OTHER_BANK)
    return BatchLine(
        line=number,
        creditor=Party(
            name=name or payees.payee_name(creditor),
            account=Account(number=creditor, agent=agent),
        ),
        amount=Money.parse(amount, CNY),
        purpose=more.pop("purpose", ""),
        own_bank=own_bank,
        **more,
    )


def batch(*lines: BatchLine, payroll: bool = False, debtor: str = MAIN, **more: Any) -> BatchOrder:
    """A batch of payments, or a payroll."""
    return BatchOrder(
        kind=BatchKind.PAYROLL if payroll else BatchKind.PAYMENT,
        debtor=Party(name="", account=Account(number=debtor)),
        lines=lines,
        purpose=more.pop("purpose", "九月工资" if payroll else "货款"),
        payroll_purpose=more.pop("payroll_purpose", "salary" if payroll else ""),
        **more,
    )


class Bank:
    """A sandbox bank with the shipped seed, and short ways to ask it."""

    def __init__(
        self,
        path: str | Path = ":memory:",
        *,
        options: Options | None = None,
        faults: FaultSchedule | None = None,
        start: datetime = START,
        durable: bool = True,
    ) -> None:
        self.now = start
        self.ledger = Ledger(path, durable=durable)
        plant(self.ledger, shipped(), start)
        self.bank = SandboxBank(self.ledger, SIDE, options=options, faults=faults)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.ledger.close()

    def pass_time(self, **delta: int) -> None:
        """Let time go by."""
        self.now += timedelta(**delta)

    def send(self, body: bytes) -> Exchange:
        """One request, whatever becomes of it."""
        return self.bank.handle(body, self.now)

    def ask(self, body: bytes) -> dict[str, Any]:
        """One request that is answered as it should be."""
        exchange = self.send(body)
        assert exchange.reply is not None
        answer: dict[str, Any] = json.loads(exchange.reply.body)
        return answer

    def pay(self, serial: str, what: PayOrder, **more: Any) -> dict[str, Any]:
        """A payment."""
        return self.ask(pay(serial, what, **more))

    def status(self, serial: str, **more: Any) -> dict[str, Any]:
        """An enquiry."""
        return self.ask(encode("payment_status", serial, original=serial, **more))

    def send_batch(self, serial: str, what: BatchOrder, **more: Any) -> dict[str, Any]:
        """A batch or payroll."""
        return self.ask(encode_batch(serial, what, **more))

    def batch_status(self, serial: str, *, payroll: bool = False, **more: Any) -> dict[str, Any]:
        """A bodiless batch: what became of it?"""
        operation = "payroll_status" if payroll else "batch_status"
        return self.ask(encode(operation, serial, original=serial, **more))

    def balance(self, number: str = MAIN, **more: Any) -> dict[str, Any]:
        """A balance."""
        return self.ask(encode("balance", "b", account=number, **more))

    def statement(self, start: date, end: date | None = None, **more: Any) -> dict[str, Any]:
        """A page of a statement."""
        more.setdefault("account", MAIN)
        last = end or start
        return self.ask(
            encode("statement", "s", start=start.isoformat(), end=last.isoformat(), **more)
        )


class SeededRandom:
    """The randomness port over a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def bytes(self, count: int) -> bytes:
        """``count`` random bytes."""
        return self._random.randbytes(count)

    def uniform(self, low: float, high: float) -> float:
        """A random number."""
        return self._random.uniform(low, high)
