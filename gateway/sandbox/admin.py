"""What the sandbox's operator sees and may do: plain records for the admin API.

Rule kept here: reading changes nothing, and a person's decision goes the same way as any
other event of the bank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from gateway.domain.errors import NotFound
from gateway.domain.money import CNY, Money
from gateway.sandbox.bank import SandboxBank
from gateway.sandbox.batches import BatchRow
from gateway.sandbox.execution import Decision
from gateway.sandbox.faults import Fault, FaultSchedule, Scripted
from gateway.sandbox.ledger import Ledger, instant, seconds
from gateway.sandbox.payments import PaymentRow
from gateway.sandbox.receipts import Flaw

Json = Mapping[str, object]
_PAYMENTS_MAX = 1000
_BATCHES_MAX = 100


class SharedClock(Protocol):
    """The business clock that gateway and sandbox share."""

    def now(self) -> datetime:
        """Business time, aware."""
        ...

    def jump(self, seconds: int) -> None:
        """Move the clock (negative: back)."""
        ...

    def scale(self, factor: int) -> None:
        """How many business seconds pass in one real second."""
        ...


class ClockOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Move the clock: by ``jump_s`` seconds, and/or let it run at ``scale``."""

    jump_s: int | None = None
    scale: int | None = None


class ScriptOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One scripted fault, as ``Scripted``."""

    kind: Fault
    operation: str = ""
    serial: str = ""
    creditor_account: str = ""
    times: int = 1


class FaultOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Set the rates (all of them), append to the script, or clear everything first."""

    rates: dict[Fault, float] | None = None
    script: tuple[ScriptOrder, ...] = ()
    clear: bool = False


class DecisionOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's decision about a waiting instruction."""

    decision: Decision
    customer: str = ""


class FlawOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to go wrong with receipt files, each once and in this order."""

    flaws: tuple[Flaw, ...]


def receipts_view(bank: SandboxBank, now: datetime, flaws: Sequence[Flaw]) -> Json:
    """Have ``flaws`` go wrong; orders of receipt files, and what is still to go wrong with them."""
    bank.receipts.spoil(flaws)
    return {
        "orders": bank.receipts.listed(now),
        "flaws": [it.value for it in bank.receipts.flaws],
    }


def ledger_view(ledger: Ledger) -> Json:
    """All accounts with balances, how much was booked, and whether the books are right."""
    rows = ledger.db.execute(
        "SELECT number, name, customer, kind, status, balance, held FROM account ORDER BY number"
    ).fetchall()
    (postings,) = ledger.db.execute("SELECT COUNT(*) FROM posting").fetchone()
    (payments, paid) = ledger.db.execute(
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN state = 'paid' THEN amount END), 0) FROM payment"
    ).fetchone()
    (lines, lines_paid) = ledger.db.execute(
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN state = 'paid' THEN amount END), 0)"
        " FROM batch_line"
    ).fetchone()
    (batches,) = ledger.db.execute("SELECT COUNT(*) FROM batch").fetchone()
    faults = ledger.check()
    customers = sum(row[5] for row in rows if row[3] == "customer")
    return {
        "accounts": [
            {
                "number": number,
                "name": name,
                "customer": customer,
                "kind": kind,
                "status": status,
                "balance": _text(balance),
                "held": _text(held),
            }
            for number, name, customer, kind, status, balance, held in rows
        ],
        "totals": {"customers": _text(customers), "all": _text(sum(row[5] for row in rows))},
        "postings": postings,
        "payments": payments,
        "paid": _text(paid),
        "batches": batches,
        "batch_lines": lines,
        "batch_lines_paid": _text(lines_paid),
        "balanced": not faults,
        "faults": faults,
    }


def payments_view(bank: SandboxBank, serial: str, customer: str) -> Json:
    """Instructions of one serial with their history, or the newest ones."""
    book = bank.book
    rows = book.matching(serial, customer) if serial else book.latest(_PAYMENTS_MAX)
    return {"payments": [payment_view(bank, row) for row in rows]}


def payment_view(bank: SandboxBank, row: PaymentRow) -> Json:
    """One instruction as the bank knows it."""
    order = row.order
    return {
        "customer": row.customer,
        "serial": row.serial,
        "bank_reference": row.bank_reference,
        "debtor_account": order.debtor.account.number,
        "creditor_account": order.creditor.account.number,
        "creditor_name": order.creditor.name,
        "amount": order.amount.text(),
        "own_bank": order.own_bank,
        "super_channel": row.super_channel,
        "due": order.due.isoformat() if order.due else "",
        "state": row.state.value,
        "reason": row.reason.value,
        "at": instant(row.at).isoformat(),
        "paid_on": row.paid_on,
        "returned": bank.book.returned(row),
        "history": [
            {"state": state.value, "reason": reason.value, "at": instant(at).isoformat()}
            for state, reason, at in bank.book.history(row)
        ],
    }


def batches_view(bank: SandboxBank, serial: str, customer: str) -> Json:
    """Batches of one serial with lines and history, or the newest ones."""
    book = bank.batches.book
    rows = book.matching(serial, customer) if serial else book.latest(_BATCHES_MAX)
    return {"batches": [batch_view(bank, row) for row in rows]}


def batch_view(bank: SandboxBank, row: BatchRow) -> Json:
    """One batch as the bank knows it."""
    order, book, stored = row.order, bank.batches.book, row.stored()
    returned = book.returned(row)
    return {
        "customer": row.customer,
        "serial": row.serial,
        "kind": order.kind.value,
        "bank_reference": row.bank_reference,
        "debtor_account": order.debtor.account.number,
        "amount": order.total().text(),
        "purpose": order.purpose,
        "due": order.due.isoformat() if order.due else "",
        "state": row.state.value,
        "reason": row.reason.value,
        "at": instant(row.at).isoformat(),
        "paid_on": row.paid_on,
        "lines": [
            {
                "line": line.line,
                "creditor_account": line.creditor.account.number,
                "creditor_name": line.creditor.name,
                "amount": line.amount.text(),
                "own_bank": line.own_bank,
                "state": told.state.value,
                "reason": told.reason.value,
                "returned": line.line in returned,
            }
            for line, told in zip(order.lines, stored.lines, strict=True)
        ],
        "history": [
            {"state": state.value, "reason": reason.value, "at": instant(at).isoformat()}
            for state, reason, at in book.history(row)
        ],
    }


def entries_view(ledger: Ledger, number: str) -> Json:
    """Every statement line of an account, oldest first. Raises NotFound."""
    account = ledger.account(number)
    if account is None:
        raise NotFound("the bank keeps no such account", "本行没有该账户")
    found = ledger.db.execute(
        "SELECT p.voucher, p.seq, v.kind, p.amount, p.balance_after, p.day, p.at,"
        " p.counterparty_name, p.counterparty_account, p.remittance, p.reference,"
        " COALESCE(y.serial, b.serial, ''), v.line FROM posting p"
        " JOIN voucher v ON v.id = p.voucher LEFT JOIN payment y ON y.id = v.payment"
        " LEFT JOIN batch b ON b.id = v.batch WHERE p.account = ? ORDER BY p.id",
        (number,),
    )
    return {
        "account": number,
        "name": account.name,
        "balance": _text(account.balance),
        "entries": [
            {
                "voucher": voucher,
                "seq": seq,
                "kind": kind,
                "amount": _text(amount),
                "balance_after": _text(after),
                "day": day,
                "at": instant(at).isoformat(),
                "counterparty_name": name,
                "counterparty_account": opposite,
                "remittance": remittance,
                "reference": reference,
                "serial": serial,
                "line": line,
            }
            for voucher, seq, kind, amount, after, day, at, name, opposite, *rest in found
            for remittance, reference, serial, line in (rest,)
        ],
    }


def faults_view(schedule: FaultSchedule) -> Json:
    """The rates in force, the script still to come, and what has happened so far."""
    return {
        "rates": {kind.value: rate for kind, rate in schedule.rates.items()},
        "script": [
            {
                "kind": script.kind.value,
                "operation": script.operation,
                "serial": script.serial,
                "creditor_account": script.creditor_account,
                "times": script.times,
            }
            for script in schedule.script
        ],
        "counts": {kind.value: count for kind, count in schedule.counts.items()},
    }


def set_faults(schedules: Sequence[FaultSchedule], order: FaultOrder) -> None:
    """Change every front's schedule alike. Raises Refused for rates that cannot be drawn."""
    for schedule in schedules:
        if order.clear:
            schedule.clear()
        if order.rates is not None:
            schedule.set_rates(order.rates)
        schedule.add(
            *(
                Scripted(
                    kind=script.kind,
                    operation=script.operation,
                    serial=script.serial,
                    creditor_account=script.creditor_account,
                    times=script.times,
                )
                for script in order.script
            )
        )


def set_clock(clock: SharedClock, banks: Sequence[SandboxBank], order: ClockOrder) -> Json:
    """Move the clock, then let the bank do everything that has become due."""
    if order.scale is not None:
        clock.scale(order.scale)
    if order.jump_s is not None:
        clock.jump(order.jump_s)
    now = clock.now()
    return {"now": now.isoformat(), "done": sum(bank.progress(now) for bank in banks)}


def decide(bank: SandboxBank, serial: str, order: DecisionOrder, now: datetime) -> Json:
    """A person at the client or branch decides. Raises NotFound, NotPermitted."""
    bank.progress(now)
    with bank.ledger.transaction():
        if not bank.book.matching(serial, order.customer):
            batch = bank.batches.execution.only(serial, order.customer)
            decided = bank.batches.execution.decide(batch, order.decision, seconds(now))
            return batch_view(bank, decided)
        row = bank.execution.only(serial, order.customer)
        return payment_view(bank, bank.execution.decide(row, order.decision, seconds(now)))


def _text(fen: int) -> str:
    return Money(fen, CNY).text()
