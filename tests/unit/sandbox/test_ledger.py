"""The books: balanced, unchanged, and a check that finds what is wrong."""

from __future__ import annotations

import sqlite3
from datetime import date, time

import pytest

from gateway.domain.errors import Corrupt, NotFound
from gateway.sandbox import payees
from gateway.sandbox.executions import LedgerBooks
from gateway.sandbox.ledger import BANK_TIME, AccountRow, Booking, Ledger, Leg, seconds
from gateway.sandbox.options import Options
from tests.sandbox_json import (
    CUSTOMER,
    MAIN,
    OWN_PAYEE,
    RETURNING_PAYEE,
    START,
    Bank,
    batch,
    line,
    order,
    other,
)

AT = seconds(START)


@pytest.fixture
def bank():
    with Bank() as opened:
        opened.pay("P1", order())
        opened.pay("P2", other())
        opened.pay("P3", other(), super=True)
        yield opened


def test_an_unbalanced_or_homeless_voucher_is_refused(bank):
    pair = (Leg(account=MAIN, amount=-1), Leg(account=OWN_PAYEE, amount=2))
    homeless = (Leg(account=MAIN, amount=-1), Leg(account="1", amount=1))
    for legs in ((), pair, homeless):
        before = bank.balance()
        with pytest.raises(Corrupt), bank.ledger.transaction():
            bank.ledger.book(Booking(kind="x", at=AT, legs=legs))
        assert bank.balance() == before
    assert bank.ledger.check() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posting SET amount = 1",
        "DELETE FROM posting",
        "UPDATE voucher SET day = '2020-01-01'",
        "DELETE FROM voucher",
        "DELETE FROM payment",
    ],
)
def test_what_was_booked_cannot_be_changed(bank, statement):
    with pytest.raises(sqlite3.IntegrityError):
        bank.ledger.db.execute(statement)


def test_a_payment_cannot_be_booked_twice_even_by_mistake(bank):
    legs = (Leg(account=MAIN, amount=-1), Leg(account=OWN_PAYEE, amount=1))
    row = bank.bank.book.latest(9)[-1]
    with pytest.raises(sqlite3.IntegrityError):
        bank.ledger.book(Booking(kind="payment", at=AT, legs=legs, payment=row.id))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("UPDATE account SET balance = balance + 1 WHERE number = '{main}'", "balance of account"),
        ("UPDATE account SET held = 0", "money held"),
        ("UPDATE payment SET state = 'paid' WHERE serial = 'P3'", "paid without a voucher"),
        ("INSERT INTO former_state VALUES (1, 0, 'paid', 'ok', 0)", "left a final state"),
        ("UPDATE payment SET amount = amount + 1 WHERE serial = 'P1'", "another amount"),
        ("UPDATE payment SET id = 99 WHERE serial = 'P1'", "does not exist"),
        (
            "INSERT INTO voucher (kind, payment, day, at) VALUES ('x', NULL, '2026-09-15', 0)",
            "fewer than two postings",
        ),
        (
            (
                "INSERT INTO posting (voucher, seq, account, amount, balance_after, day, at,"
                " counterparty_name, counterparty_account, counterparty_bank, remittance,"
                " reference) VALUES (1, 3, '{main}', 5, 5, '2026-09-14', 0, '', '', '', '', '')"
            ),
            "does not sum to zero",
        ),
    ],
)
def test_the_check_finds_harm_done_behind_its_back(bank, harm, words):
    assert bank.ledger.check() == []
    bank.ledger.db.execute(harm.format(main=MAIN))
    assert any(words in found for found in bank.ledger.check())


def test_a_posting_behind_the_back_breaks_chain_and_day(bank):
    bank.ledger.db.execute(
        "INSERT INTO posting (voucher, seq, account, amount, balance_after, day, at,"
        " counterparty_name, counterparty_account, counterparty_bank, remittance, reference)"
        " VALUES (1, 3, ?, 5, 5, '2026-09-14', 0, '', '', '', '', '')",
        (MAIN,),
    )
    found = " / ".join(bank.ledger.check())
    assert "running balance breaks" in found
    assert "goes backwards" in found


