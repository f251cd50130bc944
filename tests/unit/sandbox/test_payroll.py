"""Payroll at the sandbox bank: one debit, many credits, and what could not be paid comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.sandbox import payees
from tests.sandbox_json import (
    MAIN,
    OTHER_NAME,
    OTHER_PAYEE,
    OWN_NAME,
    OWN_PAYEE,
    POOR,
    START,
    Bank,
    batch,
    encode,
    line,
)

TODAY = START.date()
REFUND = "代发工资不成功退回款项"


@pytest.fixture
def bank():
    with Bank() as opened:
        yield opened
        assert opened.ledger.check() == []


def person(index):
    return payees.personal_account(index)


def closed(index):
    return payees.personal_account(index, payees.PERSONAL_CLOSED_PREFIX)


def payroll(*lines, **more):
    return batch(*lines, payroll=True, **more)


def test_a_payroll_is_one_debit_and_a_credit_to_each_person(bank):
    told = bank.send_batch("R1", payroll(*(line(n, person(n)) for n in range(1, 6))))["batch"]
    assert (told["state"], told["kind"], told["amount"]) == ("paid", "payroll", "50.00")
    debits = bank.statement(TODAY)["entries"][1:]
    assert [(entry["amount"], entry["remittance"]) for entry in debits] == [("-50.00", "九月工资")]
    assert [bank.ledger.account(person(n)).balance for n in range(1, 6)] == [1000] * 5
    bank.pass_time(days=1)
    assert bank.balance()["ledger"] == "79999950.00"
    assert bank.batch_status("R1", payroll=True)["batch"] == told
    assert bank.ask(encode("receipt", "R1", original="R1", kind="payroll"))["batch"] == told


def test_failed_lines_come_back_later_in_one_credit_to_the_fen(bank):
    bank.ledger.db.execute("UPDATE account SET status = 'frozen' WHERE number = ?", (OWN_PAYEE,))
    lines = (
        line(1, person(1), amount="10.01"),
        line(2, closed(2), amount="20.02"),
        line(3, person(3), "错名", "30.03"),
        line(4, OTHER_PAYEE, OTHER_NAME, "40.04"),
        line(5, OWN_PAYEE, OWN_NAME, "50.05"),
        line(6, person(6), amount="60.06"),
    )
    told = bank.send_batch("R1", payroll(*lines))["batch"]
    assert told["state"] == "partly_paid"
    assert told["lines"] == [
        [1, "paid", "ok"],
        [2, "failed", "creditor_unknown"],
        [3, "failed", "name_mismatch"],
        [4, "failed", "creditor_unknown"],
        [5, "failed", "creditor_unknown"],
        [6, "paid", "ok"],
    ]
    assert bank.balance()["ledger"] == "79999789.79"
    assert bank.ledger.check() == []
    bank.pass_time(minutes=30)
    assert bank.balance()["ledger"] == "79999929.93"
    credit = bank.statement(TODAY)["entries"][-1]
    assert (credit["amount"], credit["remittance"]) == ("140.14", REFUND)
    assert credit["reference"] == told["reference"]
    bank.pass_time(days=3)
    assert bank.balance()["ledger"] == "79999929.93"
    assert bank.statement(TODAY, kind="refunds")["message"] == "no_entries"


def test_a_payroll_of_which_nothing_can_be_credited_moves_nothing(bank):
    told = bank.send_batch("R1", payroll(line(1, closed(1)), line(2, person(2), "错名")))["batch"]
    assert told["state"] == "failed"
    assert told["lines"] == [[1, "failed", "creditor_unknown"], [2, "failed", "name_mismatch"]]
    bank.pass_time(days=1)
    assert bank.balance()["ledger"] == "80000000.00"


def test_what_is_unreadable_refuses_the_whole_payroll(bank):
    told = bank.send_batch("R1", payroll(line(1, person(1)), line(2, "62/1", "甲")))
    assert (told["message"], told["faulty"]) == ("creditor_malformed", [2])
    told = bank.send_batch("R1", payroll(line(1, person(1))), count=2)
    assert (told["message"], told["faulty"]) == ("malformed", [])
    assert bank.batch_status("R1", payroll=True)["message"] == "no_such_instruction"


def test_a_payroll_has_at_most_300_lines_and_may_be_due_today(bank):
    many = [line(n, person(n), amount="0.01") for n in range(1, 302)]
    assert bank.send_batch("R1", payroll(*many))["message"] == "malformed"
    assert bank.send_batch("R1", payroll(*many[:300], due=TODAY))["batch"]["state"] == "paid"
    for days, said in ((29, "ok"), (30, "date_invalid"), (-1, "date_invalid")):
        what = payroll(line(1, person(1)), due=TODAY + timedelta(days=days))
        assert bank.send_batch(f"R{days}", what)["message"] == said


def test_a_payroll_without_funds_is_stored_failed(bank):
    told = bank.send_batch("R1", payroll(line(1, person(1), amount="120.01"), debtor=POOR))["batch"]
    assert (told["state"], told["reason"]) == ("failed", "insufficient_funds")


def test_a_single_payment_to_a_closed_person_is_refused(bank):
    from tests.sandbox_json import order

    number = closed(1)
    told = bank.pay("P1", order(number, name=payees.payee_name(number)))
    assert told["message"] == "creditor_unknown"
    number = person(1)
    told = bank.pay("P1", order(number, name=payees.payee_name(number), debtor=MAIN))
    assert told["payment"]["state"] == "paid"
