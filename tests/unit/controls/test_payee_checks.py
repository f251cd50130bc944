"""What the payee of a payment gives reason to hold, and at what cost."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from gateway.domain.instruction import State
from gateway.store import tables
from tests.controls_ground import BOSS, HERE
from tests.payee_ground import ACCOUNT, NAME, PayeeDesk, create, keeping
from tests.records import replace
from tests.store_ground import bench
from tests.unit.intake.sample import DRAFT

_p = tables.payee
OTHER = "6228480402564890026"


@pytest.fixture
def at():
    with bench() as it:
        yield it


def paid(desk, *, reference="P-0", name=NAME, amount="0.01", account=ACCOUNT) -> str:
    """A payment that was settled, whatever would hold it."""
    made = desk.post(
        erp_reference=reference, amount=amount, creditor_account=account, creditor_name=name
    )
    values = {"state": State.SETTLED.value, "control_version": 1}
    desk.change(update(tables.instruction).where(tables.instruction.c.id == made).values(values))
    return made


def rules(desk, reference="P-1", *, name=NAME, account=ACCOUNT, amount="5.00") -> list[str]:
    made = desk.post(
        erp_reference=reference, amount=amount, creditor_account=account, creditor_name=name
    )
    return [rule for rule, _ in desk.findings(made)]


# ── first payment ───────────────────────────────────────────────────────────────────────────


def test_a_payee_that_was_never_paid_is_held_and_one_that_was_is_not(at):
    desk = PayeeDesk(at, first_payment=True)
    assert rules(desk) == ["first_payment"]
    paid(desk)
    assert rules(desk, "P-2", amount="6.00") == []
    assert rules(desk, "P-3", account=OTHER) == ["first_payment"]


@pytest.mark.parametrize("state", [it for it in State if it is not State.SETTLED])
def test_only_what_was_settled_makes_a_payee_known(at, state):
    desk = PayeeDesk(at, first_payment=True)
    made = paid(desk)
    desk.change(
        update(tables.instruction).where(tables.instruction.c.id == made).values(state=state.value)
    )
    assert rules(desk) == ["first_payment"]


def test_a_payee_of_the_master_is_known_when_its_cooling_is_over(at):
    desk = PayeeDesk(at, first_payment=True, cooling_hours=24)
    desk.approved(create())
    assert rules(desk) == ["first_payment", "payee_changed"]
    at.runtime.clock.pass_time(hours=23, minutes=59)
    assert rules(desk, "P-2", amount="6.00") == ["first_payment", "payee_changed"]
    at.runtime.clock.pass_time(minutes=1)
    assert rules(desk, "P-3", amount="7.00") == []
    assert rules(desk, "P-4", name="另一名称") == ["first_payment", "payee_changed"]


def test_without_a_cooling_an_approved_payee_is_known_at_once(at):
    desk = PayeeDesk(at, first_payment=True)
    desk.approved(create())
    assert rules(desk) == []
    assert rules(desk, "P-2", name=" 示例钢铁 贸易有限公司".strip(), amount="6.00") == []


def test_a_payee_that_was_removed_counts_as_never_paid(at):
    desk = PayeeDesk(at, first_payment=True)
    paid(desk)
    desk.approved(create())
    desk.approved({"action": "remove", "payee": desk.payee().id})
    made = desk.post(creditor_account=ACCOUNT, creditor_name=NAME)
    assert [rule for rule, _ in desk.findings(made)] == ["first_payment"]
    assert "removed from the payee master" in desk.findings(made)[0][1]


def test_the_tenants_own_accounts_are_no_payees(at):
    desk = PayeeDesk(at, first_payment=True, cooling_hours=24, shared_account=True)
    own = next(it for it in HERE.accounts if it != DRAFT.debtor_account)
    assert rules(desk, account=own, name="任何名称") == []


# ── changed lately ──────────────────────────────────────────────────────────────────────────


def test_a_change_holds_until_its_cooling_is_over_though_the_payee_was_paid(at):
    desk = PayeeDesk(at, cooling_hours=2)
    paid(desk)
    desk.approved(create())
    made = desk.post(creditor_account=ACCOUNT, creditor_name=NAME)
    ((rule, en),) = desk.findings(made)
    assert rule == "payee_changed"
    assert "****0018" in en
    assert "until 2026-09-15 12:00" in en
    assert ACCOUNT not in en
    zh = next(it for it in at.rows(tables.hold) if it.rule == "payee_changed").zh
    assert "冷静期 2 小时，至 2026-09-15 12:00" in zh
    at.runtime.clock.pass_time(hours=2)
    assert rules(desk, "P-2") == []
    desk.approved({"action": "change", "payee": desk.payee().id, "account": ACCOUNT, "name": NAME})
    assert rules(desk, "P-3", amount="6.00") == ["payee_changed"]


def test_another_name_than_the_masters_is_held(at):
    desk = PayeeDesk(at, cooling_hours=1)
    desk.approved(create())
    at.runtime.clock.pass_time(hours=1)
    made = desk.post(creditor_account=ACCOUNT, creditor_name="示例钢铁公司")
    ((rule, en),) = desk.findings(made)
    assert rule == "payee_changed"
    assert f"kept for {NAME}" in en
    spelt = NAME.replace("有限", "（有限）").replace("（", "").replace("）", "")
    assert rules(desk, "P-2", name=f"{spelt}。") == []


# ── shared ──────────────────────────────────────────────────────────────────────────────────


def test_an_account_of_several_vendors_in_the_master_is_held(at):
    desk = PayeeDesk(at, shared_account=True)
    desk.approved(create(vendor="V-1"), create(vendor="V-2"))
    made = desk.post(creditor_account=ACCOUNT, creditor_name=NAME)
    ((rule, en),) = desk.findings(made)
    assert rule == "payee_shared"
    assert "V-1" in en
    assert "V-2" in en
    one = desk.payees(vendor="V-2")[0]
    desk.approved({"action": "remove", "payee": one.id})
    assert rules(desk, "P-2", amount="6.00") == []


@pytest.mark.parametrize("name", ["甲方贸易", "一个排在前面的名称", "zzz", "0"])
def test_an_account_that_was_paid_under_another_name_is_held(at, name):
    desk = PayeeDesk(at, shared_account=True)
    for number in range(3):
        paid(desk, reference=f"P-{number}", amount=f"{number + 1}.00")
    assert rules(desk, "S-1") == []
    made = desk.post(erp_reference="S-2", creditor_account=ACCOUNT, creditor_name=name)
    ((rule, en),) = desk.findings(made)
    assert (rule, NAME in en) == ("payee_shared", True)


def test_whose_wages_went_to_an_account_is_not_told(at):
    desk = PayeeDesk(at, shared_account=True)
    made = paid(desk)
    _i = tables.instruction
    desk.change(update(_i).where(_i.c.id == made).values(business_type="payroll"))
    held = desk.post(erp_reference="S-2", creditor_account=ACCOUNT, creditor_name="甲方贸易")
    ((rule, en),) = desk.findings(held)
    assert (rule, NAME in en, "***" in en) == ("payee_shared", False, True)
    (hold,) = desk.at.rows(tables.hold)
    assert NAME not in hold.zh


def test_another_spelling_is_no_other_name_and_hides_none(at):
    """The nearest names in the index are spellings of the same; the other one lies behind."""
    desk = PayeeDesk(at, shared_account=True)
    paid(desk, reference="P-1", name="甲公司。", amount="1.00")
    assert rules(desk, "S-1", name="甲公司") == []
    paid(desk, reference="P-2", name="甲公司，乙", amount="2.00")
    assert rules(desk, "S-2", name="甲公司", amount="6.00") == ["payee_shared"]


@pytest.mark.parametrize("state", [State.REJECTED, State.CANCELLED, State.EXPIRED])
def test_a_payment_that_never_went_says_nothing_of_an_account(at, state):
    desk = PayeeDesk(at, shared_account=True)
    made = paid(desk)
    _i = tables.instruction
    desk.change(update(_i).where(_i.c.id == made).values(state=state.value))
    assert rules(desk, name="甲方贸易") == []


def test_two_names_for_one_account_in_one_call_hold_each_other(at):
    desk = PayeeDesk(at, shared_account=True)
    batch = desk.batch(
        [
            replace(
                DRAFT,
                erp_reference=it,
                creditor_account=account,
                creditor_name=name,
                amount=f"{n}.00",
            )
            for n, (it, account, name) in enumerate(
                [("A", ACCOUNT, "甲"), ("B", ACCOUNT, "乙"), ("C", OTHER, "丙")], start=1
            )
        ]
    )
    assert batch.accepted == 3
    held = {it.erp_reference: it.id for it in at.rows(tables.instruction)}
    assert [len(desk.findings(held[it])) for it in "ABC"] == [1, 1, 0]


# ── blocked, and past the gateway ───────────────────────────────────────────────────────────


def test_a_blocked_payee_is_held_whatever_rules_are_on(at):
    desk = PayeeDesk(at)
    desk.approved(create())
    assert rules(desk) == []
    desk.approved({"action": "block", "payee": desk.payee().id})
    assert rules(desk, "P-2", amount="6.00") == ["listed"]


@pytest.mark.parametrize(
    ("payees", "rule"),
    [
        ({"cooling_hours": 1}, ["payee_changed"]),
        ({"first_payment": True}, ["first_payment", "first_payment"]),
        ({"shared_account": True}, ["payee_shared"]),
        ({}, ["listed"]),
    ],
)
@pytest.mark.parametrize("written", [{"state": "active"}, {"changed_us": 1}, {"seal": ""}])
def test_an_entry_that_was_written_past_the_gateway_holds(at, payees, rule, written):
    """However the block or the cooling is undone in the database: it is not undone here."""
    desk = PayeeDesk(at, **payees)
    paid(desk)
    desk.approved(create())
    desk.approved({"action": "block", "payee": desk.payee().id})
    desk.change(update(_p).values(written))
    assert rules(desk) == rule


def test_an_entry_that_was_right_when_it_was_looked_at_first_is_held_against_its_seal_again(at):
    desk = PayeeDesk(at, cooling_hours=1)
    desk.approved(create())
    at.runtime.clock.pass_time(hours=1)
    assert rules(desk) == []
    desk.change(update(_p).values(name="甲方贸易"))
    assert rules(desk, "P-2", name="甲方贸易", amount="6.00") == ["payee_changed"]


# ── lifted, and what it costs ───────────────────────────────────────────────────────────────


def test_what_people_lifted_is_not_raised_again_and_the_payment_goes(at):
    document = keeping(payees={"first_payment": True, "shared_account": True})
    desk = PayeeDesk(at, document)
    made = desk.post(creditor_account=ACCOUNT, creditor_name=NAME)
    assert desk.open(made) == ["first_payment"]
    assert desk.vote(BOSS, made).complete
    assert desk.state(made) == "QUEUED"


def test_what_came_up_meanwhile_holds_it_once_more(at):
    desk = PayeeDesk(at, keeping(payees={"first_payment": True}))
    made = desk.post(creditor_account=ACCOUNT, creditor_name=NAME)
    desk.approved(create())
    desk.approved({"action": "block", "payee": desk.payee().id})
    assert not desk.vote(BOSS, made).complete
    assert desk.open(made) == ["listed"]


@pytest.mark.parametrize(
    ("payees", "most"),
    [({}, 1), ({"first_payment": True, "cooling_hours": 1, "shared_account": True}, 3)],
)
def test_one_statement_for_each_question_however_many_payments(at, payees, most, monkeypatch):
    desk = PayeeDesk(at, **payees)
    asked = []
    checks = desk.releaser._inspectors[0]
    look = checks.look

    class Counting:
        def __init__(self, uow) -> None:
            self._uow = uow

        def tuples(self, statement, values=None):
            asked.append(statement)
            return self._uow.tuples(statement, values)

    monkeypatch.setattr(
        type(checks),
        "look",
        lambda _, uow, inspection, candidates: look(Counting(uow), inspection, candidates),
    )
    desk.batch(
        [
            replace(DRAFT, erp_reference=f"A{n}", creditor_account=str(n), creditor_name=f"甲{n}")
            for n in range(1, 41)
        ]
    )
    assert len(at.rows(tables.instruction)) == 40
    assert 0 < len(asked) <= most


def test_a_tenant_without_a_document_is_held_by_none_of_it(at):
    desk = PayeeDesk(at, first_payment=True)
    desk.rules._now = replace_version(desk.rules._now)
    assert desk.state(desk.post(creditor_account=ACCOUNT, creditor_name=NAME)) == "QUEUED"


def replace_version(found):
    return type(found)(0, found.rules)
