"""Runs, decisions of people and sheets over what is stored."""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext

import pytest

from gateway.domain.balance_sheet import Side
from gateway.domain.errors import Corrupt, DatabaseAway, NotFound, NotPermitted, Refused
from gateway.store import tables
from gateway.store.instants import to_us
from tests.ledger_ground import ACCOUNT, LI, SAP, WANG, Books, day, item, wish
from tests.store_ground import NOW_US, bench


@pytest.fixture
def books():
    with bench() as at:
        it = Books(at)
        at.runtime.clock.pass_time(days=30)
        yield it


# ── runs ──────────────────────────────────────────────────────────────────────────────────


def test_a_run_matches_by_reference_and_a_second_run_adds_nothing(books):
    ref = books.line(day(2), -1000, "PAY-1")
    books.line(day(2), 500)
    books.item("L1", day(1), "10", erp_reference="PAY-1")
    first = books.run()
    assert (first.matched, first.passed) == (1, 0)
    (match,) = books.matches()
    assert (match.kind, match.rule, match.state) == ("auto", "exact-key", "held")
    assert json.loads(match.parts) == [
        {"side": "bank", "ref": ref, "amount": -1000, "day": day(2)},
        {"side": "book", "ref": "L1", "amount": -1000, "day": day(1)},
    ]
    assert books.run().matched == 0
    assert list(books.open(Side.BANK).values()) == [500]
    assert books.open(Side.BOOK) == {}


def test_staged_and_pending_lines_are_not_matched(books):
    books.line(day(2), -1000, "PAY-1", status="pending")
    books.line(day(2), -1000, "PAY-2", import_id="sti_other")
    books.item("L1", day(1), "10", erp_reference="PAY-1")
    books.item("L2", day(1), "10", erp_reference="PAY-2")
    assert books.run().matched == 0


def test_our_own_serial_links_a_line_with_an_item(books):
    def payment(uow):
        uow.add(tables.instruction, _instruction())

    books.at.group(payment)
    books.line(day(2), -1000, name="somebody else's words", remittance="BANKREF77")
    books.line(day(2), -1000, reference="BANKREF78")
    books.item("L1", day(1), "10", erp_reference="PAY-1")
    books.run()
    (match,) = books.matches()
    assert (match.rule, match.kind) == ("exact-key", "auto")


def test_what_was_claimed_meanwhile_is_passed_over(books, monkeypatch):
    ref = books.line(day(2), -1000, "PAY-1")
    books.item("L1", day(1), "10", erp_reference="PAY-1")
    books.item("L2", day(1), "10")
    from gateway.reconciliation import running

    planned = running.plan

    def plan_then_decide(of):
        found = planned(of)
        wanted = wish([ref], ["L2"])
        books.at.group(lambda uow: books.deciding._match(uow, books.of, WANG, wanted))
        return found

    monkeypatch.setattr(running, "plan", plan_then_decide)
    run = books.run()
    assert (run.matched, run.passed) == (0, 1)
    assert [it.kind for it in books.matches()] == ["manual"]


def test_what_a_person_took_apart_is_only_suggested(books):
    books.line(day(2), -1000, "PAY-1")
    books.item("L1", day(1), "10", erp_reference="PAY-1")
    books.run()
    (match,) = books.matches()
    books.decide("unmatch", match.id, "another document")
    assert books.decide("unmatch", match.id, "again") == match.id
    run = books.run()
    assert (run.matched, run.suggested) == (0, 1)
    (told,) = books.at.rows(tables.reconciliation_suggestion)
    assert "person has taken" in told.reasons
    made = books.decide("accept", told.id, wish(reason="it is the one after all"))
    assert {it.id: it.kind for it in books.matches()}[made] == "accepted"


