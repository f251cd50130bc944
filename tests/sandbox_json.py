"""A tiny bank dialect in JSON and a bank to speak it with: the sandbox tested by itself."""

from __future__ import annotations

import json
import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from gateway.domain.errors import WireError
from gateway.domain.message import WireReply
from gateway.domain.money import CNY, Money
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank import (
    BalanceRequest,
    BankAnswer,
    BankRequest,
    BankSide,
    CoreRequest,
    PayOrder,
    PayRequest,
    SignOn,
    SignOnRequest,
    StatementRequest,
    StatusRequest,
)
from gateway.sandbox import payees
from gateway.sandbox.bank import SandboxBank
from gateway.sandbox.exchange import Exchange
from gateway.sandbox.faults import FaultSchedule
from gateway.sandbox.ledger import BANK_TIME, Ledger
from gateway.sandbox.options import Options
from gateway.sandbox.seed import plant, shipped

START = datetime(2026, 9, 15, 10, 0, tzinfo=BANK_TIME)  # a Tuesday
CUSTOMER, UNSIGNED = "9900000001", "9900000002"
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


# ── the dialect ──────────────────────────────────────────────────────────────────────────


def encode(operation: str, serial: str, **fields: Any) -> bytes:
    """A request; ``customer``, ``operator`` and ``password`` may be given."""
    head = {
        "customer": fields.pop("customer", CUSTOMER),
        "operator": fields.pop("operator", "erpmaker"),
        "password": fields.pop("password", "Demo-Pass-1"),
    }
    return json.dumps({**head, "operation": operation, "serial": serial, **fields}).encode()


def pay(serial: str, what: PayOrder, **more: Any) -> bytes:
    """A payment request."""
    agent = what.creditor.account.agent
    return encode(
        "pay",
        serial,
        debtor=what.debtor.account.number,
        creditor=what.creditor.account.number,
        name=what.creditor.name,
        agent=[agent.name, agent.cnaps, agent.city],
        amount=what.amount.minor,
        purpose=what.purpose,
        memo=what.memo,
        own_bank=what.own_bank,
        local=what.local,
        due=what.due.isoformat() if what.due else "",
        **more,
    )


def _decode(body: bytes) -> BankRequest:
    try:
        asked = json.loads(body)
    except ValueError:
        raise WireError("malformed") from None
    operation = asked["operation"]
    return BankRequest(
        signon=SignOn(
            customer=asked["customer"],
            operator=asked["operator"],
            password=asked["password"],
            at=START,
        ),
        serial=asked["serial"],
        operation=operation,
        malformed=asked.get("malformed", ""),
        body=_BODIES[operation](asked),
    )


def _pay(asked: dict[str, Any]) -> PayRequest:
    name, cnaps, city = asked["agent"]
    agent = Agent(name=name, cnaps=cnaps, city=city)
    return PayRequest(
        super_channel=asked.get("super", False),
        order=PayOrder(
            debtor=Party(name="", account=Account(number=asked["debtor"])),
            creditor=Party(
                name=asked["name"], account=Account(number=asked["creditor"], agent=agent)
            ),
            amount=Money(asked["amount"], CNY),
            purpose=asked["purpose"],
            memo=asked["memo"],
            own_bank=asked["own_bank"],
            local=asked["local"],
            due=date.fromisoformat(asked["due"]) if asked["due"] else None,
        ),
    )


def _statement(asked: dict[str, Any]) -> StatementRequest:
    return StatementRequest(
        account=asked["account"],
        start=date.fromisoformat(asked["start"]) if asked.get("start") else None,
        end=date.fromisoformat(asked["end"]) if asked.get("end") else None,
        page=asked.get("page", 1),
        direction=asked.get("direction", "both"),
    )


_BODIES: dict[str, Any] = {
    "pay": _pay,
    "payment_status": lambda asked: StatusRequest(original=asked["original"]),
    "core_result": lambda asked: CoreRequest(
        original=asked.get("original", ""), bank_reference=asked.get("reference", "")
    ),
    "balance": lambda asked: BalanceRequest(account=asked["account"]),
    "statement": _statement,
    "sign_on": lambda _asked: SignOnRequest(),
}


def _encode(request: BankRequest, answer: BankAnswer) -> WireReply:
    told: dict[str, Any] = {
        "serial": request.serial,
        "signon": answer.signon.value,
        "message": answer.message.value,
        "unknown": answer.unknown_code,
    }
    if answer.payment is not None:
        stored = answer.payment
        told["payment"] = {
            "serial": stored.serial,
            "reference": stored.bank_reference,
            "state": stored.state.value,
            "reason": stored.reason.value,
            "amount": stored.order.amount.text(),
            "creditor": stored.order.creditor.account.number,
            "debtor_name": stored.order.debtor.name,
            "own_bank": stored.order.own_bank,
            "core": stored.core.value,
            "core_status": stored.core_status,
        }
    if answer.balance is not None:
        available = answer.balance.available
        told["ledger"] = answer.balance.ledger.text()
        told["available"] = available.text() if available else ""
    if answer.page is not None:
        told["more"] = answer.page.more
        told["entries"] = [
            {
                "amount": entry.amount.text(),
                "balance": entry.balance_after.text() if entry.balance_after else "",
                "key": entry.bank_key,
                "day": entry.booking_date.isoformat() if entry.booking_date else "",
                "reference": entry.reference,
                "remittance": entry.remittance,
                "counterparty": entry.counterparty_name,
            }
            for entry in answer.page.entries
        ]
        told["ledger"] = answer.page.ledger.text() if answer.page.ledger else ""
    return WireReply(200, "application/json", json.dumps(told).encode())


SIDE = BankSide(decode=_decode, encode=_encode)
