"""An ERP document that was altered after it was accepted: 409 as ever, and people look."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from gateway.domain.decision import Action
from gateway.domain.errors import InvalidInstruction, NotPermitted, ReusedReference, WireError
from gateway.domain.instruction import Cause, State
from gateway.intake.calls import Call
from gateway.intake.known import Caller
from gateway.store import tables
from tests.controls_ground import BOSS, HERE, LI, SAP, WANG, Desk, content
from tests.records import replace
from tests.store_ground import bench
from tests.unit.intake.sample import DRAFT


@pytest.fixture
def desk():
    with bench() as at:
        yield Desk(at, content())


def altered(desk, **changes):
    """The refusal that altered content gets."""
    with pytest.raises(ReusedReference) as caught:
        desk.post(**changes)
    return caught.value


def finding(desk, instruction: str) -> str:
    (told,) = [
        it.en
        for it in desk.at.rows(tables.hold)
        if it.instruction == instruction and it.rule == "erp_altered"
    ]
    return told


def test_what_waits_to_be_sent_is_held_and_its_sending_withdrawn(desk):
    made = desk.post()
    refusal = altered(desk, amount="1200.51", creditor_account="6217000000000000002", memo="十月")
    assert (desk.state(made), desk.open(made)) == ("HELD", ["erp_altered"])
    assert desk.row(made).reason == "erp_altered"
    assert desk.at.rows(tables.work) == []
    assert desk.withdrawn == [made]
    told = finding(desk, made)
    assert refusal.stored_digest in told
    assert refusal.sent_digest in told
    assert "amount 1200.50 → 1200.51, creditor_account ****0001 → ****0002, memo;" in told
    assert DRAFT.creditor_account not in told


def test_people_who_find_the_old_content_right_let_it_go(desk):
    made = desk.post()
    altered(desk, amount="1200.51")
    with pytest.raises(NotPermitted):
        desk.vote(WANG, made)
    assert desk.vote(BOSS, made).state is State.QUEUED
    assert [it.subject for it in desk.at.rows(tables.work)] == [made]
    altered(desk, amount="1200.51")
    assert desk.state(made) == "QUEUED", "of this content people have decided"
    altered(desk, amount="1200.52")
    assert desk.open(made) == ["erp_altered"], "and of another one they have not"


def test_people_may_reject_it_instead(desk):
    made = desk.post()
    altered(desk, amount="1200.51")
    assert desk.vote(WANG, made, Action.REJECT).state is State.CANCELLED


def test_the_same_altered_content_again_and_again_holds_once(desk):
    made = desk.post()
    for _ in range(3):
        altered(desk, amount="1200.51")
    assert desk.open(made) == ["erp_altered"]
    assert [it.kind for it in desk.at.journal()].count("hold_raised") == 1


def test_what_is_held_already_gets_one_hold_more_and_needs_both_lifted(desk):
    made = desk.post(amount="6000.00")
    altered(desk, amount="6000.01")
    assert desk.open(made) == ["approval", "erp_altered"]
    assert not desk.vote(WANG, made).complete
    assert desk.vote(BOSS, made).state is State.QUEUED


def test_what_waits_for_its_day_is_held_as_well(desk):
    made = desk.post(execution_date="2026-09-20")
    assert desk.state(made) == "SCHEDULED"
    altered(desk, execution_date="2026-09-21")
    assert desk.open(made) == ["erp_altered"]
    assert "execution_date 2026-09-20 → 2026-09-21" in finding(desk, made)
    assert desk.vote(BOSS, made).state is State.SCHEDULED


def test_what_was_held_where_it_was_about_to_leave_needs_its_approval_as_well(desk):
    made = desk.post(amount="6000.00")
    desk.vote(WANG, made)
    desk.hold_where_it_leaves(made)
    altered(desk, amount="6000.01")
    assert desk.open(made) == ["approval", "erp_altered"]


def test_who_lost_the_role_meanwhile_has_approved_nothing(desk):
    """What goes on is sealed under the rules of now: its earlier votes have to suffice for them."""
    made = desk.post(amount="6000.00")
    assert desk.vote(WANG, made).complete
    altered(desk, amount="6000.01")
    desk.rules.put(content(assignments=content()["assignments"][1:]))
    assert not desk.vote(BOSS, made).complete
    assert (desk.state(made), desk.open(made)) == ("HELD", ["approval"])
    assert desk.vote(LI, made).state is State.QUEUED


def test_what_has_left_is_left_alone(desk):
    made = desk.post()
    desk.learn(made, Cause.DISPATCH, State.SENDING)
    altered(desk, amount="1200.51")
    assert (desk.state(made), desk.open(made)) == ("SENDING", [])


def test_without_a_document_nothing_changes(desk):
    desk.rules.__init__(None)
    made = desk.post()
    altered(desk, amount="1200.51")
    assert desk.state(made) == "QUEUED"
    assert desk.at.rows(tables.hold) == []


def test_what_limits_it_has_taken_is_not_taken_twice(desk):
    limit = {"id": "d", "of": "company", "span": "day", "currency": "CNY", "amount": "2000.00"}
    desk.rules.put(content(limits=[limit]))
    made = desk.post()
    altered(desk, amount="1200.51")
    assert desk.used() == [120_050]
    assert desk.vote(BOSS, made).state is State.QUEUED
    assert desk.used() == [120_050]


def test_pay_is_not_told_by_its_amount(desk):
    made = desk.post()
    desk.change(update(tables.instruction).values(business_type="payroll"))
    altered(desk, amount="1200.51")
    assert "1200" not in finding(desk, made).replace(desk.row(made).digest, "")


# ── calls of many ───────────────────────────────────────────────────────────────────────────


def test_an_altered_line_of_another_call_holds_it(desk):
    made = desk.post()
    new = replace(DRAFT, erp_reference="B", amount="7.00")
    batch = desk.batch([replace(DRAFT, amount="1200.51"), new])
    assert (batch.accepted, batch.refused) == (1, 1)
    assert desk.open(made) == ["erp_altered"]


def test_a_file_that_is_refused_whole_holds_what_it_alters(desk):
    desk.batch([DRAFT, replace(DRAFT, erp_reference="B", amount="7.00")])
    first, second = sorted(it.id for it in desk.at.rows(tables.instruction))
    call = Call(
        caller=Caller(tenant=HERE, actor=SAP, erp="sap"),
        scope="sap",
        reference="F1",
        digest="another",
        format="json",
    )

    def parts(broken: bool = False):
        yield DRAFT
        yield replace(DRAFT, erp_reference="B", amount="8.00")
        if broken:
            raise WireError("cut", path="/Document")

    for broken in (False, True):
        with pytest.raises(ReusedReference):
            asyncio.run(desk.bulk.accept(call, parts(broken=broken)))
        assert (desk.open(first), desk.open(second)) == ([], ["erp_altered"])
    desk.rules.__init__(None)
    unread = iter([DRAFT])
    with pytest.raises(ReusedReference):
        asyncio.run(desk.bulk.accept(call, unread))
    assert list(unread) == [DRAFT], "without a document nobody reads it"


def test_a_line_that_waits_for_its_turn_meets_every_other_rule_first(desk):
    """Else one person could let go what the matrix wants two for."""
    made = desk.post(amount="60000.00")
    desk.change(update(tables.instruction).values(state="RECEIVED"))
    desk.change(tables.hold.delete())
    altered(desk, amount="60000.01")
    assert desk.open(made) == ["approval", "erp_altered"]
    assert desk.state(made) == "HELD"


def test_a_staged_line_that_nobody_has_accepted_is_left_alone(desk):
    desk.batch([DRAFT])
    (made,) = desk.at.rows(tables.instruction)
    desk.change(update(tables.batch).values(accepted_us=None))
    with pytest.raises(ReusedReference):
        desk.post(amount="1200.51")
    assert desk.state(made.id) == "QUEUED"


def test_a_draft_that_is_wrong_by_itself_alters_nothing(desk):
    made = desk.post()
    with pytest.raises(InvalidInstruction):
        desk.post(amount="0.001")
    assert desk.open(made) == []
