"""Many payments in one message, in every bank's language: each line has its own proven fate."""

from __future__ import annotations

import pytest

from gateway.domain.errors import WireError
from gateway.domain.money import CNY, Money
from gateway.domain.outcome import Stage, Verdict
from gateway.domain.party import Account
from gateway.ports.bank import BankState, Reason
from gateway.ports.bank_batch import (
    BatchRequest,
    BatchStatusQuestion,
    BatchStatusRequest,
    StoredLine,
)
from tests.conformance.found import (
    BATCHES,
    DIALECTS,
    ENQUIRY_SERIAL,
    OTHER_SERIAL,
    SERIAL,
    SIGN_ON,
    answer,
    damaged,
    stored_batch,
)
from tests.records import replace

CASES = [
    (dialect, name, order)
    for dialect in DIALECTS
    for name, order in BATCHES
    if getattr(dialect, name) is not None
]
every_batch = pytest.mark.parametrize(
    ("dialect", "name", "order"), CASES, ids=[f"{case[0].code}-{case[1]}" for case in CASES]
)
FINAL = {
    BankState.PAID: Verdict.SETTLED,
    BankState.FAILED: Verdict.REJECTED,
}
INTERIM = {
    BankState.AUDITING: Verdict.BANK_APPROVAL,
    BankState.PENDING: Verdict.UNCONFIRMED,
    BankState.PROCESSING: Verdict.PROCESSING,
    BankState.WITHDRAWN: Verdict.CANCELLED,
    BankState.EXPIRED: Verdict.EXPIRED,
}


def replied(dialect, name, order, told, serial=SERIAL):
    sent = getattr(dialect, name).encode(order, SIGN_ON, serial)
    return dialect.bank_side.encode(dialect.bank_side.decode(sent.body()), told)


def decoded(dialect, name, order, reply):
    return getattr(dialect, name).decode(order, SERIAL, reply)


def ordered(dialect, name, order, told):
    return decoded(dialect, name, order, replied(dialect, name, order, told))


def asked_reply(dialect, name, order, told, original=SERIAL):
    serial = ENQUIRY_SERIAL if original == SERIAL else OTHER_SERIAL
    question = BatchStatusQuestion(original=original, order=order)
    sent = getattr(dialect, f"{name}_status").encode(question, SIGN_ON, serial)
    return dialect.bank_side.encode(dialect.bank_side.decode(sent.body()), told)


def asked_decoded(dialect, name, order, reply):
    question = BatchStatusQuestion(original=SERIAL, order=order)
    return getattr(dialect, f"{name}_status").decode(question, ENQUIRY_SERIAL, reply)


def enquired(dialect, name, order, told):
    return asked_decoded(dialect, name, order, asked_reply(dialect, name, order, told))


WAYS = (ordered, enquired)


def proves_nothing(call):
    try:
        outcome = call()
    except WireError:
        return True
    return outcome.verdict is Verdict.UNCONFIRMED and not outcome.known_reject


def test_batches_are_found():
    assert CASES


@every_batch
def test_who_can_batch_can_ask(dialect, name, order):
    assert getattr(dialect, f"{name}_status") is not None
    assert getattr(dialect, f"{name}_lines_max") >= len(order.lines)
    assert getattr(dialect, name).check(order) == ()


@every_batch
def test_a_batch_is_read_as_it_was_meant(dialect, name, order):
    sent = getattr(dialect, name).encode(order, SIGN_ON, SERIAL)
    request = dialect.bank_side.decode(sent.body())
    assert (request.serial, request.malformed, request.signon) == (SERIAL, "", SIGN_ON)
    assert isinstance(request.body, BatchRequest)
    read = request.body.order
    assert (read.kind, read.purpose) == (order.kind, order.purpose)
    assert read.payroll_purpose == order.payroll_purpose
    assert [
        (line.line, line.creditor.name, line.creditor.account.number, line.amount)
        for line in read.lines
    ] == [
        (line.line, line.creditor.name, line.creditor.account.number, line.amount)
        for line in order.lines
    ]
    assert request.body.count in (None, len(order.lines))
    assert request.body.amount in (None, order.total())


@every_batch
def test_a_question_orders_nothing(dialect, name, order):
    question = BatchStatusQuestion(original=OTHER_SERIAL, order=order)
    sent = getattr(dialect, f"{name}_status").encode(question, SIGN_ON, ENQUIRY_SERIAL)
    body = dialect.bank_side.decode(sent.body()).body
    assert body == BatchStatusRequest(original=OTHER_SERIAL, kind=order.kind)


