"""Whatever batch goes out is read as it was meant, and every line's fate comes back as its own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.bank.cib import DIALECT
from gateway.domain.errors import WireError
from gateway.domain.ids import Serial
from gateway.domain.money import Money
from gateway.domain.outcome import Stage, Verdict
from gateway.ports.bank import BankAnswer, BankState, Reason
from gateway.ports.bank_batch import (
    BatchKind,
    BatchStatusQuestion,
    BatchStatusRequest,
    StoredBatch,
    StoredLine,
)
from tests.property.cib.batches import batches
from tests.property.cib.orders import SERIALS
from tests.property.cib.test_round_trips import AT, ENQUIRY, SIGN_ON
from tests.records import replace

FATES = {
    BankState.PAID: Verdict.SETTLED,
    BankState.FAILED: Verdict.REJECTED,
    BankState.PROCESSING: Verdict.PROCESSING,
    BankState.PENDING: Verdict.UNCONFIRMED,
}
_SIDE = DIALECT.bank_side


def operations(order):
    if order.kind is BatchKind.PAYROLL:
        return DIALECT.payroll, DIALECT.payroll_status
    return DIALECT.batch, DIALECT.batch_status


def stored(order, serial, state, states):
    return StoredBatch(
        serial=serial,
        bank_reference="990000000002",
        order=order,
        state=state,
        processed_at=AT,
        lines=tuple(
            StoredLine(line=line.line, state=told)
            for line, told in zip(order.lines, states, strict=True)
        ),
    )


def both(order, serial, told):
    """The answer to the order and the answer to a question about it."""
    pay, status = operations(order)
    sent = pay.encode(order, SIGN_ON, Serial(serial))
    yield pay.decode(order, Serial(serial), _SIDE.encode(_SIDE.decode(sent.body()), told))
    question = BatchStatusQuestion(original=Serial(serial), order=order)
    sent = status.encode(question, SIGN_ON, ENQUIRY)
    yield status.decode(question, ENQUIRY, _SIDE.encode(_SIDE.decode(sent.body()), told))


@given(batches(), SERIALS)
def test_a_batch_is_read_as_it_was_meant(order, serial):
    pay, status = operations(order)
    assert pay.check(order) == ()
    message = pay.encode(order, SIGN_ON, Serial(serial))
    assert message == pay.encode(order, SIGN_ON, Serial(serial))
    request = _SIDE.decode(message.body())
    assert (request.serial, request.malformed, request.signon) == (serial, "", SIGN_ON)
    assert request.body.order == order
    assert (request.body.count, request.body.amount) == (len(order.lines), order.total())
    question = BatchStatusQuestion(original=Serial(serial), order=order)
    asked = _SIDE.decode(status.encode(question, SIGN_ON, ENQUIRY).body()).body
    assert asked == BatchStatusRequest(original=serial, kind=order.kind)


@given(batches(), SERIALS, st.data())
def test_every_lines_fate_comes_back_as_its_own(order, serial, data):
    states = [data.draw(st.sampled_from([*FATES])) for _ in order.lines]
    expected = [FATES[state] for state in states]
    whole = BankState.PARTLY_PAID
    if len(set(states)) == 1:
        whole = states[0]
    for outcome in both(
        order, serial, BankAnswer(at=AT, batch=stored(order, serial, whole, states))
    ):
        assert [line.line for line in outcome.lines] == [line.line for line in order.lines]
        assert [line.verdict for line in outcome.lines] == expected
        alike = set(expected) == {outcome.verdict}
        assert alike or outcome.verdict is Verdict.PROCESSING
        assert (outcome.verdict is Verdict.SETTLED) is (set(expected) == {Verdict.SETTLED})


@given(batches(), SERIALS, st.data())
def test_lines_never_swap_their_fates(order, serial, data):
    """A bank may list the lines in any order: they are known by their number."""
    states = [data.draw(st.sampled_from([*FATES])) for _ in order.lines]
    fates = {line.line: FATES[state] for line, state in zip(order.lines, states, strict=True)}
    batch = stored(order, serial, BankState.PARTLY_PAID, states)
    mixed = data.draw(st.permutations(order.lines))
    batch = replace(batch, order=replace(order, lines=tuple(mixed)))
    for outcome in both(order, serial, BankAnswer(at=AT, batch=batch)):
        if outcome.reason == "contradiction":
            assert len(set(fates.values())) == 1
        else:
            assert {line.line: line.verdict for line in outcome.lines} == fates


@given(batches(), SERIALS, st.data())
def test_a_refusal_blames_whom_the_bank_names_and_nobody_else(order, serial, data):
    numbers = [line.line for line in order.lines]
    faulty = tuple(data.draw(st.lists(st.sampled_from(numbers), unique=True)))
    told = BankAnswer(at=AT, message=Reason.NAME_MISMATCH, faulty=faulty)
    outcome, asked = both(order, serial, told)
    assert (outcome.verdict, outcome.stage) == (Verdict.REJECTED, Stage.VALIDATION)
    assert {line.line for line in outcome.lines} == set(faulty)
    # A refused question says nothing about the batch.
    assert (asked.verdict, asked.known_reject) == (Verdict.UNCONFIRMED, False)


@given(batches(), SERIALS, st.data())
def test_another_batch_is_never_taken_for_this_one(order, serial, data):
    at = data.draw(st.integers(0, len(order.lines) - 1))
    line = order.lines[at]
    account = replace(line.creditor.account, number="X-" + line.creditor.account.number[:16])
    other = data.draw(
        st.sampled_from(
            [
                replace(line, amount=Money(line.amount.minor + 1, line.amount.currency)),
                replace(line, creditor=replace(line.creditor, account=account)),
                replace(line, line=99_999 if line.line != 99_999 else 1),
            ]
        )
    )
    lines = (*order.lines[:at], other, *order.lines[at + 1 :])
    if len({it.line for it in lines}) != len(lines) or lines == order.lines:
        return
    state = data.draw(st.sampled_from([BankState.PAID, BankState.FAILED]))
    batch = stored(replace(order, lines=lines), serial, state, [state] * len(lines))
    for outcome in both(order, serial, BankAnswer(at=AT, batch=batch)):
        assert (outcome.verdict, outcome.lines) == (Verdict.UNCONFIRMED, ())


@given(batches(), st.data())
def test_a_text_is_refused_or_carried_whole(order, data):
    text = data.draw(st.text(max_size=80))
    line = replace(order.lines[0], creditor=replace(order.lines[0].creditor, name=text))
    renamed = replace(order, lines=(line, *order.lines[1:]))
    pay, _ = operations(order)
    if pay.check(renamed):
        return
    sent = pay.encode(renamed, SIGN_ON, ENQUIRY)
    assert _SIDE.decode(sent.body()).body.order == renamed


@given(batches(), st.data())
def test_a_damaged_answer_never_pays(order, data):
    pay, _ = operations(order)
    sent = pay.encode(order, SIGN_ON, ENQUIRY)
    batch = stored(order, ENQUIRY, BankState.PAID, [BankState.PAID] * len(order.lines))
    reply = _SIDE.encode(_SIDE.decode(sent.body()), BankAnswer(at=AT, batch=batch))
    cut = data.draw(st.integers(0, len(reply.body.rstrip()) - 1))
    try:
        outcome = pay.decode(order, ENQUIRY, replace(reply, body=reply.body[:cut]))
    except WireError:
        return
    assert outcome.verdict is Verdict.UNCONFIRMED
