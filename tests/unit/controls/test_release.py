"""Acceptance and release in one commit: once per reference, look-alikes held, the rest queued."""

# ruff: noqa: S608 - tampering is written as SQL

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gateway.controls.release import Releaser
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import InvalidInstruction, ReusedReference
from gateway.intake.accept import Caller, Intake, _Asked
from gateway.lifecycle import history
from gateway.ports.tenancy import Policy
from gateway.store import tables
from gateway.store.groups import Item
from gateway.store.instants import to_us
from tests.records import replace
from tests.store_ground import NOW_US, START, bench
from tests.unit.intake.sample import DRAFT, FAKE, TENANT

ERP = Actor(kind=ActorKind.MACHINE, name="sap")
STRAIGHT = Policy(default_local=False)


class Desk:
    """Intake and release over one store."""

    def __init__(self, at) -> None:
        self.at = at
        self.woken: list[tuple[str, str]] = []
        self.policy = STRAIGHT
        at.store.on_rouse(self.woken.extend)
        release = Releaser(at.runtime)
        self.intake = Intake(at.store, at.runtime, {"fake": FAKE}, release)

    def post(self, *, key: str = "", body: str = "", erp: str = "sap", tenant=TENANT, **changes):
        caller = Caller(tenant=replace(tenant, policy=self.policy), actor=ERP, erp=erp)
        draft = replace(DRAFT, **changes)
        return asyncio.run(self.intake.accept(caller, draft, key=key, body_digest=body))

    def together(self, caller: Caller, drafts, keys: Sequence[str] = ()) -> Sequence[object]:
        """Calls that came while the last commit was under way."""
        items = [
            _Asked(
                caller=caller,
                new=self.intake.new(caller, self.intake.examine(caller, it), it),
                key=keys[place] if keys else "",
                body_digest=it.amount,
            )
            for place, it in enumerate(drafts)
        ]
        return self.at.group(*(Item(self.intake._accept, it) for it in items))

    def rows(self, table=tables.instruction) -> list:
        return self.at.rows(table)

    def states(self) -> list[str]:
        return [row.state for row in self.at.rows(tables.instruction, tables.instruction.c.id)]


@pytest.fixture
def desk():
    with bench() as at:
        yield Desk(at)


# ── once ────────────────────────────────────────────────────────────────────────────────────


def test_what_is_accepted_is_queued_with_its_history_and_its_record(desk):
    told = desk.post()
    (row,) = desk.rows()
    assert (row.id, row.digest, row.state) == (told.id, told.digest, "QUEUED")
    with desk.at.engine.connect() as db:
        steps = [(it.after, it.cause, it.actor) for it in history.of(db, "t1", told.id)]
    assert steps == [
        ("RECEIVED", "erp", "machine:sap"),
        ("APPROVED", "policy", "policy:stp"),
        ("QUEUED", "policy", "policy:stp"),
    ]
    (work,) = desk.rows(tables.work)
    assert (work.kind, work.subject, work.lane, work.due_us) == ("send", told.id, "fake", NOW_US)
    assert [it.kind for it in desk.at.journal()] == [
        *("lane_opened", "accepted", "transition", "transition")
    ]
    assert desk.woken == [("t1", "fake")]


def test_the_same_again_gets_the_same_answer(desk):
    first = desk.post()
    records = len(desk.at.journal())
    desk.at.runtime.clock.pass_time(days=40)
    assert desk.post() == first
    assert len(desk.rows()) == 1
    assert len(desk.at.journal()) == records


def test_the_same_reference_with_other_content_names_both_digests(desk):
    first = desk.post()
    with pytest.raises(ReusedReference) as caught:
        desk.post(amount="1200.51")
    assert caught.value.stored_digest == first.digest
    assert caught.value.sent_digest not in {"", first.digest}
    assert len(desk.rows()) == 1


def test_the_same_reference_of_another_erp_is_another_instruction(desk):
    first = desk.post()
    second = desk.post(erp="oracle", amount="7.00")
    assert first.id != second.id
    assert len(desk.rows()) == 2


