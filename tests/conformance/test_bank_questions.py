"""Balances and statements in every bank's language: read to the fen, or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.domain.errors import BankRefused, WireError
from gateway.domain.money import CNY, Money
from gateway.domain.statement import Balance, Entry, StatementPage
from gateway.ports.bank import (
    BalanceQuestion,
    BankState,
    EntryKind,
    Reason,
    StatementQuestion,
)
from gateway.ports.bank_batch import (
    BatchKind,
    DayBalance,
    HistoryQuestion,
    HistoryRequest,
    OverviewLine,
    OverviewPage,
    OverviewQuestion,
    OverviewRequest,
    ReceiptQuestion,
    ReceiptRequest,
)
from tests.conformance.found import (
    ACCOUNT,
    AT,
    BATCHES,
    OTHER_BANK,
    OTHER_SERIAL,
    SERIAL,
    SIGN_ON,
    TODAY,
    answer,
    damaged,
    every_dialect,
    stored,
    stored_batch,
)
from tests.records import replace

REFUNDS = StatementQuestion(account=ACCOUNT, start=TODAY, end=TODAY, kind=EntryKind.REFUNDS)
HISTORY = HistoryQuestion(account=ACCOUNT, start=TODAY - timedelta(days=1), end=TODAY)

# ── questions that move no money ────────────────────────────────────────────────────────────

BALANCE = Balance(
    account=ACCOUNT,
    ledger=Money(9876543, CNY),
    available=Money(9000000, CNY),
    account_name="示例制造有限公司",
)
ENTRIES = (
    Entry(
        amount=Money(-120050, CNY),
        booking_date=TODAY,
        booked_at=AT,
        bank_key="2026091500000000001000001",
        reference="H00990202609150000000000010000",
        balance_after=Money(9876543, CNY),
        counterparty_name="样本物流有限公司",
        counterparty_account="900010100100000099",
        counterparty_bank="样本支行",
        remittance="运费",
    ),
    Entry(
        amount=Money(1000, CNY),
        booking_date=TODAY,
        booked_at=AT,
        bank_key="2026091500000000002000001",
        reference="H00990202609150000000000020000",
        balance_after=Money(0, CNY),
        remittance="货款",
    ),
    Entry(amount=Money(-1000, CNY), booking_date=TODAY, booked_at=AT, reversal=True),
    Entry(amount=Money(1000, CNY), booking_date=TODAY, booked_at=AT, reversal=True),
)


def asked(dialect, operation, question, told):
    sent = getattr(dialect, operation).encode(question, SIGN_ON, SERIAL)
    return dialect.bank_side.encode(dialect.bank_side.decode(sent.body()), told)


@every_dialect
def test_a_balance_is_read_to_the_fen(dialect):
    if dialect.balance is None:
        return
    question = BalanceQuestion(account=ACCOUNT)
    reply = asked(dialect, "balance", question, answer(balance=BALANCE))
    read = dialect.balance.decode(question, SERIAL, reply)
    assert replace(read, as_of=None) == BALANCE
    for body in damaged(reply.body):
        with pytest.raises((WireError, BankRefused)):
            dialect.balance.decode(question, SERIAL, replace(reply, body=body))
    with pytest.raises(WireError):
        dialect.balance.decode(question, OTHER_SERIAL, reply)
    with pytest.raises(WireError):
        dialect.balance.decode(BalanceQuestion(account="900010100100000012"), SERIAL, reply)


@every_dialect
@pytest.mark.parametrize("more", [True, False])
def test_a_statement_page_is_read_whole(dialect, more):
    if dialect.statement is None:
        return
    page = StatementPage(
        account=ACCOUNT,
        entries=ENTRIES,
        more=more,
        ledger=BALANCE.ledger,
        available=BALANCE.available,
        as_of=TODAY,
    )
    question = StatementQuestion(account=ACCOUNT, start=TODAY, end=TODAY)
    reply = asked(dialect, "statement", question, answer(page=page))
    assert dialect.statement.decode(question, SERIAL, reply) == page
    for body in damaged(reply.body):
        with pytest.raises((WireError, BankRefused)):
            dialect.statement.decode(question, SERIAL, replace(reply, body=body))
    with pytest.raises(WireError):
        dialect.statement.decode(question, OTHER_SERIAL, reply)


@every_dialect
def test_a_day_without_entries_is_no_error(dialect):
    if dialect.statement is None:
        return
    page = StatementPage(account=ACCOUNT, entries=(), more=False, ledger=BALANCE.ledger)
    question = StatementQuestion(account=ACCOUNT, start=TODAY, end=TODAY)
    reply = asked(dialect, "statement", question, answer(page=page, message=Reason.NO_ENTRIES))
    read = dialect.statement.decode(question, SERIAL, reply)
    assert (read.entries, read.more, read.ledger) == ((), False, BALANCE.ledger)


@every_dialect
@pytest.mark.parametrize(
    "told",
    [
        answer(message=Reason.NOT_PERMITTED),
        answer(message=Reason.ACCOUNT_UNKNOWN),
        answer(signon=Reason.PASSWORD_WRONG),
        answer(unknown_code=True),
    ],
)
def test_a_refused_question_is_a_refusal(dialect, told):
    questions = {
        "balance": BalanceQuestion(account=ACCOUNT),
        "statement": StatementQuestion(account=ACCOUNT, start=TODAY, end=TODAY),
        "refunds": REFUNDS,
        "history": HISTORY,
        "overview": OverviewQuestion(day=TODAY),
        "receipt": ReceiptQuestion(original=SERIAL, kind=None),
    }
    for name in set(questions) & set(dialect.capabilities()):
        reply = asked(dialect, name, questions[name], told)
        with pytest.raises(BankRefused) as refused:
            getattr(dialect, name).decode(questions[name], SERIAL, reply)
        assert refused.value.bank_code


# ── refunds, days, receipts ─────────────────────────────────────────────────────────────────


def spoilt(dialect, operation, question, reply):
    """Cut answers and an answer to another message, all refused."""
    for body in damaged(reply.body):
        with pytest.raises((WireError, BankRefused)):
            getattr(dialect, operation).decode(question, SERIAL, replace(reply, body=body))


@every_dialect
def test_only_refunds_are_asked_for(dialect):
    if dialect.refunds is None:
        return
    refund = replace(ENTRIES[1], counterparty_name="样本钢铁（上海）有限公司")
    page = StatementPage(account=ACCOUNT, entries=(refund,), more=False, ledger=BALANCE.ledger)
    for question in (REFUNDS, replace(REFUNDS, kind=EntryKind.ALL)):
        sent = dialect.refunds.encode(question, SIGN_ON, SERIAL)
        assert dialect.bank_side.decode(sent.body()).body.kind is EntryKind.REFUNDS
        reply = asked(dialect, "refunds", question, answer(page=page))
        assert dialect.refunds.decode(question, SERIAL, reply) == page
        spoilt(dialect, "refunds", question, reply)
    if dialect.statement is not None:
        whole = replace(REFUNDS, kind=EntryKind.ALL)
        sent = dialect.statement.encode(whole, SIGN_ON, SERIAL)
        assert dialect.bank_side.decode(sent.body()).body.kind is EntryKind.ALL


@every_dialect
def test_closed_days_are_read_to_the_fen(dialect):
    if dialect.history is None:
        return
    days = tuple(
        DayBalance(
            day=day,
            closing=Money(9876543, CNY),
            debits=2,
            credits=1,
            debit_sum=Money(120050, CNY),
            credit_sum=Money(1000, CNY),
        )
        for day in (HISTORY.start, HISTORY.end)
    )
    sent = dialect.history.encode(HISTORY, SIGN_ON, SERIAL)
    assert dialect.bank_side.decode(sent.body()).body == HistoryRequest(
        account=ACCOUNT, start=HISTORY.start, end=HISTORY.end
    )
    reply = asked(dialect, "history", HISTORY, answer(days=days))
    assert dialect.history.decode(HISTORY, SERIAL, reply) == days
    spoilt(dialect, "history", HISTORY, reply)
    with pytest.raises(WireError):
        dialect.history.decode(HISTORY, OTHER_SERIAL, reply)
    narrower = replace(HISTORY, end=HISTORY.start)
    with pytest.raises(WireError):
        dialect.history.decode(narrower, SERIAL, reply)
    twice = asked(dialect, "history", HISTORY, answer(days=(days[0], days[0])))
    with pytest.raises(WireError):
        dialect.history.decode(HISTORY, SERIAL, twice)


@every_dialect
@pytest.mark.parametrize("more", [True, False])
def test_a_days_overview_is_read_whole(dialect, more):
    if dialect.overview is None:
        return
    line = OverviewLine(
        account=ACCOUNT,
        amount=Money(-120050, CNY),
        balance_after=Money(0, CNY),
        counterparty_account="900010100100000099",
        counterparty_name="样本物流有限公司",
        booked_at=AT,
        purpose="运费",
    )
    page = OverviewPage(
        lines=(line, replace(line, amount=Money(5, CNY), balance_after=None, booked_at=None)),
        more=more,
        incomes=1,
        expenses=1,
        income_sum=Money(5, CNY),
        expense_sum=Money(120050, CNY),
    )
    question = OverviewQuestion(day=TODAY, page=2)
    sent = dialect.overview.encode(question, SIGN_ON, SERIAL)
    asked_for = dialect.bank_side.decode(sent.body()).body
    assert asked_for == OverviewRequest(day=TODAY, page=2)
    reply = asked(dialect, "overview", question, answer(overview=page))
    assert dialect.overview.decode(question, SERIAL, reply) == page
    spoilt(dialect, "overview", question, reply)
    with pytest.raises(WireError):
        dialect.overview.decode(question, OTHER_SERIAL, reply)
    # Not there (yet) is never an empty day.
    late = asked(dialect, "overview", question, answer(message=Reason.NO_ENTRIES))
    with pytest.raises(BankRefused):
        dialect.overview.decode(question, SERIAL, late)


@every_dialect
@pytest.mark.parametrize("name", ["single", "batch", "payroll"])
def test_a_receipt_lists_what_was_paid(dialect, name):
    if dialect.receipt is None:
        return
    order = dict(BATCHES).get(name)
    kind = {"batch": BatchKind.PAYMENT, "payroll": BatchKind.PAYROLL}.get(name)
    question = ReceiptQuestion(original=SERIAL, kind=kind)
    if order is None:
        told = answer(stored(OTHER_BANK))
        expected = [(1, OTHER_BANK.creditor.account.number, OTHER_BANK.amount, "settled")]
    else:
        states = (BankState.PAID, BankState.FAILED, BankState.PAID)
        told = answer(batch=stored_batch(order, BankState.PARTLY_PAID, *states))
        expected = [
            (line.line, line.creditor.account.number, line.amount, state)
            for line, state in zip(order.lines, ("settled", "rejected", "settled"), strict=True)
        ]
    # A receipt is asked for by the original's serial: the question's own goes unused.
    sent = dialect.receipt.encode(question, SIGN_ON, OTHER_SERIAL)
    request = dialect.bank_side.decode(sent.body())
    assert request.body == ReceiptRequest(original=SERIAL, kind=kind)
    reply = dialect.bank_side.encode(request, told)
    read = dialect.receipt.decode(question, OTHER_SERIAL, reply)
    assert [
        (line.line, line.creditor.account.number, line.amount, line.state) for line in read.lines
    ] == expected
    assert read.number
    assert read.bank_reference
    assert read.debtor.account.number == OTHER_BANK.debtor.account.number
    assert read.total == (OTHER_BANK.amount if order is None else order.total())
    assert read.maker == SIGN_ON.operator
    spoilt(dialect, "receipt", question, reply)
    with pytest.raises(WireError):
        dialect.receipt.decode(replace(question, original=OTHER_SERIAL), SERIAL, reply)