@every_batch
@pytest.mark.parametrize("tell", WAYS)
@pytest.mark.parametrize("state", [*FINAL, *INTERIM])
def test_lines_share_the_fate_of_the_whole(dialect, name, order, tell, state):
    outcome = tell(dialect, name, order, answer(batch=stored_batch(order, state)))
    verdict = (FINAL | INTERIM)[state]
    assert outcome.verdict is verdict
    assert {line.verdict for line in outcome.lines} <= {verdict}
    if state in FINAL:
        assert [line.line for line in outcome.lines] == [line.line for line in order.lines]


@every_batch
@pytest.mark.parametrize("tell", WAYS)
def test_a_batch_paid_in_part_is_decided_line_by_line(dialect, name, order, tell):
    batch = stored_batch(
        order, BankState.PARTLY_PAID, BankState.PAID, BankState.FAILED, BankState.PAID
    )
    failed = StoredLine(line=2, state=BankState.FAILED, reason=Reason.NAME_MISMATCH)
    batch = replace(batch, lines=(batch.lines[0], failed, batch.lines[2]))
    outcome = tell(dialect, name, order, answer(batch=batch))
    assert outcome.verdict is Verdict.PROCESSING
    assert [(line.line, line.verdict) for line in outcome.lines] == [
        (1, Verdict.SETTLED),
        (2, Verdict.REJECTED),
        (3, Verdict.SETTLED),
    ]
    assert outcome.lines[1].code
    assert outcome.lines[1].text


@every_batch
@pytest.mark.parametrize("faulty", [(), (2,), (1, 3)])
def test_a_refused_batch_names_the_lines_the_bank_names(dialect, name, order, faulty):
    told = answer(message=Reason.NAME_MISMATCH, faulty=faulty)
    outcome = ordered(dialect, name, order, told)
    assert (outcome.verdict, outcome.stage) == (Verdict.REJECTED, Stage.VALIDATION)
    assert outcome.known_reject
    assert tuple(line.line for line in outcome.lines) == faulty
    assert {line.verdict for line in outcome.lines} <= {Verdict.REJECTED}


@every_batch
@pytest.mark.parametrize("reason", [it for it in Reason if it is not Reason.OK])
def test_a_refused_batch_is_rejected_by_the_table_or_unconfirmed(dialect, name, order, reason):
    outcome = ordered(dialect, name, order, answer(message=reason))
    if outcome.verdict is Verdict.REJECTED:
        assert (outcome.stage, outcome.known_reject) == (Stage.VALIDATION, True)
    else:
        assert outcome.verdict is Verdict.UNCONFIRMED
    assert outcome.lines == ()


@every_batch
def test_a_batch_is_found_or_not_found(dialect, name, order):
    told = answer(message=Reason.NO_SUCH_INSTRUCTION)
    assert enquired(dialect, name, order, told).verdict is Verdict.NOT_FOUND
    assert ordered(dialect, name, order, told).verdict is Verdict.UNCONFIRMED


@every_batch
def test_an_enquirys_refusal_says_nothing_about_the_batch(dialect, name, order):
    for reason in set(Reason) - {Reason.OK, Reason.NO_SUCH_INSTRUCTION}:
        outcome = enquired(dialect, name, order, answer(message=reason))
        assert outcome.verdict is Verdict.UNCONFIRMED
        assert not outcome.known_reject


@every_batch
@pytest.mark.parametrize("tell", WAYS)
def test_a_refused_sign_on_executes_nothing(dialect, name, order, tell):
    outcome = tell(dialect, name, order, answer(signon=Reason.PASSWORD_WRONG))
    assert (outcome.verdict, outcome.stage) == (Verdict.REJECTED, Stage.SIGNON)


# ── what proves nothing ─────────────────────────────────────────────────────────────────────


@every_batch
@pytest.mark.parametrize("tell", WAYS)
def test_an_unknown_code_proves_nothing(dialect, name, order, tell):
    told = answer(batch=stored_batch(order, BankState.PAID), unknown_code=True)
    assert tell(dialect, name, order, told).verdict is Verdict.UNCONFIRMED