def test_the_appointment_runs_only_where_something_new_came(books):
    def runs():
        asyncio.run(books.running.look())
        return len(books.at.rows(tables.reconciliation_run))

    books.line(day(2), -1000, "PAY-1", first_seen_us=0)
    assert runs() == 0  # no book side
    books.item("L1", day(1), "10", erp_reference="PAY-1")
    assert runs() == 1
    books.at.runtime.clock.pass_time(minutes=6)
    assert runs() == 2  # what came within the last minutes may have become visible late
    books.at.runtime.clock.pass_time(minutes=6)
    assert runs() == 2
    books.item("L2", day(1), "3")
    assert runs() == 3
    books.at.runtime.clock.pass_time(minutes=20)
    assert runs() == 4
    now = to_us(books.at.runtime.clock.now())
    books.at.runtime.clock.pass_time(minutes=20)
    assert runs() == 4
    books.line(day(3), -300, first_seen_us=now)
    assert runs() == 5
    assert len(books.matches()) == 1


@pytest.mark.parametrize(("fault", "ends"), [(Corrupt("wrong"), False), (DatabaseAway(), True)])
def test_an_account_that_fails_holds_up_no_other_but_a_database_that_is_away(
    books, monkeypatch, fault, ends
):
    books.item("L1", day(1), "10")

    async def failing(*_args) -> None:
        raise fault

    monkeypatch.setattr(books.running, "reconcile", failing)
    expected = pytest.raises(DatabaseAway) if ends else nullcontext()
    with expected:
        asyncio.run(books.running.look())


# ── people ────────────────────────────────────────────────────────────────────────────────


def test_a_line_is_split_between_items_and_nothing_is_claimed_twice(books):
    ref = books.line(day(2), -1000)
    books.item("L1", day(1), "6")
    books.item("L2", day(1), "4")
    books.decide("match", wish([(ref, "-6.00")], ["L1"]))
    assert books.open(Side.BANK) == {ref: -400}
    with pytest.raises(Refused, match="no more"):
        books.decide("match", wish([(ref, "-6")], ["L2"]))
    with pytest.raises(Refused, match="no more"):
        books.decide("match", wish([(ref, "4")], ["L2"]))
    with pytest.raises(Refused, match=r"differ by 3\.00"):
        books.decide("match", wish([(ref, "-1")], ["L2"]))
    books.decide("match", wish([ref], ["L2"]))
    assert books.open(Side.BANK) == books.open(Side.BOOK) == {}
    with pytest.raises(Refused, match="already"):
        books.decide("match", wish([ref], ["L2"]))


def test_only_people_decide_and_only_about_what_is_there(books):
    ref = books.line(day(2), -1000)
    with pytest.raises(NotPermitted):
        books.decide("match", wish([ref], []), actor=SAP)
    with pytest.raises(NotFound):
        books.decide("match", wish([ref], ["L9"]))
    with pytest.raises(NotFound):
        books.decide("unmatch", "rcm_none", "why")
    with pytest.raises(Refused):
        books.decide("match", wish([ref, ref], []))
    with pytest.raises(Refused):
        books.decide("match", wish())
    with pytest.raises(Refused, match="reason"):
        books.decide("write_off", wish([ref], reason=" "))


def test_every_decision_is_in_the_journal(books):
    ref = books.line(day(2), -1000)
    books.item("L1", day(1), "10")
    made = books.decide("match", wish([ref], ["L1"]))
    books.decide("unmatch", made, "wrong")
    books.decide("write_off", wish([ref]))
    kinds = [row.kind for row in books.at.journal()]
    assert kinds[-4:] == [
        "ledger_items_taken",
        "reconciliation_matched",
        "reconciliation_unmatched",
        "open_item_written_off",
    ]


# ── sheets ────────────────────────────────────────────────────────────────────────────────


