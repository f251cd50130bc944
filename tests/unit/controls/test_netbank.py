"""网银已付: a debit of today that is none of ours holds its like; data too old holds by itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.controls.netbank import BY, NetbankPaid, NetbankSettling
from gateway.controls.rules.document import HoldRule, enabled
from gateway.controls.rules.reading import read
from gateway.domain.instruction import Cause, State
from gateway.domain.money import Money, currency
from gateway.domain.statement import Entry
from gateway.ports.tenancy import Directory
from gateway.statements.debits import DebitBook
from gateway.store import tables
from gateway.store.instants import to_us
from tests.controls_ground import BOSS, HERE, WANG, Desk, content
from tests.store_ground import bench
from tests.unit.intake.sample import DRAFT, OTHER_BANK_NUMBER, OWN_NUMBER

PAYEE = DRAFT.creditor_account
ASKED = content(payees={"netbank_paid": True})


class Guarded(Desk):
    """A desk whose document asks for the guard, and the bank's books beside it."""

    def __init__(self, at, document) -> None:
        self.book = DebitBook()
        guard = NetbankPaid(self.book, at.runtime.clock.now)
        super().__init__(at, document, inspectors=[guard])
        directory = Directory(tenants={HERE.id: HERE}, keys={})
        self.guard = guard
        self.settling = NetbankSettling(guard, self.rules, self.releaser, at.runtime, directory)

    def told(self, *entries: Entry, account: str = OWN_NUMBER) -> None:
        """The bank answers now what it booked today."""
        now = self.at.runtime.clock.now()
        asyncio.run(
            self.at.store.write(
                lambda uow: self.book.store(
                    uow,
                    tenant="t1",
                    account=account,
                    day=now.date(),
                    asked_us=to_us(now),
                    entries=entries,
                )
            )
        )

    def settle(self) -> list[str]:
        """What a round does for those that wait; their ids."""
        with self.at.engine.connect() as db:
            waiting = list(self.settling.waiting(db, "t1"))
        for it in waiting:
            asyncio.run(self.at.store.write(lambda uow, it=it: self.settling.settle(uow, HERE, it)))
        return waiting

    def finding(self, instruction: str) -> str:
        rows = self.at.rows(tables.hold, tables.hold.c.seq)
        return [it.en for it in rows if it.instruction == instruction][-1]


def debit(amount="1200.50", *, account=PAYEE, name="", reference="HX1", unit="CNY", **words):
    """A debit as the bank tells it."""
    money = -Money.parse(amount, currency(unit))
    return Entry(
        amount=money,
        counterparty_account=account,
        counterparty_name=name,
        reference=reference,
        **words,
    )


@pytest.fixture
def desk():
    with bench() as at:
        yield Guarded(at, ASKED)


def later(desk, **span) -> None:
    desk.at.runtime.clock.pass_time(**span)


# ── a debit that is none of ours ────────────────────────────────────────────────────────────


def test_its_like_is_held_and_the_entry_named_masked(desk):
    desk.told(debit(booked_at=desk.at.runtime.clock.now()))
    later(desk, minutes=4)
    made = desk.post()
    assert desk.open(made) == ["netbank_paid"]
    assert desk.finding(made) == (
        "account ****0018 has a debit of today that is none of ours, to the same payee ****0001 "
        "with the same amount (booked 2026-09-15 10:00), bank reference …HX1: perhaps paid in "
        "netbank already; the bank was asked 4 minutes ago"
    )
    assert desk.settle() == [], "only people lift this"
    assert desk.vote(BOSS, made).state is State.QUEUED


@pytest.mark.parametrize(
    "entry",
    [
        debit("1200.51"),
        debit(account="6217000000000000002"),
        debit(account="", name="另一家有限公司"),
        debit(account="", name=""),
        debit(unit="USD"),
        Entry(amount=Money.parse("1200.50", currency("CNY")), counterparty_account=PAYEE),
    ],
)
def test_what_differs_is_no_reason(desk, entry):
    desk.told(entry)
    assert desk.state(desk.post()) == "QUEUED"


def test_without_an_account_the_name_tells(desk):
    desk.told(debit(account="", name="江南纺织 有限公司"))
    assert desk.open(desk.post()) == ["netbank_paid"]


def test_a_debit_of_another_account_of_the_group_counts_too(desk):
    desk.told(debit(), account=OTHER_BANK_NUMBER)
    desk.told()
    made = desk.post()
    assert desk.open(made) == ["netbank_paid"]
    assert "account ****0034" in desk.finding(made)


def paid(desk, instruction: str, reference: str = "") -> None:
    """Ours has left and the bank has settled it."""
    desk.learn(instruction, Cause.DISPATCH, State.SENDING)
    desk.learn(instruction, Cause.BANK_ANSWER, State.SETTLED)
    desk.change(
        tables.instruction.update()
        .where(tables.instruction.c.id == instruction)
        .values(bank_reference=reference)
    )


