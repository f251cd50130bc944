"""The plan is kept: what a budget item may pay in a period, and what is left of it."""

from __future__ import annotations

import pytest

from gateway.controls.rules.use import Question
from gateway.controls.use import in_use
from gateway.delivery.standing import instruction_view
from gateway.domain.decision import Action, Actor, ActorKind
from gateway.domain.instruction import Cause, State
from gateway.domain.money import CNY, Money
from gateway.domain.outcome import Grade
from gateway.store import tables
from tests.controls_ground import BOSS, HERE, LI, SAP, WANG, ZHAO, Desk, content
from tests.store_ground import START, bench
from tests.unit.intake.sample import OWN_NUMBER

TODAY = START.date()
MONTH, YEAR = "2026-09", "2026"


def line(amount: str, item: str = "A01", period: str = MONTH, company: str = "c1"):
    return {
        "company": company,
        "item": item,
        "period": period,
        "currency": "CNY",
        "amount": amount,
    }


def left(desk: Desk, actor: Actor = WANG, **asked) -> dict[tuple[str, str, str], str]:
    """By kind, subject or item, and period: what is left."""
    question = Question(**{"periods": (TODAY.isoformat(), MONTH, YEAR), **asked})
    found = desk.at.store.read_now(
        lambda db: in_use(
            db,
            controls=desk.rules,
            tenant=HERE,
            actor=actor,
            asked=question,
            today=TODAY,
        )
    )
    return {
        (it.counter.key.of, it.counter.key.subject, it.counter.key.period): Money(
            it.left, CNY
        ).text()
        for it in found.uses
    }


@pytest.fixture
def desk_of():
    with bench() as at:
        yield lambda **changes: Desk(at, content(**changes))


def test_what_the_plan_does_not_hold_is_kept_back_and_says_which_line(desk_of):
    desk = desk_of(plan=[line("3000.00")])
    fits = desk.post(amount="2000.00", budget_item="A01")
    over = desk.post(erp_reference="B", amount="1000.01", budget_item="A01")
    assert (desk.state(fits), desk.state(over)) == ("QUEUED", "HELD")
    assert {desk.row(it).control_version for it in (fits, over)} == {1}, "made under it"
    (hold,) = desk.at.rows(tables.hold)
    assert hold.rule == "quota"
    assert hold.en == (
        "plan of company c1, budget item A01, 2026-09: "
        "at most CNY 3000.00, CNY 2000.00 used, CNY 1000.01 wanted"
    )
    assert "公司 c1 预算项目 A01（2026-09）：上限 CNY 3000.00，已用 CNY 2000.00" in hold.zh
    assert left(desk) == {("plan", "c1", MONTH): "1000.00"}


def test_it_counts_against_its_day_its_month_and_its_year(desk_of):
    lines = [line("9.00", period=YEAR), line("8.00"), line("7.00", period=TODAY.isoformat())]
    desk = desk_of(plan=lines)
    desk.post(amount="5.00", budget_item="A01")
    assert list(left(desk).values()) == ["4.00", "3.00", "2.00"]
    assert left(desk, periods=(YEAR,)) == {("plan", "c1", YEAR): "4.00"}


def test_another_item_or_none_is_another_line(desk_of):
    desk = desk_of(plan=[line("1.00"), line("3.00", item="B")])
    assert desk.state(desk.post(amount="2.00", budget_item="B")) == "QUEUED"
    assert desk.state(desk.post(erp_reference="2", amount="51.00")) == "QUEUED"
    assert left(desk, item="B") == {("plan", "c1", MONTH): "1.00"}


def test_a_company_that_pays_by_plan_pays_nothing_that_is_not_planned(desk_of):
    desk = desk_of(planned=["c1"])
    held = desk.post(amount="2.00", budget_item="A01")
    assert desk.open(held) == ["quota"]
    assert "the plan has no such line" in desk.at.rows(tables.hold)[0].en
    assert left(desk) == {}
    assert desk.vote(BOSS, held).state is State.QUEUED
    assert left(desk) == {("plan", "c1", MONTH): "-2.00"}
    assert left(desk, item="A02") == {}