def test_a_sheet_names_each_open_item_in_its_class_and_balances(books):
    books.line(day(1), -1000, "PAY-1")
    received = books.line(day(2), 700)
    paid = books.line(day(3), -30)
    books.item("L1", day(1), "10", erp_reference="PAY-1")
    books.item("OUT", day(3), "2")
    books.item("IN", day(3), "5", "in")
    books.item("RED", day(3), "-1")
    books.all_proven(1, 3, 10_000 - 1000 + 700 - 30)
    books.balance(day(3), "93.00")
    books.run()
    shown = books.sheet(day(3))
    named = {kind: [it["ref"] for it in told["items"]] for kind, told in shown["classes"].items()}
    assert named["bank_received"] == [received]
    assert named["bank_paid"] == [paid]
    assert named["book_received"] == ["IN"]
    assert named["book_paid"] == ["OUT", "RED"]
    assert shown["classes"]["book_paid"]["sum"] == "1.00"
    assert shown["adjusted_bank"] == "100.70"
    assert shown["adjusted_book"] == "99.70"
    assert (shown["state"], shown["difference"]) == ("differs", "1.00")
    assert {it["code"] for it in shown["doubts"]} >= {"differs", "like_open_item"}
    books.balance(day(3), "94.00")
    assert books.sheet(day(3))["state"] == "balanced"


def test_open_items_of_both_sides_from_before_the_first_day_stand_on_the_sheet(books):
    books.items(
        [
            item("B0", "2026-08-30", "100", "in", side="bank", opening=True),
            item("C0", "2026-08-29", "40", side="book", opening=True),
        ]
    )
    books.all_proven(1, 2, 20_000)
    books.balance(day(2), "60.00")
    shown = books.sheet(day(2))
    assert shown["classes"]["bank_received"]["items"][0]["ref"] == "opening:B0"
    assert shown["classes"]["book_paid"]["items"][0]["ref"] == "C0"
    assert (shown["state"], shown["adjusted_bank"]) == ("balanced", "160.00")
    books.line(day(2), -4000, "C-REF", name="甲公司")
    books.item("B1", day(2), "100", "in")
    assert books.decide("match", wish(["opening:B0"], ["B1"]))


def test_what_is_matched_later_is_open_on_the_day(books):
    books.line(day(5), -1000, "PAY-1")
    books.item("L1", day(3), "10", erp_reference="PAY-1")
    books.run()
    books.all_proven(1, 5, 9_000)
    books.balance(day(4), "90.00")
    books.balance(day(5), "90.00")
    assert [it["ref"] for it in books.sheet(day(4))["classes"]["book_paid"]["items"]] == ["L1"]
    assert books.sheet(day(5))["state"] == "balanced"
    assert not books.sheet(day(5))["classes"]["book_paid"]["items"]


def test_missing_balances_and_unproven_days_are_named(books):
    books.proven(day(1), 0)
    books.proven(day(2), None, "missing")
    shown = books.sheet(day(4))
    assert shown["state"] == "incomplete"
    told = {it["code"]: it["days"] for it in shown["doubts"]}
    assert told["days_unproven"] == [day(2), day(3), day(4)]
    assert {"bank_balance_missing", "book_balance_missing"} <= told.keys()
    books.balance(day(2), "0")
    with pytest.raises(Refused, match="not known"):
        books.close(day(2))


def test_a_review_by_another_freezes_and_what_comes_late_counts_next(books):
    books.item("L0", day(2), "2")
    books.all_proven(1, 3, 0)
    books.balance(day(3), "-2")
    prepared = books.prepare(day(3))
    assert prepared.state == "prepared"
    with pytest.raises(NotPermitted, match="differ"):
        books.review(day(3), prepared.digest, WANG)
    with pytest.raises(Refused, match="not the sheet"):
        books.review(day(3), "0" * 64)
    reviewed = books.review(day(3), prepared.digest)
    assert (reviewed.state, reviewed.reviewed_by) == ("reviewed", "person:李")
    assert books.review(day(3), prepared.digest) == reviewed
    with pytest.raises(NotPermitted, match="closed"):
        books.prepare(day(2))
    with pytest.raises(NotFound):
        books.sheet(day(2))
    books.at.runtime.clock.pass_time(seconds=1)
    (taken,) = books.items([item("L1", day(2), "1")])
    assert taken.counted_day == day(4)
    books.proven(day(4), 0)
    books.balance(day(4), "-3")
    assert books.sheet(day(3))["classes"]["book_paid"]["sum"] == "2.00"
    told = {it["ref"]: it for it in books.sheet(day(4))["classes"]["book_paid"]["items"]}
    assert (told["L0"]["carried"], told["L0"]["late"]) == (True, False)
    assert (told["L1"]["carried"], told["L1"]["late"], told["L1"]["day"]) == (False, True, day(2))
    assert books.sheet(day(4))["from"] == day(4)
    books.close(day(4))
    kinds = [row.kind for row in books.at.journal()]
    assert kinds.count("sheet_reviewed") == 2


