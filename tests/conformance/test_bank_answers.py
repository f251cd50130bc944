"""What an answer about a payment proves, and what proves nothing, in every bank's language."""

from __future__ import annotations

import pytest

from gateway.domain.errors import WireError
from gateway.domain.money import CNY, Money
from gateway.domain.outcome import Stage, Verdict
from gateway.domain.party import Account
from gateway.ports.bank import (
    BankState,
    Reason,
    SignOnQuestion,
    StatusQuestion,
)
from tests.conformance.found import (
    ENQUIRY_SERIAL,
    ORDERS,
    OTHER_BANK,
    OTHER_SERIAL,
    OWN_BANK,
    SERIAL,
    SIGN_ON,
    VERDICTS,
    answer,
    damaged,
    every_dialect,
    offered,
    pay_reply,
    paying,
    settled_core,
    status_reply,
    stored,
)
from tests.records import replace

SIGN_ON_REFUSALS = (Reason.OPERATOR_UNKNOWN, Reason.PASSWORD_WRONG, Reason.PASSWORD_LOCKED)


def proves_nothing(call):
    """The answer is refused as unreadable, or leaves the payment UNCONFIRMED."""
    try:
        outcome = call()
    except WireError:
        return True
    return outcome.verdict is Verdict.UNCONFIRMED and not outcome.known_reject


def decode_pay(dialect, reply, order=OTHER_BANK, serial=SERIAL):
    return dialect.pay.decode(order, serial, reply)


def decode_status(dialect, operation, reply, order=OTHER_BANK, serial=ENQUIRY_SERIAL):
    question = StatusQuestion(original=SERIAL, order=order)
    return getattr(dialect, operation).decode(question, serial, reply)


# ── inwards: what is proven ─────────────────────────────────────────────────────────────────


@paying
@pytest.mark.parametrize("order", ORDERS, ids=["other bank", "own bank"])
@pytest.mark.parametrize("state", BankState)
def test_a_payments_result_is_read(dialect, order, state):
    outcome = decode_pay(dialect, pay_reply(dialect, order, answer(stored(order, state))), order)
    assert outcome.verdict is VERDICTS[state]
    assert outcome.bank_reference == "990000000001"
    assert not outcome.known_reject


@paying
@pytest.mark.parametrize("state", BankState)
def test_an_enquirys_result_is_read(dialect, state):
    told = answer(stored(OTHER_BANK, state))
    outcome = decode_status(
        dialect, "payment_status", status_reply(dialect, "payment_status", told)
    )
    assert outcome.verdict is VERDICTS[state]
    assert outcome.stage is Stage.EXECUTION


@paying
def test_a_payment_is_found_or_not_found(dialect):
    told = answer(message=Reason.NO_SUCH_INSTRUCTION)
    reply = status_reply(dialect, "payment_status", told)
    assert decode_status(dialect, "payment_status", reply).verdict is Verdict.NOT_FOUND


@paying
@pytest.mark.parametrize("order", ORDERS, ids=["other bank", "own bank"])
def test_the_core_systems_word_is_read(dialect, order):
    if dialect.core_result is None:
        return
    reply = status_reply(dialect, "core_result", answer(settled_core(order)))
    assert decode_status(dialect, "core_result", reply, order).verdict is Verdict.SETTLED


@paying
@pytest.mark.parametrize("reason", Reason)
def test_a_refused_payment_is_rejected_by_the_table_or_unconfirmed(dialect, reason):
    if reason is Reason.OK:
        return
    outcome = decode_pay(dialect, pay_reply(dialect, OTHER_BANK, answer(message=reason)))
    if outcome.verdict is Verdict.REJECTED:
        assert (outcome.stage, outcome.known_reject) == (Stage.VALIDATION, True)
    else:
        assert outcome.verdict is Verdict.UNCONFIRMED


@paying
@pytest.mark.parametrize("reason", Reason)
def test_a_refused_enquiry_says_nothing_about_the_payment(dialect, reason):
    if reason in (Reason.OK, Reason.NO_SUCH_INSTRUCTION):
        return
    for operation in offered(dialect):
        outcome = decode_status(
            dialect, operation, status_reply(dialect, operation, answer(message=reason))
        )
        assert outcome.verdict is Verdict.UNCONFIRMED
        assert not outcome.known_reject


@paying
@pytest.mark.parametrize("reason", SIGN_ON_REFUSALS)
def test_a_refused_sign_on_executes_nothing(dialect, reason):
    outcome = decode_pay(dialect, pay_reply(dialect, OTHER_BANK, answer(signon=reason)))
    assert (outcome.verdict, outcome.stage) == (Verdict.REJECTED, Stage.SIGNON)
    assert outcome.known_reject
    for operation in offered(dialect):
        reply = status_reply(dialect, operation, answer(signon=reason))
        assert decode_status(dialect, operation, reply).stage is Stage.SIGNON


@every_dialect
def test_signing_on_is_answered(dialect):
    if dialect.sign_on is None:
        return
    sent = dialect.sign_on.encode(SignOnQuestion(), SIGN_ON, SERIAL)
    request = dialect.bank_side.decode(sent.body())
    for reason, verdict in [
        (Reason.OK, Verdict.ACKNOWLEDGED),
        *((refusal, Verdict.REJECTED) for refusal in SIGN_ON_REFUSALS),
    ]:
        reply = dialect.bank_side.encode(request, answer(signon=reason))
        outcome = dialect.sign_on.decode(SignOnQuestion(), SERIAL, reply)
        assert (outcome.verdict, outcome.stage) == (verdict, Stage.SIGNON)


