"""What goes out is read as it was meant, whatever it is, and comes back to the fen."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bank.cib import DIALECT, dialect
from gateway.domain.errors import WireError
from gateway.domain.ids import Serial
from gateway.domain.message import WireReply
from gateway.domain.money import CNY, Money
from gateway.domain.outcome import Verdict
from gateway.domain.statement import Balance, Entry, StatementPage
from gateway.ports.bank import (
    BalanceQuestion,
    BankAnswer,
    BankState,
    CoreResult,
    Reason,
    SignOn,
    StatementQuestion,
    StatusQuestion,
    StoredPayment,
)
from tests.property.cib.orders import SERIALS, orders, texts
from tests.records import replace

AT = datetime(2026, 9, 15, 10, 0, tzinfo=timezone(timedelta(hours=8)))
DAY = date(2026, 9, 15)
ACCOUNT = "900010100100000011"
ENQUIRY = Serial("20260915Q0001")
SIGN_ON = SignOn(customer="9900000001", operator="erpmaker", password="Demo-Pass-1", at=AT)
SIGNED = st.integers(-(10**16), 10**16).map(lambda minor: Money(minor, CNY))
VERDICTS = {
    BankState.PENDING: Verdict.UNCONFIRMED,
    BankState.PARTLY_PAID: Verdict.UNCONFIRMED,
    BankState.PROCESSING: Verdict.PROCESSING,
    BankState.PAID: Verdict.SETTLED,
    BankState.FAILED: Verdict.REJECTED,
    BankState.WITHDRAWN: Verdict.CANCELLED,
    BankState.EXPIRED: Verdict.EXPIRED,
}


def stored(order, state, serial):
    return StoredPayment(
        serial=serial,
        bank_reference="990000000001",
        order=order,
        state=state,
        processed_at=AT,
        core=CoreResult.VALID,
    )


@given(orders(), SERIALS)
def test_an_order_is_read_as_it_was_meant(order, serial):
    assert DIALECT.pay.check(order) == ()
    message = DIALECT.pay.encode(order, SIGN_ON, Serial(serial))
    assert message == DIALECT.pay.encode(order, SIGN_ON, Serial(serial))
    request = DIALECT.bank_side.decode(message.body())
    assert (request.serial, request.malformed, request.signon) == (serial, "", SIGN_ON)
    assert request.body.order == order


@given(orders(), SERIALS, st.sampled_from(BankState))
def test_a_result_comes_back(order, serial, state):
    sent = DIALECT.pay.encode(order, SIGN_ON, Serial(serial))
    request = DIALECT.bank_side.decode(sent.body())
    told = BankAnswer(at=AT, payment=stored(order, state, serial))
    outcome = DIALECT.pay.decode(order, Serial(serial), DIALECT.bank_side.encode(request, told))
    assert outcome.verdict is VERDICTS.get(state, Verdict.BANK_APPROVAL)


@given(orders(), SERIALS, st.sampled_from(BankState))
def test_an_enquiry_tells_the_same(order, serial, state):
    question = StatusQuestion(original=Serial(serial), order=order)
    sent = DIALECT.payment_status.encode(question, SIGN_ON, ENQUIRY)
    request = DIALECT.bank_side.decode(sent.body())
    assert request.body.original == serial
    told = BankAnswer(at=AT, payment=stored(order, state, serial))
    reply = DIALECT.bank_side.encode(request, told)
    outcome = DIALECT.payment_status.decode(question, ENQUIRY, reply)
    assert outcome.verdict is VERDICTS.get(state, Verdict.BANK_APPROVAL)


@given(orders(), orders())
def test_a_replay_of_other_content_is_never_taken_for_this_payment(order, other):
    sent = DIALECT.pay.encode(order, SIGN_ON, ENQUIRY)
    request = DIALECT.bank_side.decode(sent.body())
    told = BankAnswer(at=AT, payment=stored(other, BankState.PAID, ENQUIRY))
    outcome = DIALECT.pay.decode(order, ENQUIRY, DIALECT.bank_side.encode(request, told))
    same = (
        order.amount == other.amount
        and order.creditor.account.number == other.creditor.account.number
        and order.debtor.account.number == other.debtor.account.number
        and order.purpose == other.purpose
    )
    assert outcome.verdict is (Verdict.SETTLED if same else Verdict.UNCONFIRMED)


@given(orders(), st.text(max_size=120))
def test_a_name_is_refused_or_carried_whole(order, name):
    renamed = replace(order, creditor=replace(order.creditor, name=name))
    if DIALECT.pay.check(renamed):
        return
    sent = DIALECT.pay.encode(renamed, SIGN_ON, ENQUIRY)
    assert DIALECT.bank_side.decode(sent.body()).body.order == renamed


@given(st.binary(max_size=200))
def test_no_bytes_are_a_proof(body):
    reply = WireReply(status=200, content_type="application/x-fox", body=body)
    with pytest.raises(WireError):
        DIALECT.sign_on.decode(None, ENQUIRY, reply)


@given(SIGNED, SIGNED | st.none())
def test_a_balance_comes_back(ledger, available):
    balance = Balance(account=ACCOUNT, ledger=ledger, available=available, account_name="示例")
    question = BalanceQuestion(account=ACCOUNT)
    sent = DIALECT.balance.encode(question, SIGN_ON, ENQUIRY)
    request = DIALECT.bank_side.decode(sent.body())
    reply = DIALECT.bank_side.encode(request, BankAnswer(at=AT, balance=balance))
    read = DIALECT.balance.decode(question, ENQUIRY, reply)
    # A bank always tells what is available; where the ledger keeps no second figure, the same.
    assert read == replace(balance, as_of=AT, available=ledger if available is None else available)


@st.composite
def entries(draw):
    minor = draw(st.integers(-(10**12), 10**12).filter(bool))
    return Entry(
        amount=Money(minor, CNY),
        booking_date=DAY,
        booked_at=AT,
        bank_key=draw(st.text("0123456789", max_size=25)),
        reference=draw(st.text("0123456789H", max_size=30)),
        balance_after=draw(SIGNED | st.none()),
        counterparty_name=draw(texts(50, 0)),
        counterparty_account=draw(st.text("0123456789", max_size=32)),
        remittance=draw(texts(40, 0)),
        reversal=draw(st.booleans()),
    )


@given(st.lists(entries(), min_size=1, max_size=5), st.booleans(), st.sampled_from(["", "2.0"]))
def test_a_statement_page_comes_back_in_both_versions(lines, more, version):
    spoken = dialect(statement_version=version)
    page = StatementPage(
        account=ACCOUNT, entries=tuple(lines), more=more, ledger=Money(5, CNY), as_of=DAY
    )
    question = StatementQuestion(account=ACCOUNT, start=DAY, end=DAY, page=3)
    sent = spoken.statement.encode(question, SIGN_ON, ENQUIRY)
    request = spoken.bank_side.decode(sent.body())
    assert (request.body.page, request.body.version) == (3, version)
    message = Reason.OK if lines else Reason.NO_ENTRIES
    reply = spoken.bank_side.encode(request, BankAnswer(at=AT, page=page, message=message))
    assert spoken.statement.decode(question, ENQUIRY, reply) == page
