"""What the bank executed, as its books tell it to whoever compares."""

from __future__ import annotations

import pytest

from gateway.sandbox import executions, payees
from gateway.sandbox.executions import LedgerBooks
from tests.sandbox_json import (
    CUSTOMER,
    MAIN,
    OWN_PAYEE,
    RETURNING_PAYEE,
    Bank,
    batch,
    line,
    order,
    other,
)


@pytest.fixture
def bank():
    with Bank(durable=False) as opened:
        opened.pay("P1", order(amount="12.34"))
        opened.pay("P2", other(creditor=RETURNING_PAYEE))
        opened.pay("P3", other(), super=True)  # pending: not executed yet
        closed = payees.personal_account(2, payees.PERSONAL_CLOSED_PREFIX)
        lines = (line(1, payees.personal_account(1)), line(2, closed))
        opened.send_batch("B1", batch(*lines, payroll=True))
        yield opened


def told(bank) -> list[tuple[str, int, int, bool]]:
    return [
        (it.serial, it.line, it.amount_minor, it.returned)
        for it in LedgerBooks(bank.ledger.db).executions(CUSTOMER)
    ]


def test_only_what_was_booked_counts(bank):
    assert told(bank) == [("P1", 0, 1234, False), ("P2", 0, 10_000, False), ("B1", 1, 1000, False)]


def test_later_it_is_executed_or_returned(bank):
    bank.pass_time(days=3)
    bank.balance()
    assert ("P2", 0, 10_000, True) in told(bank)
    assert ("P3", 0, 10_000, False) in told(bank)


def test_from_whom_and_to_whom(bank):
    first = next(LedgerBooks(bank.ledger.db).executions(CUSTOMER))
    assert (first.debtor_account, first.creditor_account) == (MAIN, OWN_PAYEE)


def test_nothing_of_another_customer(bank):
    assert list(LedgerBooks(bank.ledger.db).executions("somebody else")) == []


def test_the_ledgers_own_complaints(bank):
    books = LedgerBooks(bank.ledger.db)
    assert books.complaints() == []
    bank.ledger.db.execute("UPDATE account SET held = held + 1 WHERE kind = 'customer'")
    assert any("money held" in it for it in books.complaints())


def test_page_by_page(bank, monkeypatch):
    monkeypatch.setattr(executions, "PAGE", 2)
    first = executions.page(bank.ledger.db, 0)
    second = executions.page(bank.ledger.db, first["next"])
    assert [it["serial"] for it in first["executions"]] == ["P1", "P2"]
    assert [it["serial"] for it in second["executions"]] == ["B1"]
    assert second["next"] == 0