@every_batch
@pytest.mark.parametrize("state", FINAL)
def test_a_damaged_answer_proves_nothing(dialect, name, order, state):
    told = answer(batch=stored_batch(order, state))
    whole = replied(dialect, name, order, told)
    for body in damaged(whole.body):
        part = replace(whole, body=body)
        assert proves_nothing(lambda part=part: decoded(dialect, name, order, part))
    enquiry = asked_reply(dialect, name, order, told)
    for body in damaged(enquiry.body):
        part = replace(enquiry, body=body)
        assert proves_nothing(lambda part=part: asked_decoded(dialect, name, order, part))
    for status in (301, 404, 500, 502):
        failed = replace(whole, status=status)
        assert proves_nothing(lambda failed=failed: decoded(dialect, name, order, failed))


@every_batch
@pytest.mark.parametrize("state", FINAL)
def test_the_answer_to_another_message_proves_nothing(dialect, name, order, state):
    told = answer(batch=stored_batch(order, state))
    other = replied(dialect, name, order, told, OTHER_SERIAL)
    assert proves_nothing(lambda: decoded(dialect, name, order, other))
    stale = asked_reply(dialect, name, order, told, OTHER_SERIAL)
    assert proves_nothing(lambda: asked_decoded(dialect, name, order, stale))


def changed(order, what):
    first, *rest = order.lines
    account = replace(first.creditor.account, number="6200000000009999999")
    payer = Account(number="900010100100000012")
    return {
        "amount": replace(order, lines=(replace(first, amount=Money(1, CNY)), *rest)),
        "payee": replace(
            order,
            lines=(
                replace(first, creditor=replace(first.creditor, account=account)),
                *rest,
            ),
        ),
        "missing": replace(order, lines=tuple(rest)),
        "surplus": replace(order, lines=(*order.lines, replace(first, line=4))),
        "number": replace(order, lines=(*rest, replace(first, line=4))),
        "payer": replace(order, debtor=replace(order.debtor, account=payer)),
    }[what]


@every_batch
@pytest.mark.parametrize("state", [*FINAL, BankState.PROCESSING])
@pytest.mark.parametrize("what", ["amount", "payee", "missing", "surplus", "number", "payer"])
def test_an_answer_about_other_content_proves_nothing(dialect, name, order, state, what):
    told = answer(batch=stored_batch(changed(order, what), state))
    for tell in WAYS:
        outcome = tell(dialect, name, order, told)
        assert (outcome.verdict, outcome.reason) == (Verdict.UNCONFIRMED, "echo_mismatch")
        assert outcome.lines == ()


# ── checks and words ────────────────────────────────────────────────────────────────────────


@every_batch
@pytest.mark.parametrize("text", ["样" * 200, "", "甲\n乙", "甲<乙", "甲\u202e乙", "𠮷"])
def test_a_line_that_cannot_stand_is_named(dialect, name, order, text):
    lines = list(order.lines)
    lines[1] = replace(lines[1], creditor=replace(lines[1].creditor, name=text))
    problems = getattr(dialect, name).check(replace(order, lines=tuple(lines)))
    assert {problem.name for problem in problems} == {"lines[2].creditor_name"}
    assert all(problem.zh and problem.en and problem.code for problem in problems)


@every_batch
def test_too_many_lines_are_refused(dialect, name, order):
    most = getattr(dialect, f"{name}_lines_max")
    line = order.lines[0]
    check = getattr(dialect, name).check
    full = replace(order, lines=tuple(replace(line, line=n) for n in range(1, most + 1)))
    assert check(full) == ()
    over = replace(order, lines=(*full.lines, replace(line, line=most + 1)))
    assert {problem.name for problem in check(over)} == {"lines"}
    twice = replace(order, lines=(line, line))
    assert {problem.name for problem in check(twice)} == {"lines"}


@every_batch
def test_batches_are_explained(dialect, name, order):
    partly = stored_batch(
        order, BankState.PARTLY_PAID, BankState.PAID, BankState.FAILED, BankState.PAID
    )
    for batch, said in [
        (stored_batch(order, BankState.PAID), "settled"),
        (stored_batch(order, BankState.FAILED), "rejected"),
        (partly, "partial"),
    ]:
        reply = replied(dialect, name, order, answer(batch=batch))
        assert dialect.explain(reply.body).outcome == said
        reply = asked_reply(dialect, name, order, answer(batch=batch))
        assert dialect.explain(reply.body).outcome == said
    lost = asked_reply(dialect, name, order, answer(message=Reason.NO_SUCH_INSTRUCTION))
    assert dialect.explain(lost.body).outcome == "not_found"