def test_what_people_let_pass_is_counted_all_the_same(desk_of):
    desk = desk_of(plan=[line("1.00")])
    held = desk.post(amount="2.00", budget_item="A01")
    desk.vote(BOSS, held)
    assert left(desk) == {("plan", "c1", MONTH): "-1.00"}
    assert desk.state(desk.post(erp_reference="2", amount="0.01", budget_item="A01")) == "HELD"


@pytest.mark.parametrize("state", ["REJECTED", "EXPIRED", "CANCELLED"])
def test_only_money_that_did_not_move_comes_back(desk_of, state):
    desk = desk_of(plan=[line("3000.00")])
    paid = desk.post(amount="1200.50", budget_item="A01")
    kept = desk.post(erp_reference="B", amount="1000.00", budget_item="A01")
    for it in (paid, kept):
        desk.learn(it, Cause.DISPATCH, State.SENDING)
        desk.learn(it, Cause.DOUBT, State.UNCONFIRMED)
    assert left(desk) == {("plan", "c1", MONTH): "799.50"}
    desk.learn(paid, Cause.ENQUIRY, State[state], Grade.ENQUIRY)
    desk.learn(kept, Cause.ENQUIRY, State.SETTLED, Grade.ENQUIRY)
    desk.learn(kept, Cause.STATEMENT, State.RETURNED, Grade.STATEMENT)
    assert left(desk) == {("plan", "c1", MONTH): "2000.00"}


def test_a_new_version_finds_what_was_used(desk_of):
    desk = desk_of(plan=[line("3000.00")])
    desk.post(amount="1000.00", budget_item="A01")
    desk.rules.put(content(plan=[line("1500.00")]))
    assert left(desk) == {("plan", "c1", MONTH): "500.00"}
    assert desk.state(desk.post(erp_reference="2", amount="500.01", budget_item="A01")) == "HELD"


def test_who_may_know_what_is_left(desk_of):
    roles = content()["roles"]
    view = {"name": "looker", "display": "查看", "permissions": [{"rights": ["view"]}]}
    view["permissions"][0]["companies"] = ["c1"]
    limits = [
        {"id": of, "of": of, "span": "day", "currency": "CNY", "amount": "9000.00"}
        for of in ("company", "account", "operator", "tenant")
    ]
    limits.append(limits[0] | {"id": "wages", "businesses": ["payroll"], "subjects": ["c1"]})
    desk = desk_of(
        roles=[*roles, view],
        assignments=[*content()["assignments"], {"person": "zhao", "role": "looker"}],
        plan=[line("10.00"), line("10.00", company="c2")],
        limits=limits,
    )
    desk.post(amount="1.00", budget_item="A01")
    day = TODAY.isoformat()
    assert left(desk, ZHAO) == {
        ("plan", "c1", MONTH): "9.00",
        ("company", "c1", day): "8999.00",
        ("account", OWN_NUMBER, day): "8999.00",
    }
    assert left(desk, SAP) == {("operator", "machine:sap", day): "8999.00"}
    assert left(desk, BOSS) == {}
    assert len(left(desk, LI)) == 6
    assert set(left(desk, LI, company="c2")) == {("plan", "c2", MONTH)}
    assert left(desk, Actor(kind=ActorKind.PERSON, name="nobody")) == {}


def test_the_item_is_shown_and_under_the_digest(desk_of):
    desk = desk_of()
    one = desk.post(amount="6000.00", budget_item="A01")
    shown = desk.at.store.read_now(lambda db: instruction_view(db, "t1", one))
    assert shown["budget_item"] == "A01"
    other = desk.post(erp_reference="PO-9", amount="6000.00", creditor_account="6217")
    digests = {desk.row(one).digest, desk.row(other).digest}
    assert len(digests) == 2
    assert desk.vote(WANG, one, Action.REJECT, "no").state is State.CANCELLED
