"""What a piece of evidence changes, and that nothing changes silently."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.domain.evidence import Evidence, Ruling, judge, target_of
from gateway.domain.instruction import FATE_OPEN, FINAL, Cause, State, allowed
from gateway.domain.outcome import Grade, Verdict

S, C, R = State, Cause, Ruling
AT = datetime(2026, 9, 15, tzinfo=UTC)


def evidence(target: State | None, cause: Cause, grade: Grade = Grade.ENQUIRY) -> Evidence:
    return Evidence(cause=cause, target=target, actor="relay:x", at=AT, grade=grade)


@pytest.mark.parametrize(
    ("state", "grade", "target", "cause", "new_grade", "ruling"),
    [
        (S.SENDING, 0, S.SETTLED, C.BANK_ANSWER, 1, R.MOVE),
        (S.SENDING, 0, S.UNCONFIRMED, C.DOUBT, 0, R.MOVE),
        (S.UNCONFIRMED, 0, S.SETTLED, C.ENQUIRY, 2, R.MOVE),
        (S.UNCONFIRMED, 0, S.SETTLED, C.STATEMENT, 3, R.MOVE),
        (S.UNCONFIRMED, 0, S.SETTLED, C.BANK_ANSWER, 1, R.KEEP),
        (S.UNCONFIRMED, 0, S.UNCONFIRMED, C.ENQUIRY, 0, R.KEEP),
        (S.UNCONFIRMED, 0, None, C.ENQUIRY, 2, R.KEEP),
        (S.PROCESSING, 2, S.ACKNOWLEDGED, C.BANK_ANSWER, 1, R.KEEP),
        (S.SETTLED, 1, S.SETTLED, C.ENQUIRY, 2, R.CONFIRM),
        (S.SETTLED, 1, S.SETTLED, C.RECEIPT, 4, R.CONFIRM),
        (S.SETTLED, 2, S.SETTLED, C.ENQUIRY, 2, R.KEEP),
        (S.SETTLED, 3, S.SETTLED, C.ENQUIRY, 2, R.KEEP),
        (S.SETTLED, 2, S.PROCESSING, C.ENQUIRY, 2, R.KEEP),
        (S.SETTLED, 2, S.UNCONFIRMED, C.ENQUIRY, 2, R.KEEP),
        (S.SETTLED, 2, S.REJECTED, C.ENQUIRY, 2, R.CONTRADICT),
        (S.SETTLED, 1, S.RETURNED, C.STATEMENT, 3, R.MOVE),
        (S.SETTLED, 1, S.RETURNED, C.BANK_ANSWER, 1, R.CONTRADICT),
        (S.REJECTED, 1, S.SETTLED, C.ENQUIRY, 2, R.CONTRADICT),
        (S.REJECTED, 1, S.SETTLED, C.STATEMENT, 3, R.CONTRADICT),
        (S.RETURNED, 3, S.SETTLED, C.ENQUIRY, 2, R.CONTRADICT),
        (S.CANCELLED, 0, S.SETTLED, C.ENQUIRY, 2, R.CONTRADICT),
        # the bank says settled about something we say never left
        (S.QUEUED, 0, S.SETTLED, C.ENQUIRY, 2, R.CONTRADICT),
        (S.HELD, 0, S.REJECTED, C.ENQUIRY, 2, R.CONTRADICT),
    ],
)
def test_rulings(state, grade, target, cause, new_grade, ruling):  # noqa: PLR0917 - a table
    assert judge(state, Grade(grade), evidence(target, cause, Grade(new_grade))) is ruling


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("cause", list(Cause))
def test_for_every_state_and_cause(state, cause):
    for target in State:
        for grade in Grade:
            ruling = judge(state, grade, evidence(target, cause))
            assert (ruling is R.MOVE) == (target is not state and allowed(state, target, cause))
            if ruling is R.CONTRADICT:
                assert target in FINAL
                assert state not in FATE_OPEN
            if state in FINAL and target in FINAL and target is not state:
                assert ruling in {R.MOVE, R.CONTRADICT}, "another end is never passed over"


def test_every_verdict_speaks_for_a_state():
    assert {verdict: target_of(verdict) for verdict in Verdict} == {
        Verdict.SETTLED: S.SETTLED,
        Verdict.REJECTED: S.REJECTED,
        Verdict.ACKNOWLEDGED: S.ACKNOWLEDGED,
        Verdict.PROCESSING: S.PROCESSING,
        Verdict.BANK_APPROVAL: S.BANK_APPROVAL,
        Verdict.CANCELLED: S.CANCELLED,
        Verdict.EXPIRED: S.EXPIRED,
        Verdict.UNCONFIRMED: S.UNCONFIRMED,
        Verdict.NOT_FOUND: S.UNCONFIRMED,
        Verdict.RETURNED: S.RETURNED,
    }


def test_grades_rise():
    assert sorted(Grade) == [
        *(Grade.NONE, Grade.ACKNOWLEDGEMENT, Grade.ENQUIRY, Grade.STATEMENT, Grade.RECEIPT)
    ]
