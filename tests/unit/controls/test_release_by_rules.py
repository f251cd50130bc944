"""Under a document: who may make, what holds a payment, and whose votes let it go."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from gateway.delivery.standing import instruction_view
from gateway.domain.decision import Action, Actor, ActorKind
from gateway.domain.errors import NotPermitted
from gateway.domain.instruction import Cause, State
from gateway.ports.tenancy import ApiKey
from gateway.store import tables
from tests.controls_ground import BOSS, HERE, LI, SAP, WANG, ZHAO, Desk, content
from tests.records import replace
from tests.store_ground import bench
from tests.unit.intake.sample import DRAFT, OWN_NUMBER, USD_NUMBER


@pytest.fixture
def desk():
    with bench() as at:
        yield Desk(at, content())


# ── making ──────────────────────────────────────────────────────────────────────────────────


def test_who_may_not_make_it_is_refused_before_anything_is_stored(desk):
    with pytest.raises(NotPermitted, match="no role held grants 'make'"):
        desk.post(actor=Actor(kind=ActorKind.MACHINE, name="oa"))
    for table in (tables.instruction, tables.hold, tables.work):
        assert desk.at.rows(table) == []


def test_what_was_accepted_keeps_its_answer_when_the_right_is_gone(desk):
    told = desk.post()
    desk.rules.put(content(machines=[]))
    assert desk.post() == told
    with pytest.raises(NotPermitted):
        desk.post(erp_reference="PO-2", amount="9.00")


def test_a_line_that_may_not_be_made_is_refused_and_the_others_are_not(desk):
    roles = content()["roles"]
    roles[2]["permissions"] = [{"rights": ["make"], "accounts": [OWN_NUMBER]}]
    desk.rules.put(content(roles=roles))
    drafts = [
        replace(DRAFT, erp_reference="A", amount="1.00"),
        replace(DRAFT, erp_reference="B", amount="2.00", debtor_account=USD_NUMBER, currency="USD"),
    ]
    batch = desk.batch(drafts)
    assert (batch.accepted, batch.refused) == (1, 1)
    (line,) = desk.at.rows(tables.refused_line)
    assert (line.line, line.erp_reference) == (2, "B")
    assert '"not_permitted"' in line.faults
    assert "'make' is not granted for" in line.faults
    assert USD_NUMBER not in line.faults, "of an account number only what may be seen"


def test_whoever_a_delegate_stood_in_for_may_not_decide_either(desk):
    document = content(
        people=[*content()["people"], {"name": "sun", "display": "孙"}],
        assignments=[*content()["assignments"], {"person": "li", "role": "erp"}],
        delegations=[
            {"giver": "li", "taker": "sun", "roles": ["erp"],
             "since": "2026-09-01", "until": "2026-09-30"},
        ],
    )  # fmt: skip
    desk.rules.put(document)
    sun = Actor(kind=ActorKind.PERSON, name="sun")
    made = desk.post(actor=sun, amount="6000.00")
    assert desk.row(made).makers == '["person:sun","person:li"]'
    with pytest.raises(NotPermitted, match="maker and checker must differ"):
        desk.vote(LI, made)
    assert desk.vote(WANG, made).complete


# ── holds ───────────────────────────────────────────────────────────────────────────────────


def test_the_amount_decides_what_holds(desk):
    small = desk.post()
    middle = desk.post(erp_reference="B", amount="6000.00")
    assert (desk.state(small), desk.state(middle)) == ("QUEUED", "HELD")
    assert (desk.open(small), desk.open(middle)) == ([], ["approval"])
    assert desk.row(middle).reason == "approval"
    assert [it.subject for it in desk.at.rows(tables.work)] == [small]


def test_every_reason_is_a_hold_of_its_own_and_the_last_vote_releases(desk):
    desk.post(amount="60000.00")
    twin = desk.post(erp_reference="B", amount="60000.00")
    assert desk.open(twin) == ["duplicate", "approval"]
    assert desk.row(twin).reason == f"duplicate: {DRAFT.erp_reference}; approval"
    first = desk.vote(WANG, twin)
    assert (first.votes, first.needed, first.complete, first.state) == (2, 4, False, State.HELD)
    assert desk.open(twin) == ["approval"], "one vote counts for both, and lifts the one"
    assert desk.vote(LI, twin).complete is False
    last = desk.vote(BOSS, twin)
    assert (last.complete, last.state) == (True, State.QUEUED)
    assert desk.open(twin) == []
    assert {it.lifted_by for it in desk.at.rows(tables.hold) if it.instruction == twin} == {
        "person:wang",
        "person:wang, person:li, person:boss",
    }


def test_the_order_is_kept_and_named(desk):
    big = desk.post(amount="60000.00")
    with pytest.raises(NotPermitted, match="role 'checker' has to approve first"):
        desk.vote(BOSS, big)
    with pytest.raises(NotPermitted, match="no role held grants 'approve'"):
        desk.vote(ZHAO, big)
    assert desk.at.rows(tables.vote) == []


def test_a_machine_cannot_decide_and_nobody_twice(desk):
    big = desk.post(amount="60000.00")
    with pytest.raises(NotPermitted, match="only a named person"):
        desk.vote(SAP, big)
    desk.vote(WANG, big)
    with pytest.raises(NotPermitted, match="already decided"):
        desk.vote(WANG, big, reason="once more")
    assert desk.vote(WANG, big).votes == 1, "word for word it is the same vote"
    assert len(desk.at.rows(tables.vote)) == 1


def test_a_vote_given_before_a_hold_was_found_does_not_lift_it(desk):
    middle = desk.post(amount="6000.00")
    assert desk.vote(WANG, middle).complete
    desk.hold_where_it_leaves(middle)
    assert desk.open(middle) == []
    assert desk.state(middle) == "HELD"
    with pytest.raises(NotPermitted):
        desk.vote(ZHAO, middle)
    desk.at.runtime.clock.pass_time(seconds=1)
    assert desk.vote(LI, middle).state is State.QUEUED


def test_a_role_taken_away_before_the_last_vote_counts_no_more(desk):
    big = desk.post(amount="60000.00")
    desk.vote(WANG, big)
    desk.vote(LI, big)
    desk.rules.put(content(assignments=content()["assignments"][1:]))
    with pytest.raises(NotPermitted, match="has to approve first"):
        desk.vote(BOSS, big)
    assert desk.state(big) == "HELD"


def test_content_that_changed_under_a_vote_takes_no_vote(desk):
    middle = desk.post(amount="6000.00")
    digest = desk.row(middle).digest
    desk.change(update(tables.instruction).values(digest="0" * 64))
    vote = {"tenant": HERE, "actor": WANG, "instruction": middle, "action": Action.APPROVE}
    with pytest.raises(NotPermitted, match="content has changed"):
        asyncio.run(desk.decisions.decide(**vote, content_hash=digest, reason=""))


def test_rejecting_takes_its_right(desk):
    middle = desk.post(amount="6000.00")
    with pytest.raises(NotPermitted, match="no role held grants 'reject'"):
        desk.vote(BOSS, middle, Action.REJECT)
    assert desk.vote(WANG, middle, Action.REJECT).state is State.CANCELLED


def test_an_unknown_outcome_is_not_settled_without_evidence(desk):
    small = desk.post()
    for cause, state in (
        (Cause.DISPATCH, State.SENDING),
        (Cause.DOUBT, State.UNCONFIRMED),
    ):
        desk.learn(small, cause, state)
    for who in (WANG, LI, BOSS):
        with pytest.raises(NotPermitted, match="resolved with evidence"):
            desk.vote(who, small, Action.RESOLVE_REJECTED, "branch said so")
    assert desk.state(small) == "UNCONFIRMED"


def test_cancelling_takes_its_right(desk):
    small = desk.post()
    roles = content()["roles"]
    roles[2]["permissions"] = [{"rights": ["make"]}]
    desk.rules.put(content(roles=roles))
    key = ApiKey(id="k", tenant=HERE.id, actor=SAP, secret=b"", erp="sap")
    with pytest.raises(NotPermitted, match="no role held grants 'cancel'"):
        asyncio.run(desk.cancellations.cancel(key, small, ""))
    assert desk.state(small) == "QUEUED"


def test_the_view_names_every_hold_and_who_can_lift_it(desk):
    desk.post(amount="6000.00")
    twin = desk.post(erp_reference="B", amount="6000.00")
    with desk.at.engine.connect() as db:
        (told,) = desk.holds.told(db, HERE, [instruction_view(db, "t1", twin)])
    assert [it["rule"] for it in told["holds"]] == ["duplicate", "approval"]
    assert told["holds"][0]["lifted_by_en"] == (
        "1 of role 'checker' to lift the hold 'possible duplicate': 王复核, 李复核."
    )
    assert "王复核" in told["holds"][1]["lifted_by_zh"]
    desk.vote(WANG, twin)
    with desk.at.engine.connect() as db:
        (after,) = desk.holds.told(db, HERE, [instruction_view(db, "t1", twin)])
    assert "holds" not in after


def test_votes_that_suffice_under_new_rules_let_the_next_one_release(desk):
    big = desk.post(amount="60000.00")
    desk.vote(WANG, big)
    desk.vote(LI, big)
    desk.rules.put(content(matrix=[{"id": "all", "bands": [{"steps": [{"role": "checker"}]}]}]))
    with pytest.raises(NotPermitted):
        desk.vote(ZHAO, big, reason="a stranger")
    assert desk.vote(LI, big, reason="go").state is State.QUEUED
