"""History on both databases: many lines in one record, and what was written before there were."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from sqlalchemy import func, select, update

from gateway.domain.errors import Corrupt
from gateway.domain.evidence import Evidence
from gateway.domain.instruction import Cause, State
from gateway.domain.outcome import Grade, Outcome, Verdict
from gateway.lifecycle import history, staging
from gateway.lifecycle.apply import apply, apply_all, apply_through, receive
from gateway.lifecycle.history import all_steps
from gateway.lifecycle.rows import NewInstruction, Standing, standings
from gateway.store import tables
from gateway.store.engine import open_engine
from tests.records import replace
from tests.store_ground import NOW_US, START, Bench
from tests.unit.intake.sample import TENANT, judged

_i, _h = tables.instruction, tables.history
LINES = 5
IDS = [f"ins_{number}" for number in range(LINES)]
POLICY = {"cause": Cause.POLICY, "actor": "policy:stp", "at": START}
RELEASED = [
    Evidence(target=State.APPROVED, **POLICY),
    Evidence(target=State.QUEUED, **POLICY),
]


@pytest.fixture
def at(database):
    it = Bench(open_engine(database))
    with closing(it.store):
        yield it


def new(name: str, batch: str = "") -> NewInstruction:
    instruction = replace(judged(default_local=False), id=name, erp_reference=name)
    return NewInstruction(
        instruction=instruction,
        digest=instruction.digest(),
        maker="machine:sap",
        connection="fake",
        pay_day=START.date(),
        source="",
        batch=batch,
    )


def do(at, job):
    (result,) = at.group(job)
    if isinstance(result, BaseException):
        raise result
    return result


def accept(at, names, batch: str = "") -> None:
    step = at.runtime.ids.new("his")
    do(at, lambda uow: receive(uow, [new(name, batch) for name in names], NOW_US, step))


def read(at, name: str) -> list[tuple[int, str, str]]:
    with at.engine.connect() as db:
        return [(it.seq, it.before, it.after) for it in history.of(db, TENANT.id, name)]


def listed(at) -> set[tuple[str, int, str]]:
    steps = all_steps()
    with at.engine.connect() as db:
        rows = db.execute(select(steps.c.instruction, steps.c.seq, steps.c.after)).all()
    assert len(rows) == len(set(rows))
    return {tuple(row) for row in rows}


def sent(name: str = "msg_1", **more) -> Evidence:
    return Evidence(
        cause=Cause.DISPATCH, target=State.SENDING, actor="r", at=START, message=name, **more
    )


def settled(name: str = "msg_1") -> Evidence:
    return Evidence(
        cause=Cause.BANK_ANSWER,
        target=State.SETTLED,
        actor="r",
        at=START,
        grade=Grade.ACKNOWLEDGEMENT,
        message=name,
        outcome=Outcome(verdict=Verdict.SETTLED),
    )


def test_each_line_of_a_record_has_its_own_history(at):
    accept(at, IDS)
    do(at, lambda uow: apply_through(uow, at.runtime.ids, standings(uow, TENANT.id, IDS), RELEASED))
    first, rest = IDS[:2], IDS[2:]
    for names, message in ((first, "msg_1"), (rest, "msg_2")):
        do(
            at,
            lambda uow, names=names, message=message: apply(
                uow, at.runtime.ids, standings(uow, TENANT.id, names), sent(message)
            ),
        )
    # One answer about lines that came here on different ways, in one record.
    do(at, lambda uow: apply(uow, at.runtime.ids, standings(uow, TENANT.id, IDS), settled()))
    path = ["RECEIVED", "APPROVED", "QUEUED", "SENDING", "SETTLED"]
    for name in IDS:
        steps = read(at, name)
        assert [after for _, _, after in steps] == path
        assert [before for _, before, _ in steps] == ["", *path[:-1]]
        assert [seq for seq, _, _ in steps] == [0, 1, 2, 3, 4]
    assert len(at.rows(tables.step)) == 6
    last = next(row for row in at.rows(tables.step) if row.after == "SETTLED")
    assert len(json.loads(last.came)) == 2
    assert listed(at) == {(name, seq, after) for name in IDS for seq, after in enumerate(path)}


def test_a_record_for_each_state_that_lines_came_from(at):
    accept(at, IDS[:2])
    do(at, lambda uow: uow.change(update(_i).where(_i.c.id == IDS[0]).values(state="PROCESSING")))
    do(at, lambda uow: uow.change(update(_i).where(_i.c.id == IDS[1]).values(state="UNCONFIRMED")))
    told = replace(settled(), cause=Cause.ENQUIRY, grade=Grade.ENQUIRY)
    do(at, lambda uow: apply(uow, at.runtime.ids, standings(uow, TENANT.id, IDS[:2]), told))
    found = [row for row in at.rows(tables.step) if row.after == "SETTLED"]
    assert {row.before for row in found} == {"PROCESSING", "UNCONFIRMED"}
    assert len({row.evidence for row in found}) == 1
    assert read(at, IDS[1])[-1] == (1, "UNCONFIRMED", "SETTLED")


def test_several_pieces_of_evidence_in_one_unit_of_work(at):
    accept(at, IDS)
    one, two = settled("msg_1"), settled("msg_2")

    def job(uow):
        subjects = standings(uow, TENANT.id, IDS)
        queued = apply_through(uow, at.runtime.ids, subjects, RELEASED)
        apply(uow, at.runtime.ids, queued, sent())
        leaving = standings(uow, TENANT.id, IDS)
        return apply_all(uow, at.runtime.ids, [(leaving[:2], one), (leaving[2:], two)])

    applied = do(at, job)
    assert [len(it.moved) for it in applied] == [2, 3]
    assert {row.message for row in at.rows(_i) if row.id in IDS[:2]} == {"msg_1"}
    assert {row.message for row in at.rows(_i) if row.id in IDS[2:]} == {"msg_2"}
    assert {row.state for row in at.rows(_i)} == {"SETTLED"}
    assert all(len(read(at, name)) == 5 for name in IDS)


def test_rows_of_an_older_version_come_first_and_nothing_is_counted_twice(at):
    """What it wrote stays where it is; what it writes beside us finds its place too."""
    accept(at, IDS[:1])
    name = IDS[0]

    def older(uow) -> None:
        """The version before: a row of history, and nothing known of steps."""
        row = {"tenant": TENANT.id, "instruction": name, "before": "", "after": "RECEIVED"}
        about = {"cause": "erp", "actor": "machine:sap", "at_us": NOW_US, "reason": ""}
        uow.change(tables.step.delete())
        uow.add(_h, {**row, **about, "seq": 0, "evidence": ""})
        uow.add(_h, {**row, **about, "seq": 1, "evidence": "", "before": "RECEIVED",
                     "after": "APPROVED"})  # fmt: skip
        uow.change(update(_i).values(step="", state="APPROVED", version=1))

    do(at, older)
    queued = Evidence(target=State.QUEUED, **POLICY)
    do(at, lambda uow: apply(uow, at.runtime.ids, standings(uow, TENANT.id, [name]), queued))

    def beside(uow) -> None:
        """A process of the version before sends it and does not touch our column."""
        row = {"tenant": TENANT.id, "instruction": name, "before": "QUEUED", "after": "SENDING"}
        about = {"cause": "dispatch", "actor": "r", "at_us": NOW_US, "reason": ""}
        uow.add(_h, {**row, **about, "seq": 3, "evidence": ""})
        uow.change(update(_i).values(state="SENDING", version=3))

    do(at, beside)
    do(at, lambda uow: apply(uow, at.runtime.ids, standings(uow, TENANT.id, [name]), settled()))
    path = ["RECEIVED", "APPROVED", "QUEUED", "SENDING", "SETTLED"]
    assert read(at, name) == [
        (seq, path[seq - 1] if seq else "", after) for seq, after in enumerate(path)
    ]
    assert listed(at) == {(name, seq, after) for seq, after in enumerate(path)}


def test_a_gap_is_told_and_not_passed_over(at):
    accept(at, IDS)
    do(at, lambda uow: apply_through(uow, at.runtime.ids, standings(uow, TENANT.id, IDS), RELEASED))
    do(at, lambda uow: uow.change(tables.step.delete().where(tables.step.c.after == "APPROVED")))
    with pytest.raises(Corrupt):
        read(at, IDS[0])
    assert read(at, "ins_unknown") == []


def test_a_step_that_not_every_line_can_take_is_taken_by_none(at):
    accept(at, IDS)

    def job(uow):
        subjects: list[Standing] = standings(uow, TENANT.id, IDS)
        moved = apply(uow, at.runtime.ids, subjects[:1], RELEASED[0]).moved
        return apply_through(uow, at.runtime.ids, [*moved, *subjects[1:]], RELEASED)

    with pytest.raises(Corrupt):
        do(at, job)
    assert {row.state for row in at.rows(_i)} == {"RECEIVED"}
    assert len(at.rows(tables.step)) == 1


def test_a_discarded_batch_takes_its_history_with_it(at):
    accept(at, IDS[:3], batch="bat_1")
    accept(at, IDS[3:], batch="bat_2")
    do(at, lambda uow: staging.discard(uow, TENANT.id, "bat_1"))
    assert {row.batch for row in at.rows(_i)} == {"bat_2"}
    assert {name for name, _, _ in listed(at)} == set(IDS[3:])
    with at.engine.connect() as db:
        assert db.execute(select(func.count()).select_from(tables.step)).scalar() == 1
