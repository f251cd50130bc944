"""退汇: the bank's reference returns a payment; anything less calls people."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from gateway.controls.release import Releaser
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotSent
from gateway.domain.money import CNY, Money
from gateway.domain.statement import Entry, StatementPage
from gateway.intake.accept import Caller, Intake
from gateway.lifecycle.history import all_steps
from gateway.ports.tenancy import Directory, Policy
from gateway.statements.refunds import BACK_MAX, Refunds, _Visit
from gateway.store import tables
from tests.records import replace
from tests.store_ground import START, bench
from tests.unit.intake.sample import DRAFT, FAKE, TENANT

ERP = Actor(kind=ActorKind.MACHINE, name="sap")
TODAY = START.date()
OURS = replace(TENANT, policy=Policy(default_local=False))
ACCOUNT = OURS.accounts[DRAFT.debtor_account]


class Source:
    """A bank that tells what it is given, and is asked only what the rules allow."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.asked: list[tuple[date, date]] = []
        self.broken = False

    async def refunds(self, tenant, account, start, end):
        assert start == end or end < TODAY, "today must be asked for alone"
        self.asked.append((start, end))
        if self.broken:
            raise NotSent
        told = self.entries if end == TODAY else []
        return [StatementPage(account=account.number, entries=tuple(told), more=False)]


class Ground:
    def __init__(self, at) -> None:
        self.at = at
        self.source = Source()
        self.refunds = Refunds(
            at.store, at.runtime, self.source, Directory(tenants={OURS.id: OURS}, keys={}), 1.0
        )
        release = Releaser(at.runtime)
        self.intake = Intake(at.store, at.runtime, {"fake": FAKE}, release)

    def paid(self, reference: str, *, bank: str, state: str = "SETTLED") -> str:
        caller = Caller(tenant=OURS, actor=ERP, erp="sap")
        draft = replace(DRAFT, erp_reference=reference)
        told = asyncio.run(self.intake.accept(caller, draft, key="", body_digest=""))
        table = tables.instruction
        change = update(table).where(table.c.id == told.id).values(state=state, bank_reference=bank)
        self.at.group(lambda uow: uow.change(change))
        return told.id

    def visit(self, closed: date = TODAY - timedelta(days=1)) -> None:
        asyncio.run(
            self.refunds.visit(_Visit(tenant=OURS, account=ACCOUNT, closed=closed, today=TODAY))
        )

    def states(self) -> dict[str, str]:
        return {row.id: row.state for row in self.at.rows(tables.instruction)}

    def cases(self) -> list[tuple[str, str]]:
        return sorted((row.kind, row.instruction) for row in self.at.rows(tables.case))


def refund(**changes: object) -> Entry:
    entry = Entry(
        amount=Money.parse(DRAFT.amount, CNY),
        booking_date=TODAY,
        bank_key="2026091500000000001000001",
        reference="990000000001",
        counterparty_account=DRAFT.creditor_account,
        remittance="退汇",
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


@pytest.fixture
def ground():
    with bench() as at:
        yield Ground(at)


def test_the_banks_reference_returns_its_payment_and_no_other(ground):
    ours = ground.paid("PO-1", bank="990000000001")
    twin = ground.paid("PO-2", bank="990000000002")
    ground.source.entries = [refund()]
    ground.visit()
    assert ground.states() == {ours: "RETURNED", twin: "SETTLED"}
    assert ground.cases() == []
    (proof,) = ground.at.rows(tables.evidence)
    assert (proof.verdict, proof.grade, proof.bank_reference) == ("returned", 3, "990000000001")


def test_seen_again_it_changes_nothing(ground):
    ours = ground.paid("PO-1", bank="990000000001")
    ground.source.entries = [refund()]
    ground.visit()
    ground.visit()
    assert ground.states() == {ours: "RETURNED"}
    assert [row.after for row in ground.at.rows(all_steps())].count("RETURNED") == 1


def test_payee_and_amount_alone_call_people_once(ground):
    ours = ground.paid("PO-1", bank="990000000009")
    ground.source.entries = [refund()]
    ground.visit()
    ground.visit()
    assert ground.states() == {ours: "SETTLED"}
    assert ground.cases() == [("refund_suspected", ours)]


def test_a_refund_of_nothing_of_ours_is_a_case_of_its_own(ground):
    ground.source.entries = [refund()]
    ground.visit()
    ground.visit()
    assert ground.cases() == [("refund_unlinked", "")]


def test_a_debit_is_no_refund(ground):
    ours = ground.paid("PO-1", bank="990000000001")
    ground.source.entries = [refund(amount=Money(-120050, CNY))]
    ground.visit()
    assert ground.states() == {ours: "SETTLED"}
    assert ground.cases() == []


def test_an_unfinished_payment_is_not_returned_by_its_refund(ground):
    ours = ground.paid("PO-1", bank="990000000001", state="REJECTED")
    ground.source.entries = [refund()]
    ground.visit()
    assert ground.states() == {ours: "REJECTED"}
    assert ground.cases() == [("refund_unlinked", "")]


def test_closed_days_are_asked_once_and_today_alone(ground):
    ground.visit(closed=TODAY - timedelta(days=4))
    days = [TODAY - timedelta(days=3), TODAY - timedelta(days=1)]
    assert ground.source.asked == [(days[0], days[1]), (TODAY, TODAY)]
    (row,) = [row for row in ground.at.rows(tables.work) if row.kind == "refunds"]
    assert date.fromordinal(row.tries) == TODAY - timedelta(days=1)


def test_a_first_look_goes_back_a_bounded_time(ground):
    ground.visit(closed=date(2020, 1, 1))
    assert ground.source.asked[0] == (TODAY - BACK_MAX, TODAY - timedelta(days=1))


def test_days_that_could_not_be_asked_for_stay_to_be_asked_for(ground):
    ground.source.broken = True
    ground.visit(closed=TODAY - timedelta(days=4))
    (row,) = [row for row in ground.at.rows(tables.work) if row.kind == "refunds"]
    assert date.fromordinal(row.tries) == TODAY - timedelta(days=4)
