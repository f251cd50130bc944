"""An answer about a batch, read line by line: the guilty, the innocent and the unknown."""

from __future__ import annotations

import pytest

from gateway.domain.instruction import Cause, State
from gateway.domain.outcome import LineOutcome, Outcome, Stage, Verdict
from gateway.relay.batching import ALONE
from gateway.relay.lines import read_lines

S, V = State, Verdict


def line(number: int, verdict: Verdict) -> LineOutcome:
    return LineOutcome(line=number, verdict=verdict, code=f"c{number}", text=f"t{number}")


def whole(verdict: Verdict, stage: Stage = Stage.EXECUTION, *lines: LineOutcome, known=False):
    return Outcome(verdict=verdict, stage=stage, known_reject=known, code="W", lines=lines)


def targets(readings) -> list[State | None]:
    return [it.reading.target for it in readings]


def test_a_taken_batch_is_read_line_by_line():
    told = whole(V.PROCESSING, Stage.EXECUTION, line(1, V.SETTLED), line(2, V.REJECTED))
    readings = read_lines(told, (0, 0, 0), first=True)
    assert targets(readings) == [S.SETTLED, S.REJECTED, S.UNCONFIRMED]
    assert [it.outcome.code for it in readings] == ["c1", "c2", "W"]
    assert all(it.rounds is None for it in readings)


def test_a_line_missing_from_a_later_answer_teaches_nothing():
    told = whole(V.PROCESSING, Stage.EXECUTION, line(1, V.SETTLED))
    assert targets(read_lines(told, (0, 0), first=False)) == [S.SETTLED, None]


def test_a_refusal_that_names_a_line_frees_the_others_for_another_round():
    told = whole(V.REJECTED, Stage.VALIDATION, line(2, V.REJECTED), known=True)
    readings = read_lines(told, (0, 0, 1), first=True)
    assert targets(readings) == [S.QUEUED, S.REJECTED, S.QUEUED]
    assert [it.rounds for it in readings] == [1, None, 2]
    assert readings[0].reading.cause is Cause.REFUSED_UNEXECUTED
    assert readings[1].reading.cause is Cause.BANK_ANSWER


def test_a_refusal_that_names_nobody_sends_each_alone():
    told = whole(V.REJECTED, Stage.VALIDATION, known=True)
    readings = read_lines(told, (0, 1), first=True)
    assert targets(readings) == [S.QUEUED, S.QUEUED]
    assert [it.rounds for it in readings] == [ALONE, ALONE]


def test_alone_a_refusal_is_that_lines_own():
    told = whole(V.REJECTED, Stage.VALIDATION, known=True)
    (reading,) = read_lines(told, (ALONE,), first=True)
    assert (reading.reading.target, reading.rounds) == (S.REJECTED, None)


@pytest.mark.parametrize("lines", [(), (line(1, V.REJECTED),)])
def test_a_refused_resend_proves_nothing(lines):
    told = whole(V.REJECTED, Stage.VALIDATION, *lines, known=True)
    assert targets(read_lines(told, (0, 0), first=False)) == [None, None]


def test_a_refusal_that_stands_in_no_table_is_not_known():
    told = whole(V.REJECTED, Stage.VALIDATION)
    assert targets(read_lines(told, (0, 0), first=True)) == [S.UNCONFIRMED, S.UNCONFIRMED]


def test_a_refused_sign_on_is_nobodys_fault_and_no_round():
    told = whole(V.REJECTED, Stage.SIGNON, known=True)
    readings = read_lines(told, (0, 1), first=True)
    assert targets(readings) == [S.QUEUED, S.QUEUED]
    assert [it.rounds for it in readings] == [0, 1]
    assert all(it.reading.blocks for it in readings)


def test_a_batch_that_failed_as_a_whole_failed_for_every_line():
    assert targets(read_lines(whole(V.REJECTED), (0, 0), first=True)) == [S.REJECTED, S.REJECTED]


def test_an_unreadable_answer_leaves_every_line_unconfirmed():
    told = Outcome.unconfirmed("http_500")
    assert targets(read_lines(told, (0, 0), first=True)) == [S.UNCONFIRMED, S.UNCONFIRMED]
    assert targets(read_lines(told, (0, 0), first=False)) == [None, None]


def test_not_found_is_never_a_failure_of_any_line():
    told = whole(V.NOT_FOUND, Stage.VALIDATION)
    assert targets(read_lines(told, (0, 0), first=False)) == [None, None]
