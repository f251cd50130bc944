"""What one piece of evidence writes: state, history, evidence, journal and case, in one commit."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select, update

from gateway.domain.errors import Corrupt
from gateway.domain.evidence import Evidence
from gateway.domain.instruction import Cause, State
from gateway.domain.outcome import Grade, Outcome, Verdict
from gateway.lifecycle import history
from gateway.lifecycle.apply import apply, close_cases, open_case, receive
from gateway.lifecycle.history import Step, all_steps
from gateway.lifecycle.rows import NewInstruction, instruction_of, standings
from gateway.store import tables
from tests.records import replace
from tests.store_ground import NOW_US, START, bench
from tests.unit.intake.sample import TENANT, judged

IDS = ("ins_a", "ins_b")


@pytest.fixture
def at():
    with bench() as it:
        it.group(lambda uow: receive(uow, [new(name) for name in IDS], NOW_US, "his_0"))
        yield it


def new(name: str) -> NewInstruction:
    instruction = replace(judged(default_local=False), id=name, erp_reference=name)
    return NewInstruction(
        instruction=instruction,
        digest=instruction.digest(),
        maker="machine:sap",
        connection="fake",
        pay_day=START.date(),
        source="",
    )


def put(at, state: State, *, grade: Grade = Grade.NONE) -> None:
    """Both instructions stand in ``state``."""
    rows = update(tables.instruction).values(state=state.value, grade=int(grade))
    at.group(lambda uow: uow.change(rows))


def evidence(target, cause=Cause.ENQUIRY, **more) -> Evidence:
    more = {"grade": Grade.ENQUIRY, "message": "msg_1", "wire": "wir_1", **more}
    return Evidence(cause=cause, target=target, actor="relay:x", at=START, **more)


def judge(at, it: Evidence, ids=IDS):
    tenant = TENANT.id
    (result,) = at.group(
        lambda uow: apply(uow, at.runtime.ids, standings(uow, tenant, list(ids)), it)
    )
    if isinstance(result, BaseException):
        raise result
    return result


def steps(at, instruction: str) -> tuple[Step, ...]:
    with at.engine.connect() as db:
        return history.of(db, TENANT.id, instruction)


def settled(**more: str) -> Evidence:
    told = {"code": "PAYOUT", "bank_reference": "990000000001", **more}
    return evidence(State.SETTLED, outcome=Outcome(verdict=Verdict.SETTLED, **told))


def test_an_instruction_comes_back_as_it_was_accepted(at):
    for row in at.rows(tables.instruction):
        assert instruction_of(row, TENANT) == new(row.id).instruction
        assert instruction_of(row, TENANT).digest() == row.digest
        assert (row.state, row.version, row.grade) == ("RECEIVED", 0, 0)
        (step,) = steps(at, row.id)
        assert (step.seq, step.before, step.after, step.cause) == (0, "", "RECEIVED", "erp")
        assert step.actor == "machine:sap"
    assert len(at.rows(tables.step)) == 1


def test_one_message_one_evidence_one_record_that_lists_its_lines(at):
    put(at, State.UNCONFIRMED)
    applied = judge(at, settled())
    assert [it.state for it in applied.moved] == [State.SETTLED] * 2
    (told,) = at.rows(tables.evidence)
    assert (told.id, told.message, told.wire) == (applied.evidence_id, "msg_1", "wir_1")
    assert (told.grade, told.verdict, told.code) == (2, "settled", "PAYOUT")
    record = at.journal()[-1]
    assert (record.kind, record.subject) == ("evidence", "msg_1")
    content = json.loads(record.payload)["content"]
    assert sorted(content["lines"]) == [[name, "UNCONFIRMED", "move"] for name in IDS]
    assert content["evidence"] == applied.evidence_id
    (step,) = [row for row in at.rows(tables.step) if row.id != "his_0"]
    assert (step.after, step.evidence) == ("SETTLED", applied.evidence_id)
    assert [name for name, _, _ in json.loads(step.lines)] == list(IDS)
    for row in at.rows(tables.instruction):
        assert (row.state, row.version, row.message) == ("SETTLED", 1, "msg_1")
        assert (row.code, row.bank_reference) == ("PAYOUT", "990000000001")


def test_stronger_evidence_confirms_without_a_new_step(at):
    put(at, State.SETTLED, grade=Grade.ACKNOWLEDGEMENT)
    known = len(at.rows(tables.step))
    applied = judge(at, settled())
    assert (applied.moved, applied.contradicted) == ((), ())
    assert {row.grade for row in at.rows(tables.instruction)} == {2}
    assert len(at.rows(tables.step)) == known


def test_the_banks_reference_stays_when_later_evidence_does_not_repeat_it(at):
    put(at, State.UNCONFIRMED)
    judge(at, settled())
    statement = Outcome(verdict=Verdict.SETTLED)
    judge(at, evidence(State.SETTLED, Cause.STATEMENT, grade=Grade.STATEMENT, outcome=statement))
    assert {row.bank_reference for row in at.rows(tables.instruction)} == {"990000000001"}
    judge(at, evidence(State.RETURNED, Cause.TWO_PEOPLE, reason="退汇"))
    assert {row.bank_reference for row in at.rows(tables.instruction)} == {"990000000001"}


def test_a_contradiction_opens_a_case_and_changes_nothing(at):
    put(at, State.REJECTED, grade=Grade.ACKNOWLEDGEMENT)
    applied = judge(at, settled(), ids=IDS[:1])
    assert [it.id for it in applied.contradicted] == ["ins_a"]
    (case,) = at.rows(tables.case)
    assert (case.instruction, case.kind, case.evidence) == (
        "ins_a",
        "contradiction",
        applied.evidence_id,
    )
    assert {row.state for row in at.rows(tables.instruction)} == {"REJECTED"}
    kinds = [row.kind for row in at.journal()]
    assert kinds[-2:] == ["case_opened", "evidence"]


def test_what_proves_nothing_is_still_recorded(at):
    put(at, State.UNCONFIRMED)
    judge(at, evidence(None, outcome=Outcome(verdict=Verdict.NOT_FOUND)))
    assert [row.verdict for row in at.rows(tables.evidence)] == ["not_found"]
    assert json.loads(at.journal()[-1].payload)["content"]["target"] == ""
    assert {row.state for row in at.rows(tables.instruction)} == {"UNCONFIRMED"}


def test_evidence_without_an_outcome_that_changes_nothing_writes_nothing(at):
    put(at, State.SETTLED)
    before = len(at.journal())
    judge(at, evidence(State.UNCONFIRMED, Cause.DOUBT, grade=Grade.NONE))
    assert len(at.journal()) == before
    assert at.rows(tables.evidence) == []


def test_a_row_that_changed_since_it_was_read_stops_the_line(at):
    (old,) = at.group(lambda uow: standings(uow, TENANT.id, list(IDS)))
    rows = update(tables.instruction).values(version=7)
    at.group(lambda uow: uow.change(rows))
    it = evidence(State.CANCELLED, Cause.ERP, grade=Grade.NONE)
    (told,) = at.group(lambda uow: apply(uow, at.runtime.ids, old, it))
    assert isinstance(told, Corrupt)
    assert {row.state for row in at.rows(tables.instruction)} == {"RECEIVED"}
    assert len(at.rows(tables.step)) == 1


def test_cases_are_closed_once(at):
    (subject, *_) = at.group(lambda uow: standings(uow, TENANT.id, ["ins_a"]))[0]
    why = evidence(None, reason="open for more than a day")
    at.group(lambda uow: open_case(uow, at.runtime.ids, subject, "overdue", why))
    assert at.group(lambda uow: close_cases(uow, TENANT.id, "ins_a", "seen", 5)) == [1]
    assert at.group(lambda uow: close_cases(uow, TENANT.id, "ins_a", "again", 6)) == [0]
    (case,) = at.rows(tables.case)
    assert (case.closed_us, case.closing, case.detail) == (5, "seen", "open for more than a day")
    assert [row.kind for row in at.journal()][-2:] == ["case_opened", "cases_closed"]


def test_many_standings_are_read_at_once(at):
    more = [f"ins_{number:04d}" for number in range(1_200)]
    at.group(lambda uow: receive(uow, [new(name) for name in more], NOW_US, "his_1"))
    (found,) = at.group(lambda uow: standings(uow, TENANT.id, [*more, "ins_unknown"]))
    assert {it.id for it in found} == set(more)
    (other,) = at.group(lambda uow: standings(uow, "another tenant", more))
    assert other == []
    with at.engine.connect() as db:
        assert db.execute(select(func.count()).select_from(all_steps())).scalar() == 1_202