def test_what_changed_between_preparing_and_reviewing_must_be_prepared_again(books):
    books.all_proven(1, 3, 0)
    books.balance(day(3), "0")
    prepared = books.prepare(day(3))
    books.item("L1", day(2), "1")
    with pytest.raises(Refused, match="changed"):
        books.review(day(3), prepared.digest)


def test_whoever_made_or_released_payments_in_the_period_does_not_prepare(books):
    books.all_proven(14, 16, 0)
    books.balance(day(16), "0")

    def payments(uow):
        uow.add(tables.instruction, _instruction(makers='["person:李"]'))
        vote = {"tenant": "acme", "instruction": "ins_1", "seq": 1, "action": "approve"}
        uow.add(
            tables.vote,
            vote | {"actor": "person:王", "content_hash": "", "at_us": NOW_US},
        )

    books.at.group(payments)
    for actor in (WANG, LI):
        with pytest.raises(NotPermitted, match="another person"):
            books.prepare(day(16), actor)
    books.proven(day(17), 0)
    with pytest.raises(NotPermitted):
        books.prepare(day(17), WANG)  # the period is still the same one


def test_a_match_of_a_closed_period_stays(books):
    books.line(day(1), -1000, "PAY-1")
    books.item("L1", day(1), "10", erp_reference="PAY-1")
    books.run()
    books.all_proven(1, 2, 0)
    books.balance(day(2), "0")
    books.close(day(2))
    (match,) = books.matches()
    with pytest.raises(NotPermitted, match="closed"):
        books.decide("unmatch", match.id, "too late")


def test_what_is_written_off_is_not_open_and_stays_on_the_sheet(books):
    ref = books.line(day(1), -5)
    books.all_proven(1, 2, -5)
    books.balance(day(2), "0")
    books.decide("write_off", wish([ref], reason="fee of five fen"))
    assert books.open(Side.BANK) == {}
    (told,) = books.sheet(day(2))["classes"]["bank_paid"]["items"]
    assert (told["ref"], told["written_off"]) == (ref, True)
    assert books.sheet(day(2))["state"] == "balanced"


def test_a_sheet_is_of_a_day_that_is_over(books):
    with pytest.raises(Refused, match="not over"):
        books.prepare("2026-10-15")
    assert books.sheet("2026-10-15")["state"] == "incomplete"
    for never in ("2026-10-16", "9999-12-31", "0001-01-01"):
        with pytest.raises(Refused):
            books.sheet(never)


def _instruction(**more):
    return {
        "tenant": "acme",
        "id": "ins_1",
        "erp": "sap",
        "erp_reference": "PAY-1",
        "digest": "",
        "maker": "machine:sap",
        "company": "hq",
        "connection": "cib",
        "debtor_account": ACCOUNT,
        "amount_minor": 1000,
        "currency": "CNY",
        "creditor_name": "x",
        "creditor_account": "1",
        "own_bank": True,
        "local": True,
        "business_type": "transfer",
        "urgency": "normal",
        "pay_day": day(15),
        "created_us": NOW_US,
        "state": "SETTLED",
        "version": 1,
        "bank_reference": "BANKREF78",
        "changed_us": NOW_US,
    } | more
