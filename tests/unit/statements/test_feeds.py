"""What ERP systems are told of accounts: 到账 once, closed days once, balances, receipts."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from msgspec.structs import replace as changed

from gateway.delivery.webhook_rows import Delivery
from gateway.domain.errors import BankRefused, NotOffered, NotSent, WireError
from gateway.domain.money import CNY, Money
from gateway.domain.receipt import decoded
from gateway.domain.reconciliation import code_of
from gateway.domain.statement import Entry, EntryStatus
from gateway.ports.erp_questions import Question
from gateway.ports.erp_systems import ReceiptForm
from gateway.ports.erp_told import (
    CreditTold,
    ToldKind,
)
from gateway.statements.entries import entries_told
from gateway.statements.feeds import BACK_MAX
from gateway.statements.receipt_papers import on_paper
from gateway.store import tables
from tests.erp_ground import THEIRS
from tests.pdf_ground import whole
from tests.records import replace
from tests.store_ground import START, bench
from tests.unit.statements.feed_ground import DAY, PAYEE, TODAY, Bank, Ground, entry


@pytest.fixture
def made():
    with bench() as at:
        yield lambda *kinds: Ground(at, *kinds)


# ── 到账 ──────────────────────────────────────────────────────────────────────────────────


def test_money_that_came_in_is_told_once(made):
    ground = made(ToldKind.CREDIT)
    ground.bank.days[TODAY] = [entry(500, reference="F1"), entry(-300, reference="F2")]
    (told,) = ground.look()
    assert isinstance(told, CreditTold)
    assert (told.entry.amount, told.entry.reference, told.account) == ("5.00", "F1", THEIRS)
    assert ground.look() == []
    ground.restart()
    assert ground.look() == []


def test_twins_are_two_and_a_late_one_is_found_whenever_it_was_booked(made):
    ground = made(ToldKind.CREDIT)
    twin = entry(500, counterparty_account=PAYEE, remittance="货款")
    ground.bank.days[TODAY] = [twin, twin]
    assert len(ground.look()) == 2
    early = entry(700, booked_at=START - timedelta(hours=3))
    ground.bank.days[TODAY] = [early, twin, twin, twin]
    assert [it.entry.amount for it in ground.look()] == ["7.00", "5.00"]


def test_what_merely_announces_itself_has_not_come_in(made):
    ground = made(ToldKind.CREDIT)
    ground.bank.days[TODAY] = [entry(500, status=EntryStatus.PENDING)]
    assert ground.look() == []


def test_what_came_before_midnight_is_told_after_it(made):
    ground = made(ToldKind.CREDIT)
    assert ground.look() == []
    ground.bank.days[TODAY] = [entry(900, reference="23:59")]
    ground.at.runtime.clock.pass_time(hours=14, minutes=1)
    assert [it.entry.amount for it in ground.look()] == ["9.00"]
    ground.at.runtime.clock.pass_time(hours=3)
    assert ground.look() == []
    ground.bank.asked.clear()
    ground.look()
    assert ground.bank.asked == [("statement", (TODAY + DAY).isoformat())]  # that day is done with


def test_a_day_is_not_over_at_midnight(made):
    ground = made(ToldKind.CREDIT)
    ground.look()
    ground.at.runtime.clock.pass_time(hours=14, minutes=10)
    assert ground.look() == []
    ground.bank.days[TODAY] = [entry(900)]  # booked at half past midnight, of the day before
    ground.at.runtime.clock.pass_time(minutes=80)
    assert [it.entry.amount for it in ground.look()] == ["9.00"]


def test_what_was_told_is_known_when_its_event_has_long_been_forgotten(made):
    ground = made(ToldKind.CREDIT)
    ground.bank.days[TODAY] = [entry(500)]
    assert len(ground.look()) == 1
    ground.at.group(lambda uow: uow.change(tables.webhook_event.delete()))
    assert ground.look() == []


def test_days_of_silence_are_made_up_for_and_the_past_before_is_not_news(made):
    ground = made(ToldKind.CREDIT)
    ground.bank.days[TODAY - DAY] = [entry(100, reference="old")]
    assert ground.look() == []
    for ago in range(40):
        ground.bank.days[TODAY + DAY * ago] = [
            entry(100, reference=f"F{ago}", booking_date=TODAY + DAY * ago)
        ]
    ground.at.runtime.clock.pass_time(days=3)
    assert sorted(it.entry.reference for it in ground.look()) == ["F0", "F1", "F2", "F3"]
    ground.at.runtime.clock.pass_time(days=36)
    assert len(ground.look()) == BACK_MAX + 2


def test_a_bank_that_does_not_answer_loses_nothing(made):
    ground = made(ToldKind.CREDIT, ToldKind.BALANCE)
    ground.bank.refuses = {"balance": NotOffered(), "statement": NotSent("away", "无法访问")}
    ground.bank.days[TODAY] = [entry(500)]
    assert ground.look() == []
    del ground.bank.refuses["statement"]
    assert len(ground.look()) == 1  # balances that the bank does not offer stop nothing else


# ── whose it is ───────────────────────────────────────────────────────────────────────────

CODE = code_of("t1", "sap", "PO-1")


@pytest.mark.parametrize(
    ("words", "proven"),
    [
        ({"reference": "BR1"}, True),
        ({"remittance": f"货款{CODE}转账"}, True),
        ({"remittance": f"货款 X{CODE}"}, False),
        ({"reference": "BR2", "remittance": "货款"}, False),
        ({"reference": "BR1", "counterparty_account": "6222999900000000"}, False),
        ({"reference": "BR1", "amount": Money(-1201, CNY)}, False),
    ],
)
def test_an_entry_is_a_payments_only_where_that_is_proven(words, proven, made):
    ground = made(ToldKind.STATEMENT)
    ground.instruction(1, amount_minor=1200, bank_reference="BR1", reconciliation_code=CODE)
    base = {"amount": Money(-1200, CNY), "counterparty_account": PAYEE, "booking_date": TODAY - DAY}
    ground.bank.days[TODAY - DAY] = [Entry(**(base | words))]
    (told,) = ground.look()
    (line,) = told.entries
    assert (line.erp_reference, line.reconciliation_code) == (
        ("PO-1", CODE) if proven else ("", "")
    )


def test_an_entry_of_a_merged_payment_names_its_number_and_its_documents(made):
    ground = made(ToldKind.STATEMENT)
    merged = '[["A-1","20.00"],["A-2","-8.00"]]'
    ground.instruction(1, amount_minor=1200, bank_reference="BR1", merged=merged)
    ground.bank.days[TODAY - DAY] = [
        Entry(
            amount=Money(-1200, CNY),
            counterparty_account=PAYEE,
            booking_date=TODAY - DAY,
            reference="BR1",
        )
    ]
    (told,) = ground.look()
    (line,) = told.entries
    assert line.erp_reference == "PO-1"
    assert [(it.reference, it.amount) for it in line.merged] == [("A-1", "20.00"), ("A-2", "-8.00")]


def test_two_payments_that_fit_prove_nothing(made):
    ground = made(ToldKind.STATEMENT)
    for number in (1, 2):
        ground.instruction(number, amount_minor=1200, bank_reference="BR1")
    ground.bank.days[TODAY - DAY] = [
        entry(-1200, counterparty_account=PAYEE, reference="BR1", booking_date=TODAY - DAY)
    ]
    assert ground.look()[0].entries[0].erp_reference == ""


def test_money_that_came_back_names_its_payment(made):
    ground = made(ToldKind.CREDIT)
    ground.instruction(1, amount_minor=1200, bank_reference="BR1", state="RETURNED")
    ground.instruction(2, amount_minor=1300, bank_reference="BR3")
    ground.bank.days[TODAY] = [
        entry(1200, counterparty_account=PAYEE, reference="BR1"),
        entry(1300, counterparty_account=PAYEE, reference="BR3"),
        entry(1400, remittance=f"代收 {CODE}"),
    ]
    back, other, coded = (it.entry for it in ground.look())
    assert (back.returned, back.erp_reference) == (True, "PO-1")
    assert (other.returned, other.erp_reference) == (False, "")
    assert (coded.erp_reference, coded.reconciliation_code) == ("", CODE)


# ── 对账单 ────────────────────────────────────────────────────────────────────────────────


def test_a_closed_day_is_told_once_with_a_number(made):
    ground = made(ToldKind.STATEMENT)
    ground.bank.days[TODAY - DAY] = [entry(500, booking_date=TODAY - DAY)]
    (first,) = ground.look()
    assert (first.start, first.sequence, len(first.entries)) == (TODAY - DAY, 1, 1)
    assert ground.look() == []
    ground.at.runtime.clock.pass_time(days=2)
    ground.restart()
    assert [(it.start, it.sequence) for it in ground.look()] == [(TODAY, 2), (TODAY + DAY, 3)]


def test_day_ends_give_the_balances_that_lines_do_not(made):
    ground = made(ToldKind.STATEMENT)
    ground.bank.days[TODAY - DAY] = [entry(500, booking_date=TODAY - DAY)]
    ground.bank.ends = {TODAY - DAY * 2: "10.00", TODAY - DAY: "15.00"}
    (told,) = ground.look()
    assert (told.opening, told.closing) == ("10.00", "15.00")


def test_a_day_that_does_not_add_up_is_not_told_until_it_does(made):
    ground = made(ToldKind.STATEMENT)
    ground.bank.days[TODAY - DAY] = [entry(500, booking_date=TODAY - DAY)]
    ground.bank.ends = {TODAY - DAY * 2: "10.00", TODAY - DAY: "25.00"}
    assert ground.look() == []
    ground.bank.days[TODAY - DAY].append(entry(1000, booking_date=TODAY - DAY))
    assert ground.look() == []  # the bank is left alone for an hour
    ground.at.runtime.clock.pass_time(hours=1)
    (told,) = ground.look()
    assert len(told.entries) == 2


def test_what_followed_a_day_tells_how_it_ended(made):
    ground = made(ToldKind.STATEMENT)
    ground.bank.days[TODAY - DAY] = [entry(500, booking_date=TODAY - DAY)]
    (told,) = ground.look()  # nothing moved since, so what is there now was there then
    assert (told.opening, told.closing) == ("95.00", "100.00")
    ground.at.runtime.clock.pass_time(days=1)
    ground.bank.days[TODAY + DAY] = [entry(700, booking_date=TODAY + DAY)]
    ground.bank.openings[TODAY + DAY] = "60.00"
    (told,) = ground.look()
    assert (told.opening, told.closing, told.entries) == ("60.00", "60.00", ())


def test_a_balance_later_than_the_statement_proves_nothing(made):
    ground = made(ToldKind.STATEMENT)
    ground.bank.days[TODAY - DAY] = [entry(500, booking_date=TODAY - DAY)]
    ground.bank.older = timedelta(seconds=3)  # an equal question was answered just before
    (told,) = ground.look()
    assert (told.opening, told.closing) == ("", "")


def test_movement_since_without_balances_proves_nothing(made):
    ground = made(ToldKind.STATEMENT)
    ground.bank.days = {
        TODAY - DAY: [entry(500, booking_date=TODAY - DAY)],
        TODAY: [entry(700)],
    }
    (told,) = ground.look()
    assert (told.opening, told.closing) == ("", "")


def test_of_a_day_without_entries_and_balances_there_is_nothing_to_say(made):
    ground = made(ToldKind.STATEMENT)
    ground.bank.refuses = {"balance": NotOffered(), "history": NotOffered()}
    assert ground.look() == []
    ground.bank.asked.clear()
    assert ground.look() == []
    assert ground.bank.asked == []
    ground.bank.days[TODAY] = [entry(500)]
    ground.at.runtime.clock.pass_time(days=1)
    assert [it.sequence for it in ground.look()] == [1]  # the silent day took no number


def test_a_statement_that_hides_entries_shows_no_balances(made):
    ground = made(ToldKind.STATEMENT)
    ground.bank.warnings = ("some are hidden",)
    ground.bank.days[TODAY - DAY] = [entry(500, booking_date=TODAY - DAY)]
    ground.bank.ends = {TODAY - DAY * 2: "10.00", TODAY - DAY: "25.00"}
    (told,) = ground.look()
    assert (told.opening, told.closing) == ("", "")


# ── 余额, 回单 ────────────────────────────────────────────────────────────────────────────


def test_a_balance_is_told_now_and_again_but_never_piles_up(made):
    ground = made(ToldKind.BALANCE)
    assert [it.ledger for it in ground.look()] == ["100.00"]
    ground.at.runtime.clock.pass_time(minutes=1)
    ground.bank.ledger = "90.00"
    assert ground.look() == []
    table = tables.webhook_event
    ground.at.group(
        lambda uow: uow.change(table.update().values(delivery=Delivery.DELIVERED.value))
    )
    (told,) = ground.look()
    assert (told.ledger, told.account) == ("90.00", THEIRS)


def test_receipts_of_its_own_payments_once_each(made):
    ground = made(ToldKind.RECEIPT)
    ground.instruction(1, amount_minor=1200, bank_reference="BR1")
    ground.bank.days[TODAY] = [
        entry(-1200, counterparty_account=PAYEE, reference="BR1"),
        entry(-50, counterparty_account="6222000000000077", reference="FEE"),
        entry(800, reference="IN"),
    ]
    (told,) = ground.look()
    assert (told.receipt_number, told.erp_reference) == ("HDPO-1", "PO-1")
    assert told.entry_key == entries_told(ground.bank.days[TODAY])[0].key
    assert (told.file_name, told.content[:5]) == ("r.pdf", b"%PDF-")
    assert told.file_sha256 == hashlib.sha256(told.content).hexdigest()
    for value in ("12.34", "人民币壹拾贰元叁角肆分", "对方公司", TODAY.isoformat()):
        assert value in whole(told.content)
    assert ground.look() == []


def test_a_receipt_is_told_as_data_where_the_system_wants_that(made):
    ground = made(ToldKind.RECEIPT)
    it = ground.fed.system
    data = replace(it, feed=replace(it.feed, receipts=ReceiptForm.DATA))
    ground.fed = replace(ground.fed, system=data)
    ground.restart()
    ground.instruction(1, amount_minor=1200, bank_reference="BR1")
    ground.bank.days[TODAY] = [entry(-1200, counterparty_account=PAYEE, reference="BR1")]
    (told,) = ground.look()
    assert told.file_name == "r.json"
    assert decoded(told.content).creditor_name == "对方公司"


def test_a_file_of_the_banks_own_stays_as_it_is():
    (made,) = Bank(clock=None).receipt(Question(kind="receipt", erp_reference="PO-1"), START)
    told = replace(made, file_name="HD.ofd", content=b"PK")
    assert on_paper(told, TODAY, None) is told
    with pytest.raises(WireError):
        on_paper(replace(told, file_name="r.json"), TODAY, None)


def test_a_receipt_the_bank_has_not_yet_is_asked_for_later(made):
    ground = made(ToldKind.RECEIPT)
    ground.instruction(1, amount_minor=1200, bank_reference="BR1")
    ground.bank.days[TODAY] = [entry(-1200, counterparty_account=PAYEE, reference="BR1")]
    ground.bank.refuses = {"receipt": BankRefused("E1", "not yet")}
    assert ground.look() == []
    ground.bank.refuses = {}
    assert ground.look() == []
    ground.at.runtime.clock.pass_time(hours=1)
    assert len(ground.look()) == 1


def test_only_the_accounts_that_are_named(made):
    ground = made(ToldKind.CREDIT)
    ground.bank.days[TODAY] = [entry(500)]
    it = ground.fed.system
    other = replace(it, feed=replace(it.feed, accounts=("1",)))
    ground.fed = replace(ground.fed, system=other)
    assert ground.look() == []
    assert ground.bank.asked == []


def test_a_key_is_told_of_one_account_only():
    one, other = entries_told([entry(500), entry(500)])
    assert one.key != other.key
    assert changed(one, key="") == changed(other, key="")
