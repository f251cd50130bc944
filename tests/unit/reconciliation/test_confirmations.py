"""Monthly confirmations: only what balances, signed by a second person."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from gateway.domain.confirmation import ConfirmState
from gateway.domain.errors import NotFound, NotOffered, NotPermitted, Refused
from gateway.store import tables
from gateway.store.instants import to_us
from tests.confirmation_ground import CLOSING, O, World, ordered
from tests.ledger_ground import LI, SAP, WANG, day
from tests.store_ground import bench
from tests.unit.reconciliation.test_books import _instruction


@pytest.fixture
def world():
    with bench() as at:
        at.runtime.clock.pass_time(days=30)
        yield World(at)


# ── only what balances ────────────────────────────────────────────────────────────────────


def codes(refused) -> list[str]:
    return [it.code for it in refused.value.faults]


def test_a_month_whose_days_are_not_all_proven_is_not_prepared(world):
    for number in [*range(1, 10), *range(11, 30)]:
        world.proven(day(number), None, "quiet")
    world.proven(day(30), CLOSING)
    with pytest.raises(Refused, match="2026-09-10") as refused:
        world.prepared()
    assert codes(refused) == ["days_unproven"]
    world.proven(day(10), None, "unproven")
    with pytest.raises(Refused, match="not proven complete"):
        world.prepared()


def test_days_before_an_account_that_began_with_nothing_are_none_of_the_month(world):
    for number in range(21, 31):
        world.proven(day(number), CLOSING if number == 30 else None, "proven")
    with pytest.raises(Refused, match="20 days"):
        world.prepared()
    opened = {"opening_minor": 0, "account": world.account.number, "day": day(21)}
    table = tables.statement_day
    world.at.group(
        lambda uow: uow.change(
            table.update().where(table.c.day == opened["day"]).values(opening_minor=0)
        )
    )
    assert world.prepared().balance_minor == CLOSING


def test_without_a_closing_balance_it_is_not_prepared(world):
    world.all_proven(1, 29, CLOSING)
    world.proven(day(30), None, "quiet")
    with pytest.raises(Refused) as refused:
        world.prepared()
    assert codes(refused) == ["closing_unknown"]


def test_where_books_are_kept_the_sheet_of_the_last_day_must_be_reviewed(world):
    world.balanced()
    world.balance(day(30), "123.45")
    with pytest.raises(Refused, match="2026-09-30") as refused:
        world.prepared()
    assert codes(refused) == ["sheet_not_reviewed"]
    sheet = world.prepare(day(30))
    with pytest.raises(Refused):
        world.prepared()
    world.review(day(30), sheet.digest)
    made = world.prepared()
    assert json.loads(made.content)["sheet"] == sheet.digest


@pytest.mark.parametrize(
    ("month", "code"),
    [(date(2026, 10, 1), "month_not_over"), (date(2025, 9, 1), "month_too_old")],
)
def test_only_months_that_are_over_and_not_too_old(world, month, code):
    with pytest.raises(Refused) as refused:
        world.prepared(month=month)
    assert code in codes(refused)


def test_a_bank_without_confirmations_says_so(world):
    world.balanced()
    world.bank.offered = False
    with pytest.raises(NotOffered):
        world.prepared()


def test_what_changed_after_it_was_prepared_is_not_signed(world):
    world.balanced()
    made = world.prepared()
    _spoil(world)
    with pytest.raises(Refused, match="not proven"):
        world.signed(made)
    assert world.state() == "prepared"


def test_what_changed_after_it_was_signed_is_not_sent(world):
    world.balanced()
    world.signed()
    _spoil(world)
    assert world.look() == "withdrawn"
    assert world.bank.orders == []
    assert world.kinds()[-1] == "confirmation_withdrawn"


def _spoil(world) -> None:
    table = tables.statement_day
    world.at.group(
        lambda uow: uow.change(
            table.update().where(table.c.day == day(7)).values(state="broken", why="sum")
        )
    )


# ── two people ────────────────────────────────────────────────────────────────────────────


def test_who_prepared_does_not_sign_and_machines_do_nothing(world):
    world.balanced()
    with pytest.raises(NotPermitted, match="person"):
        world.prepared(SAP)
    made = world.prepared()
    with pytest.raises(NotPermitted, match="person"):
        world.signed(made, SAP)
    with pytest.raises(NotPermitted, match="differ"):
        world.signed(made, WANG)
    assert world.state() == "prepared"
    assert world.look() == "prepared"
    assert world.signed(made, LI).ended_by == "person:李"


def test_another_content_or_another_state_is_not_signed(world):
    world.balanced()
    made = world.prepared()
    with pytest.raises(Refused, match="not what was prepared"):
        world.signed(made, LI, "0" * 64)
    with pytest.raises(NotFound):
        asyncio.run(world.office.sign(world.of, LI, "cfm_none", (made.digest, "")))
    world.withdrawn(made)
    with pytest.raises(Refused, match="withdrawn"):
        world.signed(made)


@pytest.mark.parametrize("who", ["preparer", "signer"])
def test_who_made_payments_of_the_account_in_the_month_does_neither(world, who):
    world.balanced()
    actor = WANG if who == "preparer" else LI
    at_us = to_us(world.at.runtime.clock.now() - timedelta(days=20))
    row = _instruction() | {"maker": actor.label(), "created_us": at_us, "changed_us": at_us}
    world.at.group(lambda uow: uow.add(tables.instruction, row))
    if who == "preparer":
        with pytest.raises(NotPermitted, match="made or released"):
            world.prepared()
        return
    made = world.prepared()
    with pytest.raises(NotPermitted, match="made or released"):
        world.signed(made)


def test_the_same_signature_again_is_the_same_and_orders_nothing_more(world):
    world.balanced()
    made = world.prepared()
    first = world.signed(made)
    assert world.signed(made).serial == first.serial
    assert world.look(ordered(O.RUNNING)) == "running"
    assert world.signed(made).serial == first.serial
    assert len(world.bank.orders) == 1


def test_the_page_names_every_state():
    page = Path(__file__).resolve().parents[3] / "docs" / "reconciliation-sheets.md"
    text = page.read_text("utf-8").partition("## 银企对账回签")[2]
    assert [state for state in ConfirmState if f"`{state.value}`" not in text] == []
