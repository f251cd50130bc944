"""Batches at the sandbox bank: taken in whole or not at all, paid line by line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.domain.errors import NotFound, NotPermitted
from gateway.sandbox import payees
from gateway.sandbox.execution import Decision
from gateway.sandbox.ledger import seconds
from gateway.sandbox.options import Options
from tests.sandbox_json import (
    CLOSED,
    FROZEN,
    LIMITED,
    OTHER_NAME,
    OTHER_PAYEE,
    OWN_NAME,
    OWN_PAYEE,
    POOR,
    RETURNING_PAYEE,
    START,
    UNSIGNED,
    Bank,
    batch,
    encode,
    line,
    order,
)

TODAY = START.date()
UNSIGNED_MAIN = "900010104000000018"
RETURNING = payees.other_account(1, payees.RETURNED_PREFIX)
FAILING = payees.other_account(1, payees.LINE_FAILING_PREFIX)


@pytest.fixture
def bank():
    with Bank() as opened:
        yield opened
        assert opened.ledger.check() == []


def three(*, debtor=None, **more):
    """A batch of two own-bank lines and one to another bank: 60.00."""
    lines = (
        line(1, payees.own_account(1), amount="10.00"),
        line(2, OWN_PAYEE, OWN_NAME, "20.00", purpose="二号"),
        line(3, OTHER_PAYEE, OTHER_NAME, "30.00", own_bank=False),
    )
    return batch(*lines, **({"debtor": debtor} if debtor else {}), **more)


def test_every_line_of_a_batch_is_debited_by_itself(bank):
    told = bank.send_batch("B1", three())["batch"]
    assert (told["state"], told["reason"], told["amount"]) == ("paid", "ok", "60.00")
    assert told["lines"] == [[1, "paid", "ok"], [2, "paid", "ok"], [3, "paid", "ok"]]
    assert told["debtor_name"] == "示例制造有限公司"
    lines = bank.statement(TODAY)["entries"][1:]
    assert [entry["amount"] for entry in lines] == ["-10.00", "-20.00", "-30.00"]
    assert [entry["remittance"] for entry in lines] == ["货款", "二号", "货款"]
    assert {entry["reference"] for entry in lines} == {told["reference"]}
    assert len(told["reference"]) == 12
    assert bank.ledger.account(payees.own_account(1)).balance == 1000


def test_a_stored_batch_is_told_again_and_nothing_is_executed(bank):
    first = bank.send_batch("B1", three())["batch"]
    other = batch(line(1, payees.own_account(9), amount="999.00"))
    assert bank.send_batch("B1", other)["batch"] == first
    assert bank.batch_status("B1")["batch"] == first
    assert bank.ask(encode("receipt", "B1", original="B1", kind="payment"))["batch"] == first
    assert bank.balance()["ledger"] == "79999940.00"


def test_unknown_batch_is_no_such_instruction(bank):
    assert bank.batch_status("B9")["message"] == "no_such_instruction"
    receipt = encode("receipt", "B9", original="B9", kind="payroll")
    assert bank.ask(receipt)["message"] == "no_such_instruction"


def test_a_serial_is_shared_by_all_kinds_of_instruction(bank):
    bank.pay("S1", order())
    bank.send_batch("S2", three())
    before = bank.balance()
    asked = (
        bank.send_batch("S1", three()),
        bank.batch_status("S1"),
        bank.pay("S2", order()),
        bank.status("S2"),
        bank.batch_status("S2", payroll=True),
        bank.send_batch("S2", batch(line(1, payees.personal_account(1)), payroll=True)),
    )
    for told in asked:
        assert told["message"] == "system_failure"
        assert not {"batch", "payment"} & told.keys()
    assert bank.balance() == before


def test_receipt_of_a_single_payment(bank):
    told = bank.pay("P1", order())
    assert bank.ask(encode("receipt", "P1", original="P1"))["payment"] == told["payment"]


GOOD = line(1, payees.own_account(1))


@pytest.mark.parametrize(
    ("lines", "reason", "faulty"),
    [
        ((GOOD, line(2, "6222/01", "甲")), "creditor_malformed", [2]),
        ((GOOD, line(2, OWN_PAYEE, "错名")), "name_mismatch", [2]),
        ((GOOD, line(2, "900010801000009999", "无此户")), "not_own_bank", [2]),
        ((GOOD, line(2, "900010801000000055", "样本旧户有限公司")), "creditor_unknown", [2]),
        ((GOOD, line(2, OWN_PAYEE, OWN_NAME, purpose="a<b")), "purpose_illegal", [2]),
        ((GOOD, line(2, OWN_PAYEE, OWN_NAME, "0.00")), "amount_invalid", [2]),
        ((GOOD, line(1, OWN_PAYEE, OWN_NAME)), "malformed", [1]),
        ((GOOD, line(3, OWN_PAYEE, OWN_NAME)), "malformed", [3]),
        (
            (line(1, OWN_PAYEE, "错名"), line(2, "6222/01", "甲"), line(3, payees.own_account(1))),
            "name_mismatch",
            [1, 2],
        ),
    ],
)
def test_one_bad_line_refuses_the_whole_batch(bank, lines, reason, faulty):
    told = bank.send_batch("B1", batch(*lines))
    assert (told["message"], told["faulty"]) == (reason, faulty)
    assert "batch" not in told
    assert bank.batch_status("B1")["message"] == "no_such_instruction"
    assert bank.balance()["ledger"] == "80000000.00"


@pytest.mark.parametrize(
    ("what", "more", "reason", "detail"),
    [
        (three(), {"count": 2}, "malformed", "总笔数不符"),
        (three(), {"total": 6001}, "amount_invalid", "总金额不符"),
        (batch(), {}, "malformed", ""),
        (three(purpose=" "), {}, "purpose_illegal", ""),
        (three(purpose="货" * 31), {}, "purpose_illegal", ""),
        (three(due=TODAY), {}, "date_invalid", ""),
        (three(debtor=CLOSED), {}, "debtor_closed", ""),
        (three(debtor="900019999999999999"), {}, "debtor_unknown", ""),
        (three(debtor=UNSIGNED_MAIN), {}, "not_permitted", ""),
        (batch(*(line(n, payees.own_account(n)) for n in range(1, 102))), {}, "malformed", ""),
    ],
)
def test_what_is_wrong_with_the_whole_names_no_line(bank, what, more, reason, detail):
    told = bank.send_batch("B1", what, **more)
    assert (told["message"], told["detail"], told["faulty"]) == (reason, detail, [])
    assert bank.batch_status("B1")["message"] == "no_such_instruction"


def test_right_totals_are_accepted(bank):
    assert bank.send_batch("B1", three(), count=3, total=6000)["batch"]["state"] == "paid"


def test_faulty_lines_are_not_named_for_a_marked_payee(bank):
    unnamed = line(2, payees.other_account(1, payees.UNNAMED_PREFIX))
    told = bank.send_batch("B1", batch(GOOD, unnamed))
    assert (told["message"], told["faulty"]) == ("not_own_bank", [])


def test_naming_the_faulty_lines_is_drawn_once_for_a_serial():
    bad = batch(GOOD, line(2, OWN_PAYEE, "错名"))
    serials = [f"B{number}" for number in range(200)]

    def named(sequence):
        with Bank(options=Options(names_faulty=0.5)) as bank:
            return {serial for serial in sequence if bank.send_batch(serial, bad)["faulty"]}

    found = named(serials)
    assert 60 < len(found) < 140
    assert named(serials[::-1]) == found
    with Bank(options=Options(names_faulty=0.0)) as bank:
        told = bank.send_batch("B1", bad)
        assert (told["message"], told["faulty"]) == ("name_mismatch", [])


@pytest.mark.parametrize(
    ("debtor", "amount", "reason"),
    [
        (POOR, "120.01", "insufficient_funds"),
        (FROZEN, "1.00", "debtor_frozen"),
        (LIMITED, "200000.01", "over_limit"),
    ],
)
def test_what_the_core_refuses_is_stored_failed_with_all_lines(bank, debtor, amount, reason):
    what = batch(line(1, payees.own_account(1), amount=amount), debtor=debtor)
    told = bank.send_batch("B1", what)
    assert told["message"] == "ok"
    assert (told["batch"]["state"], told["batch"]["lines"]) == ("failed", [[1, "failed", reason]])
    assert bank.batch_status("B1")["batch"] == told["batch"]


def test_batches_use_up_the_day_limit(bank):
    for number in range(5):
        what = batch(line(1, payees.own_account(1), amount="200000.00"), debtor=LIMITED)
        assert bank.send_batch(f"B{number}", what)["batch"]["state"] == "paid"
    told = bank.pay("P1", order(debtor=LIMITED, amount="0.01"))
    assert told["payment"]["reason"] == "over_limit"


def test_a_line_that_fails_when_carried_out_leaves_the_batch_partly_paid(bank):
    failing = line(2, FAILING, "某公司", "5.00", own_bank=False)
    told = bank.send_batch("B1", batch(GOOD, failing))["batch"]
    assert told["state"] == "partly_paid"
    assert told["lines"] == [[1, "paid", "ok"], [2, "failed", "system_failure"]]
    assert bank.balance()["ledger"] == "79999990.00"
    only = line(1, FAILING, "某公司", "5.00", own_bank=False)
    told = bank.send_batch("B2", batch(only))["batch"]
    assert (told["state"], told["reason"]) == ("failed", "system_failure")
    assert bank.balance()["ledger"] == "79999990.00"


def test_lines_fail_as_drawn_whatever_came_before():
    what = batch(*(line(n, payees.own_account(n)) for n in range(1, 51)))

    def failed(sequence):
        with Bank(options=Options(line_fail_rate=0.2)) as bank:
            told = {serial: bank.send_batch(serial, what)["batch"]["lines"] for serial in sequence}
            assert bank.ledger.check() == []
            return {
                (serial, number)
                for serial, lines in told.items()
                for number, state, reason in lines
                if (state, reason) == ("failed", "system_failure")
            }

    found = failed(["B1", "B2", "B3"])
    assert 10 < len(found) < 60
    assert failed(["B3", "B1", "B2"]) == found


@pytest.mark.parametrize("creditor", [RETURNING, RETURNING_PAYEE])
def test_a_line_comes_back_on_the_second_working_day(bank, creditor):
    returning = line(2, creditor, "某公司", "5.00", own_bank=False)
    sent = bank.send_batch("B1", batch(GOOD, returning))["batch"]
    bank.pay("P1", order())
    bank.pass_time(days=2)
    entries = bank.statement(bank.now.date())["entries"]
    assert [(entry["amount"], entry["reference"]) for entry in entries] == [
        ("5.00", sent["reference"])
    ]
    assert entries[0]["remittance"].startswith("退汇")
    refunds = bank.statement(bank.now.date(), kind="refunds")
    assert [entry["key"] for entry in refunds["entries"]] == [entries[0]["key"]]
    assert bank.statement(TODAY, kind="refunds")["message"] == "no_entries"
    assert bank.batch_status("B1")["batch"]["state"] == "paid"


def test_a_running_batch_is_processing_with_its_total_held():
    with Bank(options=Options(batch_after=timedelta(minutes=20))) as bank:
        told = bank.send_batch("B1", three())["batch"]
        assert told["state"] == "processing"
        assert {state for _, state, _ in told["lines"]} == {"processing"}
        assert bank.balance()["available"] == "79999940.00"
        assert bank.ledger.check() == []
        bank.pass_time(minutes=20)
        assert bank.batch_status("B1")["batch"]["state"] == "paid"
        held = bank.balance()
        assert (held["ledger"], held["available"]) == ("79999940.00", "79999940.00")
        assert bank.ledger.check() == []


def test_a_scheduled_batch_waits_for_its_day(bank):
    due = TODAY + timedelta(days=2)
    assert bank.send_batch("B1", three(due=due))["batch"]["state"] == "audited"
    bank.pass_time(days=2)
    assert bank.batch_status("B1")["batch"]["state"] == "paid"
    assert len(bank.statement(due)["entries"]) == 3


def test_without_signing_the_whole_batch_waits_for_people(bank):
    what = three(debtor=UNSIGNED_MAIN)
    execution = bank.bank.batches.execution
    for number, decision in enumerate(Decision):
        told = bank.send_batch(f"B{number}", what, customer=UNSIGNED)["batch"]
        assert told["state"] == "auditing"
        assert told["lines"][0] == [1, "auditing", "ok"]
        with bank.ledger.transaction():
            execution.decide(execution.only(f"B{number}"), decision, seconds(bank.now))
    states = [
        bank.batch_status(f"B{number}", customer=UNSIGNED)["batch"]["state"] for number in range(4)
    ]
    assert states == ["paid", "sent_back", "withdrawn", "failed"]
    with pytest.raises(NotPermitted):
        execution.decide(execution.only("B0"), Decision.APPROVE, seconds(bank.now))
    with pytest.raises(NotFound):
        execution.only("B9")
    bank.pass_time(days=30)
    assert bank.batch_status("B1", customer=UNSIGNED)["batch"]["state"] == "expired"


def test_the_total_goes_to_branch_review_above_its_bound(bank):
    what = batch(
        *(line(n, payees.own_account(n), amount="1600000.00") for n in (1, 2)),
        debtor="900010104000000026",
    )
    bank.send_batch("B1", what, customer=UNSIGNED)
    execution = bank.bank.batches.execution
    with bank.ledger.transaction():
        row = execution.decide(execution.only("B1"), Decision.APPROVE, seconds(bank.now))
        assert row.state.value == "branch_review"
        row = execution.decide(row, Decision.APPROVE, seconds(bank.now))
    assert row.state.value == "paid"
    history = [state.value for state, _, _ in bank.bank.batches.book.history(row)]
    assert history == ["auditing", "branch_review", "paid"]