# ── inwards: what proves nothing ────────────────────────────────────────────────────────────


@paying
def test_an_unknown_code_proves_nothing(dialect):
    told = answer(stored(OTHER_BANK), unknown_code=True)
    assert decode_pay(dialect, pay_reply(dialect, OTHER_BANK, told)).verdict is Verdict.UNCONFIRMED
    for operation in offered(dialect):
        outcome = decode_status(dialect, operation, status_reply(dialect, operation, told))
        assert outcome.verdict is Verdict.UNCONFIRMED


@paying
@pytest.mark.parametrize("state", [BankState.PAID, BankState.FAILED])
def test_a_damaged_reply_proves_nothing(dialect, state):
    reply = pay_reply(dialect, OTHER_BANK, answer(stored(OTHER_BANK, state)))
    for body in damaged(reply.body):
        assert proves_nothing(lambda body=body: decode_pay(dialect, replace(reply, body=body)))


@paying
@pytest.mark.parametrize("state", [BankState.PAID, BankState.FAILED])
def test_a_damaged_answer_to_an_enquiry_proves_nothing(dialect, state):
    for operation in offered(dialect):
        payment = settled_core(OTHER_BANK)
        reply = status_reply(dialect, operation, answer(replace(payment, state=state)))
        for body in damaged(reply.body):
            assert proves_nothing(
                lambda body=body, reply=reply, operation=operation: decode_status(
                    dialect, operation, replace(reply, body=body)
                )
            )


@paying
@pytest.mark.parametrize("status", [301, 400, 404, 500, 502, 503, 504])
def test_an_http_error_proves_nothing_whatever_it_says(dialect, status):
    reply = pay_reply(dialect, OTHER_BANK, answer(stored(OTHER_BANK)))
    assert proves_nothing(lambda: decode_pay(dialect, replace(reply, status=status)))
    for operation in offered(dialect):
        told = status_reply(dialect, operation, answer(settled_core(OTHER_BANK)))
        assert proves_nothing(
            lambda told=told, operation=operation: decode_status(
                dialect, operation, replace(told, status=status)
            )
        )


@paying
@pytest.mark.parametrize("state", [BankState.PAID, BankState.FAILED])
def test_the_answer_to_another_message_proves_nothing(dialect, state):
    told = answer(stored(OTHER_BANK, state))
    other = pay_reply(dialect, OTHER_BANK, told, OTHER_SERIAL)
    assert proves_nothing(lambda: decode_pay(dialect, other))
    for operation in offered(dialect):
        stale = status_reply(dialect, operation, answer(settled_core(OTHER_BANK)), OTHER_SERIAL)
        assert proves_nothing(
            lambda stale=stale, operation=operation: decode_status(dialect, operation, stale)
        )


@paying
def test_the_answer_to_another_operation_proves_nothing(dialect):
    payment = pay_reply(dialect, OTHER_BANK, answer(stored(OTHER_BANK)))
    for operation in offered(dialect):
        assert proves_nothing(
            lambda operation=operation: decode_status(dialect, operation, payment, serial=SERIAL)
        )
        enquiry = status_reply(dialect, operation, answer(settled_core(OTHER_BANK)), SERIAL)
        assert proves_nothing(lambda enquiry=enquiry: decode_pay(dialect, enquiry))


def another(name):
    account = Account(number="6200000000009999999", agent=OTHER_BANK.creditor.account.agent)
    payer = Account(number="900010100100000012", agent=OTHER_BANK.debtor.account.agent)
    return {
        "amount": replace(OTHER_BANK, amount=Money(3500001, CNY)),
        "payee": replace(OTHER_BANK, creditor=replace(OTHER_BANK.creditor, account=account)),
        "payer": replace(OTHER_BANK, debtor=replace(OTHER_BANK.debtor, account=payer)),
    }[name]


@paying
@pytest.mark.parametrize("name", ["amount", "payee", "payer"])
@pytest.mark.parametrize("state", [BankState.PAID, BankState.FAILED, BankState.PROCESSING])
def test_an_answer_about_other_content_proves_nothing(dialect, name, state):
    told = answer(stored(another(name), state))
    outcome = decode_pay(dialect, pay_reply(dialect, OTHER_BANK, told))
    assert (outcome.verdict, outcome.reason) == (Verdict.UNCONFIRMED, "echo_mismatch")
    for operation in offered(dialect):
        payment = replace(settled_core(another(name)), state=state)
        reply = status_reply(dialect, operation, answer(payment))
        outcome = decode_status(dialect, operation, reply)
        assert outcome.verdict is Verdict.UNCONFIRMED


@paying
def test_an_enrichment_of_the_echo_is_no_contradiction(dialect):
    corrected = replace(OWN_BANK, local=False)
    told = answer(stored(corrected))
    assert decode_pay(dialect, pay_reply(dialect, OWN_BANK, told), OWN_BANK).verdict is (
        Verdict.SETTLED
    )