@pytest.mark.parametrize("known_as", ["HX1", "another number", ""])
def test_our_own_payment_explains_one_debit_and_no_second(desk, known_as):
    desk.told()
    paid(desk, desk.post(), known_as)
    desk.told(debit())
    second = desk.post(erp_reference="B")
    assert desk.open(second) == ["duplicate"]
    desk.told(debit(), debit(reference="HX2"))
    assert desk.open(desk.post(erp_reference="C")) == ["duplicate", "netbank_paid"]


def test_our_payment_from_another_account_explains_nothing_here(desk):
    desk.told()
    desk.told(account=OTHER_BANK_NUMBER)
    elsewhere = desk.post()
    paid(desk, elsewhere)
    desk.change(tables.instruction.update().values(debtor_account=OTHER_BANK_NUMBER))
    desk.told(debit(reference="HX9"))
    assert desk.open(desk.post(erp_reference="B")) == ["duplicate", "netbank_paid"]


def test_it_is_asked_again_when_people_lift_the_last_hold(desk):
    desk.told()
    made = desk.post(amount="6000.00")
    assert desk.open(made) == ["approval"]
    desk.told(debit("6000.00"))
    assert not desk.vote(WANG, made).complete
    assert desk.open(made) == ["netbank_paid"]
    assert desk.vote(BOSS, made).state is State.QUEUED


# ── data that is too old ────────────────────────────────────────────────────────────────────


def test_without_data_it_waits_and_then_goes_by_itself(desk):
    made = desk.post()
    assert desk.open(made) == ["netbank_paid"]
    assert desk.finding(made).startswith(
        "data not fresh: today's debits of account ****0018: the bank has not been asked today, "
        "and they may be 15 minutes old"
    )
    assert desk.settle() == [made]
    assert desk.state(made) == "HELD", "nothing new is known"
    desk.told(debit("7.00"))
    assert desk.settle() == [made]
    assert (desk.state(made), desk.open(made)) == ("QUEUED", [])
    assert [it.subject for it in desk.at.rows(tables.work)] == [made]
    (hold,) = desk.at.rows(tables.hold)
    assert hold.lifted_by == BY
    kinds = [it.kind for it in desk.at.journal()]
    assert "hold_lifted" in kinds
    assert desk.settle() == []


def test_data_is_old_after_its_minutes_and_not_before(desk):
    desk.told()
    later(desk, minutes=15)
    assert desk.state(desk.post()) == "QUEUED"
    later(desk, microseconds=1)
    assert desk.open(desk.post(erp_reference="B", amount="2.00")) == ["netbank_paid"]
    desk.rules.put(content(payees={"netbank_paid": True, "netbank_fresh_minutes": 60}))
    assert desk.state(desk.post(erp_reference="C", amount="3.00")) == "QUEUED"


def test_data_of_yesterday_is_none(desk):
    desk.at.runtime.clock.at = desk.at.runtime.clock.at.replace(hour=23, minute=59)
    desk.told(debit())
    later(desk, minutes=2)
    made = desk.post()
    assert "has not been asked today" in desk.finding(made)


def test_what_new_data_shows_holds_it_on_for_people(desk):
    made = desk.post()
    desk.told(debit())
    desk.settle()
    assert desk.open(made) == ["netbank_paid"]
    assert "none of ours" in desk.finding(made)
    assert desk.state(made) == "HELD"
    assert desk.settle() == []


def test_other_holds_stay(desk):
    made = desk.post(amount="6000.00")
    assert desk.open(made) == ["approval", "netbank_paid"]
    desk.told()
    desk.settle()
    assert (desk.state(made), desk.open(made)) == ("HELD", ["approval"])
    assert desk.vote(WANG, made).state is State.QUEUED


def test_limits_are_asked_when_it_goes_by_itself(desk):
    limit = {"id": "d", "of": "company", "span": "day", "currency": "CNY", "amount": "1000.00"}
    desk.rules.put(content(payees={"netbank_paid": True}, limits=[limit]))
    made = desk.post()
    desk.told()
    desk.settle()
    assert (desk.state(made), desk.open(made)) == ("HELD", ["limit"])


def test_what_was_altered_in_the_database_never_goes_by_itself(desk):
    made = desk.post()
    desk.change(tables.instruction.update().values(reason="altered"))
    desk.told()
    desk.settle()
    assert desk.state(made) == "HELD"


def test_what_was_cancelled_waits_no_more(desk):
    made = desk.post()
    desk.learn(made, Cause.ERP, State.CANCELLED)
    assert desk.settle() == [made]
    assert desk.settle() == []
    assert desk.state(made) == "CANCELLED"


