"""What a first and a later answer may be taken for: the whole table."""

from __future__ import annotations

import pytest

from gateway.domain.instruction import Cause, State
from gateway.domain.outcome import Grade, Outcome, Stage, Verdict
from gateway.relay.answer import first_answer, later_answer

S, V = State, Verdict
SPEAKS = {
    V.SETTLED: S.SETTLED,
    V.REJECTED: S.REJECTED,
    V.ACKNOWLEDGED: S.ACKNOWLEDGED,
    V.PROCESSING: S.PROCESSING,
    V.BANK_APPROVAL: S.BANK_APPROVAL,
    V.CANCELLED: S.CANCELLED,
    V.EXPIRED: S.EXPIRED,
    V.UNCONFIRMED: S.UNCONFIRMED,
    V.RETURNED: S.RETURNED,
}


def outcome(verdict: Verdict, stage: Stage = Stage.EXECUTION, *, known: bool = False) -> Outcome:
    return Outcome(verdict=verdict, stage=stage, known_reject=known)


@pytest.mark.parametrize("verdict", SPEAKS)
def test_the_instructions_own_result_counts_at_once_and_later(verdict):
    first, later = first_answer(outcome(verdict)), later_answer(outcome(verdict))
    assert (first.target, first.cause) == (SPEAKS[verdict], Cause.BANK_ANSWER)
    assert (later.target, later.cause) == (SPEAKS[verdict], Cause.ENQUIRY)
    assert (first.grade, later.grade) == (Grade.ACKNOWLEDGEMENT, Grade.ENQUIRY)
    assert not first.blocks
    assert not later.blocks


def test_a_first_refusal_counts_only_where_it_is_known_to_execute_nothing():
    known = first_answer(outcome(V.REJECTED, Stage.VALIDATION, known=True))
    assert (known.target, known.cause) == (S.REJECTED, Cause.BANK_ANSWER)
    for stage in (Stage.VALIDATION, Stage.SIGNON):
        unknown = first_answer(outcome(V.REJECTED, stage))
        assert (unknown.target, unknown.blocks) == (S.UNCONFIRMED, False)


def test_a_refused_sign_on_puts_it_back_and_stops_the_connection():
    reading = first_answer(outcome(V.REJECTED, Stage.SIGNON, known=True))
    assert reading.target is S.QUEUED
    assert reading.cause is Cause.REFUSED_UNEXECUTED
    assert reading.grade is Grade.NONE
    assert reading.blocks


def test_not_found_is_never_a_failure():
    for stage in Stage:
        assert first_answer(outcome(V.NOT_FOUND, stage)).target is S.UNCONFIRMED
        assert later_answer(outcome(V.NOT_FOUND, stage)).target is None


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("stage", [Stage.VALIDATION, Stage.SIGNON])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_later_refusal_of_the_message_proves_nothing_about_the_first(verdict, stage, known):
    reading = later_answer(outcome(verdict, stage, known=known))
    assert reading.target is None
    assert reading.blocks == (verdict is V.REJECTED and stage is Stage.SIGNON and known)


def test_an_answer_that_proves_nothing():
    doubt = Outcome.unconfirmed("unreadable_root")
    assert first_answer(doubt).target is S.UNCONFIRMED
    assert later_answer(doubt).target is None
