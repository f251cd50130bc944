"""A tiny bank dialect in JSON, both sides: requests as a client writes them, answers as told."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

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
    EntryKind,
    PayOrder,
    PayRequest,
    SignOn,
    SignOnRequest,
    StatementRequest,
    StatusRequest,
)
from gateway.ports.bank_batch import (
    BatchKind,
    BatchLine,
    BatchOrder,
    BatchRequest,
    BatchStatusRequest,
    HistoryRequest,
    OverviewRequest,
    ReceiptRequest,
)
from gateway.sandbox.ledger import BANK_TIME

START = datetime(2026, 9, 15, 10, 0, tzinfo=BANK_TIME)  # a Tuesday
CUSTOMER = "9900000001"


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


def encode_batch(serial: str, what: BatchOrder, **more: Any) -> bytes:
    """A batch or payroll request; ``count`` and ``total`` (fen) are what it says of itself."""
    return encode(
        "payroll" if what.kind is BatchKind.PAYROLL else "batch",
        serial,
        debtor=what.debtor.account.number,
        purpose=what.purpose,
        payroll_purpose=what.payroll_purpose,
        due=what.due.isoformat() if what.due else "",
        lines=[
            {
                "line": it.line,
                "creditor": it.creditor.account.number,
                "name": it.creditor.name,
                "agent": [getattr(it.creditor.account.agent, key) for key in _AGENT],
                "amount": it.amount.minor,
                "purpose": it.purpose,
                "memo": it.memo,
                "own_bank": it.own_bank,
            }
            for it in what.lines
        ],
        **more,
    )


_AGENT = ("name", "cnaps", "city")


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


def _batch(asked: dict[str, Any]) -> BatchRequest:
    lines = tuple(
        BatchLine(
            line=it["line"],
            creditor=Party(
                name=it["name"],
                account=Account(
                    number=it["creditor"],
                    agent=Agent(**dict(zip(_AGENT, it["agent"], strict=True))),
                ),
            ),
            amount=Money(it["amount"], CNY),
            purpose=it["purpose"],
            memo=it["memo"],
            own_bank=it["own_bank"],
        )
        for it in asked["lines"]
    )
    return BatchRequest(
        order=BatchOrder(
            kind=BatchKind.PAYROLL if asked["operation"] == "payroll" else BatchKind.PAYMENT,
            debtor=Party(name="", account=Account(number=asked["debtor"])),
            lines=lines,
            purpose=asked["purpose"],
            payroll_purpose=asked["payroll_purpose"],
            due=date.fromisoformat(asked["due"]) if asked["due"] else None,
        ),
        count=asked.get("count"),
        amount=Money(asked["total"], CNY) if "total" in asked else None,
    )


def _receipt(asked: dict[str, Any]) -> ReceiptRequest:
    kind = BatchKind(asked["kind"]) if asked.get("kind") else None
    return ReceiptRequest(original=asked["original"], kind=kind)


def _history(asked: dict[str, Any]) -> HistoryRequest:
    start, end = date.fromisoformat(asked["start"]), date.fromisoformat(asked["end"])
    return HistoryRequest(account=asked["account"], start=start, end=end)


def _statement(asked: dict[str, Any]) -> StatementRequest:
    return StatementRequest(
        account=asked["account"],
        start=date.fromisoformat(asked["start"]) if asked.get("start") else None,
        end=date.fromisoformat(asked["end"]) if asked.get("end") else None,
        page=asked.get("page", 1),
        direction=asked.get("direction", "both"),
        kind=EntryKind(asked.get("kind", "all")),
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
    "batch": _batch,
    "payroll": _batch,
    "batch_status": lambda asked: BatchStatusRequest(
        original=asked["original"], kind=BatchKind.PAYMENT
    ),
    "payroll_status": lambda asked: BatchStatusRequest(
        original=asked["original"], kind=BatchKind.PAYROLL
    ),
    "receipt": _receipt,
    "history": _history,
    "overview": lambda asked: OverviewRequest(
        day=date.fromisoformat(asked["day"]), page=asked.get("page", 1)
    ),
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
    _encode_more(told, answer)
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


def _encode_more(told: dict[str, Any], answer: BankAnswer) -> None:
    told |= {"faulty": list(answer.faulty), "detail": answer.detail}
    if answer.batch is not None:
        stored = answer.batch
        told["batch"] = {
            "serial": stored.serial,
            "reference": stored.bank_reference,
            "kind": stored.order.kind.value,
            "state": stored.state.value,
            "reason": stored.reason.value,
            "amount": stored.order.total().text(),
            "debtor_name": stored.order.debtor.name,
            "creditors": [it.creditor.account.number for it in stored.order.lines],
            "own_bank": [it.own_bank for it in stored.order.lines],
            "lines": [[it.line, it.state.value, it.reason.value] for it in stored.lines],
        }
    if answer.days:
        told["days"] = [
            [
                *(it.day.isoformat(), it.closing.text(), it.debits, it.credits),
                *(it.debit_sum.text(), it.credit_sum.text()),
            ]
            for it in answer.days
        ]
    if answer.overview is not None:
        page = answer.overview
        told["overview"] = {
            "lines": [[it.account, it.amount.text(), it.purpose] for it in page.lines],
            "more": page.more,
            "incomes": [page.incomes, page.income_sum.text()],
            "expenses": [page.expenses, page.expense_sum.text()],
        }


SIDE = BankSide(decode=_decode, encode=_encode)
