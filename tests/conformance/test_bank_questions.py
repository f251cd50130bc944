"""Balances and statements in every bank's language: read to the fen, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.domain.errors import BankRefused, WireError
from gateway.domain.money import CNY, Money
from gateway.domain.statement import Balance, Entry, StatementPage
from gateway.ports.bank import (
    BalanceQuestion,
    Reason,
    StatementQuestion,
)
from tests.conformance.found import (
    ACCOUNT,
    AT,
    OTHER_SERIAL,
    SERIAL,
    SIGN_ON,
    TODAY,
    answer,
    damaged,
    every_dialect,
)

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
    }
    for name in set(questions) & set(dialect.capabilities()):
        reply = asked(dialect, name, questions[name], told)
        with pytest.raises(BankRefused) as refused:
            getattr(dialect, name).decode(questions[name], SERIAL, reply)
        assert refused.value.bank_code