@pytest.fixture
def batched():
    with Bank() as opened:
        good = line(1, payees.own_account(1))
        returning = payees.other_account(1, payees.RETURNED_PREFIX)
        opened.send_batch("B1", batch(good, line(2, returning, "某公司", own_bank=False)))
        closed = payees.personal_account(2, payees.PERSONAL_CLOSED_PREFIX)
        people = (line(1, payees.personal_account(1)), line(2, closed, amount="7.00"))
        opened.send_batch("R1", batch(*people, payroll=True))
        opened.pass_time(days=3)
        opened.balance()
        yield opened


_SECOND_VOUCHER = (
    "DROP INDEX voucher_line_once; INSERT INTO voucher (kind, day, at, batch, line)"
    " VALUES ('{kind}', '2026-09-18', 0, {batch}, {line});"
    " INSERT INTO posting (voucher, seq, account, amount, balance_after, day, at,"
    " counterparty_name, counterparty_account, counterparty_bank, remittance, reference)"
    " SELECT (SELECT MAX(id) FROM voucher), seq, account, amount, balance_after, '2026-09-18', at,"
    " '', '', '', '', '' FROM posting WHERE voucher = (SELECT MIN(id) FROM voucher"
    " WHERE kind = '{kind}' AND batch = {batch} AND line = {line})"
)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_SECOND_VOUCHER.format(kind="line", batch=1, line=1), "executed more than once"),
        (_SECOND_VOUCHER.format(kind="refund", batch=2, line=0), "not debited to the fen"),
        (_SECOND_VOUCHER.format(kind="payroll", batch=2, line=0), "not debited to the fen"),
        ("UPDATE batch_line SET state = 'paid' WHERE batch = 2", "paid without a voucher"),
        ("UPDATE batch_line SET state = '' WHERE batch = 1", "without being paid"),
        ("UPDATE batch_line SET amount = 999", "another amount"),
        ("UPDATE batch_line SET creditor_account = '1' WHERE line = 1", "or creditor"),
        ("UPDATE batch_line SET amount = 999", "sum of its lines"),
        ("UPDATE batch SET state = 'paid' WHERE id = 2", "a state that its lines do not"),
        ("UPDATE batch SET state = 'auditing' WHERE id = 1", "a state that its lines do not"),
        ("UPDATE batch SET state = 'processing' WHERE id = 1", "money held"),
        ("INSERT INTO former_batch_state VALUES (1, 0, 'partly_paid', 'ok', 0)", "left a final"),
        ("UPDATE batch SET id = 99 WHERE id = 1", "does not exist"),
        ("UPDATE batch_line SET state = 'failed' WHERE batch = 1 AND line = 2", "return of line"),
        ("UPDATE payment SET serial = 'B1'", "names two instructions"),
        ("UPDATE account SET balance = 5 WHERE number = 'BANK-PAYROLL'", "transit account"),
    ],
)
def test_the_check_finds_harm_done_to_batches(batched, harm, words):
    batched.pay("P1", order())
    assert batched.ledger.check() == []
    batched.ledger.db.executescript(harm)
    assert any(words in found for found in batched.ledger.check())