def test_people_may_let_it_go_without_data(desk):
    made = desk.post()
    assert desk.vote(BOSS, made).state is State.QUEUED


def test_what_lifted_itself_is_found_again_by_the_last_vote(desk):
    """Nobody has decided on it: only what people lifted is not asked again."""
    made = desk.post(amount="6000.00")
    desk.told()
    desk.settle()
    later(desk, minutes=1)
    desk.told(debit("6000.00"))
    assert not desk.vote(WANG, made).complete
    assert desk.open(made) == ["netbank_paid"]


# ── a day to come ───────────────────────────────────────────────────────────────────────────


def leaving(desk, instruction: str) -> dict[str, str]:
    """What the sender is told when its day has come."""
    rules = desk.rules.of(None, None).rules
    return asyncio.run(
        desk.at.store.write(lambda uow: desk.guard.at_leaving(uow, HERE, rules, [instruction]))
    )


def test_a_day_to_come_is_asked_for_when_it_leaves(desk):
    made = desk.post(execution_date="2026-09-17")
    assert desk.state(made) == "SCHEDULED"
    later(desk, days=2)
    desk.told()
    assert leaving(desk, made) == {}
    later(desk, minutes=1)
    desk.told(debit())
    assert leaving(desk, made) == {made: "netbank_paid"}
    assert desk.open(made) == ["netbank_paid"]


def test_nothing_goes_by_itself_on_votes_that_suffice_no_more(desk):
    desk.told()
    made = desk.post(amount="6000.00", execution_date="2026-09-17")
    assert desk.vote(WANG, made).state is State.SCHEDULED
    later(desk, days=2)
    assert leaving(desk, made) == {made: "netbank_paid"}
    desk.hold_where_it_leaves(made)
    desk.rules.put(content(payees={"netbank_paid": True}, assignments=content()["assignments"][1:]))
    desk.told()
    desk.settle()
    assert (desk.state(made), desk.open(made)) == ("HELD", ["approval"])


def test_what_people_lifted_leaves(desk):
    desk.told(debit())
    made = desk.post(execution_date="2026-09-17")
    assert desk.vote(BOSS, made).state is State.SCHEDULED
    later(desk, days=2)
    assert leaving(desk, made) == {}


def test_at_once_is_not_asked_twice(desk):
    desk.told()
    made = desk.post()
    desk.told(debit())
    assert leaving(desk, made) == {}


# ── the document ────────────────────────────────────────────────────────────────────────────


def test_without_the_rule_nothing_is_asked(desk):
    desk.rules.put(content())
    desk.told(debit())
    made = desk.post()
    assert desk.state(made) == "QUEUED"
    assert leaving(desk, made) == {}
    assert HoldRule.NETBANK_PAID in enabled(read(ASKED))


def test_only_tenants_with_such_a_document_ask(desk):
    with desk.at.engine.connect() as db:
        assert desk.settling.asking(db) == {}
    columns = {"version": 1, "state": "in_force", "digest": "", "content": "", "proposed_by": ""}
    desk.change(tables.control_version.insert().values(tenant="t1", proposed_us=0, **columns))
    with desk.at.engine.connect() as db:
        assert desk.settling.asking(db) == {"t1": timedelta(minutes=15)}
        desk.rules.put(content())
        assert desk.settling.asking(db) == {}


# ── keeping what the bank tells ─────────────────────────────────────────────────────────────

WORDS = st.tuples(st.sampled_from(("1.00", "2.00")), st.sampled_from("AB"), st.sampled_from("XY"))


def test_twins_stay_two_and_what_is_told_again_is_not_doubled(desk):
    accounts = count()

    @given(lines=st.lists(WORDS, max_size=6), more=st.lists(WORDS, max_size=4))
    def holds(lines, more):
        def entries(some):
            return [debit(amount, account=to, reference=ref) for amount, to, ref in some]

        account = f"account {next(accounts)}"
        for some in (lines, lines, [*lines, *more]):
            desk.told(*entries(some), account=account)
        told = [(it.amount.minor, it.counterparty_account) for it in entries([*lines, *more])]
        with desk.at.engine.connect() as db:
            debits, looks = (
                db.execute(it.select().where(it.c.account == account)).all()
                for it in (tables.bank_debit, tables.bank_debit_look)
            )
        stored = [(-it.amount_minor, it.creditor_account) for it in debits]
        assert sorted(stored) == sorted(told)
        assert [(it.entries, it.day) for it in looks] == [(len(told), "2026-09-15")]

    holds()


def test_yesterday_is_forgotten(desk):
    desk.told(debit())
    later(desk, days=1)
    desk.told(debit("5.00"))
    assert [it.amount_minor for it in desk.at.rows(tables.bank_debit)] == [500]