def test_a_key_remembers_its_answer(desk):
    first = desk.post(key="k1", body="d1")
    assert desk.post(key="k1", body="d1") == first
    with pytest.raises(ReusedReference) as caught:
        desk.post(key="k1", body="d2", erp_reference="PO-9")
    assert (caught.value.stored_digest, caught.value.sent_digest) == ("d1", "d2")
    assert desk.post(key="k2", body="d1") == first, "another key, the same instruction"
    assert [row.key for row in desk.rows(tables.acceptance)] == ["k1", "k2"]


def test_a_refused_draft_leaves_nothing(desk):
    before = len(desk.at.journal())
    with pytest.raises(InvalidInstruction) as caught:
        desk.post(amount="1e3", creditor_account="", key="k", body="d")
    assert len(caught.value.faults) >= 2
    for table in (tables.instruction, tables.step, tables.work, tables.acceptance):
        assert desk.rows(table) == []
    assert len(desk.at.journal()) == before
    assert desk.woken == []


def test_two_alike_in_one_group_commit_become_one(desk):
    """Each gets the answer that it would have got after the others."""
    caller = Caller(tenant=replace(TENANT, policy=STRAIGHT), actor=ERP, erp="sap")
    drafts = [DRAFT, DRAFT, replace(DRAFT, amount="7.00")]
    first, second, third = desk.together(caller, drafts)
    assert first == second
    assert isinstance(third, ReusedReference)
    assert len(desk.rows()) == 1


# ── look-alikes ─────────────────────────────────────────────────────────────────────────────


def test_the_same_money_payee_and_day_under_another_reference_is_held(desk):
    desk.post()
    desk.post(erp_reference="PO-2")
    assert sorted(desk.states()) == ["HELD", "QUEUED"]
    held = next(row for row in desk.rows() if row.state == "HELD")
    assert held.erp_reference == "PO-2"
    assert held.reason == f"duplicate: {DRAFT.erp_reference}"
    assert len(desk.rows(tables.work)) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "1200.51"},
        {"creditor_account": "6217000000000000002"},
        {"execution_date": "2026-09-16"},
    ],
)
def test_what_differs_in_money_payee_or_day_is_no_look_alike(desk, other):
    desk.post()
    desk.post(erp_reference="PO-2", **other)
    assert "HELD" not in desk.states()


def test_a_third_is_held_for_the_second_too(desk):
    desk.post()
    desk.post(erp_reference="PO-2")
    desk.post(erp_reference="PO-3")
    assert desk.states().count("HELD") == 2


@pytest.mark.parametrize(
    ("state", "held"),
    [
        *(("REJECTED", False), ("CANCELLED", False), ("EXPIRED", False)),
        *(("SETTLED", True), ("UNCONFIRMED", True), ("RETURNED", True), ("HELD", True)),
    ],
)
def test_only_what_was_not_paid_may_be_paid_again_unasked(desk, state, held):
    desk.post()
    with desk.at.engine.connect() as db:
        db.exec_driver_sql(f"UPDATE instruction SET state = '{state}'")
        db.commit()
    desk.post(erp_reference="PO-2")
    second = next(row for row in desk.rows() if row.erp_reference == "PO-2")
    assert (second.state == "HELD") is held


def test_another_tenants_payment_is_never_a_look_alike(desk):
    desk.post(tenant=replace(TENANT, id="t2"))
    desk.post(erp_reference="PO-2")
    assert "HELD" not in desk.states()


# ── policy and day ──────────────────────────────────────────────────────────────────────────


def test_what_people_must_release_is_held(desk):
    desk.policy = replace(STRAIGHT, release_people=2)
    desk.post()
    assert desk.states() == ["HELD"]
    assert desk.rows()[0].reason == "approval"
    assert desk.rows(tables.work) == []
    assert desk.woken == []


def test_a_later_day_is_scheduled_for_its_first_moment(desk):
    told = desk.post(execution_date="2026-09-18")
    assert desk.states() == ["SCHEDULED"]
    (work,) = desk.rows(tables.work)
    due = START.replace(day=18, hour=0, minute=0)
    assert (work.subject, work.due_us) == (told.id, to_us(due))


def test_today_needs_no_schedule(desk):
    desk.post(execution_date="2026-09-15")
    assert desk.states() == ["QUEUED"]