def test_the_books_themselves_refuse_a_serial_or_a_line_twice(batched):
    batched.pay("P1", order())
    db = batched.ledger.db
    for statement in (
        "UPDATE batch SET serial = 'R1' WHERE serial = 'B1'",
        (
            "INSERT INTO batch SELECT 9, customer, 'P1', kind, debtor_account, debtor_name,"
            " debtor_city, amount, purpose, payroll_purpose, due, state, reason, at, paid_on"
            " FROM batch WHERE id = 1"
        ),
        "INSERT INTO voucher (kind, day, at, batch, line) VALUES ('line', '2026-09-18', 0, 1, 1)",
        "DELETE FROM batch",
        "DELETE FROM batch_line",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(statement)
    assert batched.ledger.check() == []


def test_a_file_from_before_batches_is_caught_up(tmp_path):
    path = tmp_path / "bank.db"
    with Bank(path) as bank:
        bank.pay("P1", other(creditor=RETURNING_PAYEE))
    old = sqlite3.connect(path)
    old.executescript(
        "DROP TRIGGER batch_serial; DROP TRIGGER payment_serial; DROP TABLE batch;"
        " DROP TABLE batch_line; DROP TABLE former_batch_state; DROP INDEX voucher_line_once;"
        " ALTER TABLE voucher DROP COLUMN batch; ALTER TABLE voucher DROP COLUMN line;"
        " ALTER TABLE agenda DROP COLUMN batch; ALTER TABLE agenda DROP COLUMN line;"
    )
    old.close()
    with Bank(path) as bank:
        told = bank.send_batch("B1", batch(line(1, payees.own_account(1))))
        assert told["batch"]["state"] == "paid"
        bank.pass_time(days=3)
        assert bank.balance()["ledger"] == "79999990.00"
        assert bank.ledger.check() == []


def test_whoever_compares_sees_the_lines_the_bank_executed(batched):
    batched.pay("P1", order())
    found = [
        (it.serial, it.line, it.amount_minor)
        for it in LedgerBooks(batched.ledger.db).executions(CUSTOMER)
    ]
    assert sorted(found) == [("B1", 1, 1000), ("B1", 2, 1000), ("P1", 0, 10000), ("R1", 1, 1000)]


def test_overdrawn_customer_is_found():
    with Bank() as bank:
        legs = (Leg(account="900010101000000037", amount=-12001), Leg(account=MAIN, amount=12001))
        bank.ledger.book(Booking(kind="x", at=AT, legs=legs))
        assert any("overdrawn" in found for found in bank.ledger.check())


def test_a_failed_step_in_a_group_undoes_only_itself():
    ledger = Ledger(":memory:")

    def step(number, *, fails=False):
        with ledger.transaction():
            ledger.open_account(AccountRow(number=number, name="甲"))
            if fails:
                raise Corrupt

    def lost_group():
        with ledger.group():
            step("3")
            raise Corrupt

    with ledger.group():
        step("1")
        with pytest.raises(Corrupt):
            step("2", fails=True)
    assert ledger.account("1") is not None
    assert ledger.account("2") is None
    with pytest.raises(Corrupt):
        lost_group()
    assert ledger.account("3") is None
    ledger.close()


def test_the_cut_moves_late_bookings_to_the_next_day():
    ledger = Ledger(":memory:", cut=time(17, 0))
    assert ledger.accounting_day(seconds(START)) == date(2026, 9, 15)
    late = START.replace(hour=17).astimezone(BANK_TIME)
    assert ledger.accounting_day(seconds(late)) == date(2026, 9, 16)
    ledger.close()


def test_working_days_skip_weekends_and_holidays():
    friday = date(2026, 9, 18)
    assert Options().working_day(friday, 2) == date(2026, 9, 22)
    holidays = frozenset({date(2026, 9, 21)})
    assert Options(holidays=holidays).working_day(friday, 2) == date(2026, 9, 23)


def test_grouped_requests_answer_alike_and_in_order():
    from tests.sandbox_json import pay

    bodies = [pay(f"P{number % 7}", order()) for number in range(20)]
    with Bank() as grouped, Bank() as single:
        together = grouped.bank.handle_many(bodies, START)
        assert together == [single.send(body) for body in bodies]
        assert grouped.balance() == single.balance()
        assert grouped.ledger.check() == []


def test_a_group_of_jobs_is_one_commit_and_keeps_each_ones_error():
    from tests.sandbox_json import pay

    def fail():
        raise NotFound

    with Bank() as bank:
        seen = []

        def answer():
            exchange = bank.bank.handle(pay("P1", order()), START)
            seen.append(bank.ledger.db.in_transaction)
            return exchange

        first, second, third = bank.bank.run_group([answer, fail, answer])
        assert seen == [True, True]
        assert not bank.ledger.db.in_transaction
        assert isinstance(second, NotFound)
        assert first == third
