"""Faults on demand: what was done, and what the client sees of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from gateway.domain.errors import Refused
from gateway.sandbox import payees
from gateway.sandbox.exchange import Delivery
from gateway.sandbox.faults import NOTHING_DONE, Fault, FaultSchedule, Scripted, Subject
from gateway.sandbox.options import Options
from tests.sandbox_json import (
    OWN_PAYEE,
    RETURNING_PAYEE,
    START,
    Bank,
    SeededRandom,
    batch,
    encode,
    encode_batch,
    generated,
    line,
    order,
    other,
    pay,
)


def scripted(*scripts):
    return Bank(faults=_schedule(*scripts))


def _schedule(*scripts):
    schedule = FaultSchedule()
    schedule.add(*scripts)
    return schedule


@pytest.mark.parametrize(
    ("kind", "executed", "delivery", "status"),
    [
        (Fault.REFUSE, False, Delivery.REFUSE, None),
        (Fault.DROP_BEFORE_COMMIT, False, Delivery.DROP, None),
        (Fault.ERROR_5XX_BEFORE_COMMIT, False, Delivery.NORMAL, 502),
        (Fault.DROP_AFTER_COMMIT, True, Delivery.DROP, None),
        (Fault.DELAY, True, Delivery.NORMAL, 200),
        (Fault.HALF_OPEN, True, Delivery.HALF_OPEN, None),
        (Fault.ERROR_5XX_AFTER_COMMIT, True, Delivery.NORMAL, 500),
        (Fault.HTML_200, True, Delivery.NORMAL, 200),
        (Fault.GARBAGE_GBK, True, Delivery.NORMAL, 200),
        (Fault.TRUNCATED, True, Delivery.TRUNCATE, 200),
        (Fault.DUPLICATE_ANSWER, True, Delivery.DUPLICATE, 200),
        (Fault.OTHER_ANSWER, True, Delivery.NORMAL, 200),
        (Fault.UNKNOWN_CODE, True, Delivery.NORMAL, 200),
        (Fault.STALE_STATUS, True, Delivery.NORMAL, 200),
        (Fault.OUT_OF_ORDER_STATUS, True, Delivery.NORMAL, 200),
        (Fault.EXECUTE_LATE, False, Delivery.DROP, None),
    ],
)
def test_each_kind(kind, executed, delivery, status):
    with scripted(Scripted(kind=kind, creditor_account=OWN_PAYEE)) as bank:
        exchange = bank.send(pay("P1", order()))
        assert (exchange.fault, exchange.delivery) == (kind, delivery)
        assert (exchange.reply.status if exchange.reply else None) == status
        known = bank.status("P1")["message"] == "ok"
        assert known is executed
        assert bank.pay("P1", order())["payment"]["state"] == "paid"
        assert bank.balance()["ledger"] == "79999900.00"
        assert bank.ledger.check() == []


NOT_FOR_BATCHES = {*NOTHING_DONE, Fault.EXECUTE_LATE, Fault.TRUNCATED_STATEMENT}
BATCH_FAULTS = [
    (Fault.REFUSE, False),
    (Fault.DROP_BEFORE_COMMIT, False),
    (Fault.ERROR_5XX_BEFORE_COMMIT, False),
    (Fault.EXECUTE_LATE, False),
    *((kind, True) for kind in Fault if kind not in NOT_FOR_BATCHES),
]


@pytest.mark.parametrize(("kind", "executed"), BATCH_FAULTS)
@pytest.mark.parametrize("payroll", [False, True])
def test_each_kind_on_a_batch(kind, executed, payroll):
    operation = "payroll" if payroll else "batch"
    number = payees.personal_account(1)
    what = batch(line(1, payees.personal_account(2)), line(2, number), payroll=payroll)
    aimed = Scripted(kind=kind, operation=operation, creditor_account=number)
    with scripted(aimed) as bank:
        assert bank.send(encode_batch("B1", what)).fault is kind
        known = bank.batch_status("B1", payroll=payroll)["message"] == "ok"
        assert known is executed
        assert bank.send_batch("B1", what)["batch"]["state"] == "paid"
        bank.pass_time(minutes=5)
        assert bank.batch_status("B1", payroll=payroll)["batch"]["state"] == "paid"
        assert bank.balance()["ledger"] == "79999980.00"
        assert bank.ledger.check() == []


def test_a_late_batch_is_done_later():
    with scripted(Scripted(kind=Fault.EXECUTE_LATE, operation="batch")) as bank:
        bank.send(encode_batch("B1", batch(line(1, payees.own_account(1)))))
        assert bank.batch_status("B1")["message"] == "no_such_instruction"
        bank.pass_time(minutes=5)
        assert bank.batch_status("B1")["batch"]["state"] == "paid"
        assert bank.ledger.check() == []


def test_stale_and_out_of_order_batches_tell_no_false_end():
    scripts = (
        Scripted(kind=Fault.STALE_STATUS, operation="batch_status"),
        Scripted(kind=Fault.OUT_OF_ORDER_STATUS, operation="payroll_status"),
    )
    options = Options(batch_after=timedelta(minutes=20))
    with Bank(options=options, faults=_schedule(*scripts)) as bank:
        closed = payees.personal_account(1, payees.PERSONAL_CLOSED_PREFIX)
        people = (line(1, payees.personal_account(1)), line(2, closed))
        bank.send_batch("B1", batch(line(1, payees.own_account(1))))
        bank.send_batch("R1", batch(*people, payroll=True))
        bank.pass_time(minutes=20)
        for serial, payroll, state in (("B1", False, "paid"), ("R1", True, "partly_paid")):
            told = bank.batch_status(serial, payroll=payroll)["batch"]
            assert told["state"] == "processing"
            assert {said for _, said, _ in told["lines"]} == {"processing"}
            assert bank.batch_status(serial, payroll=payroll)["batch"]["state"] == state


def test_a_truncated_refund_query_misses_lines():
    cut = Scripted(kind=Fault.TRUNCATED_STATEMENT, operation="refunds")
    with scripted(cut) as bank:
        for number in range(2):
            bank.pay(f"P{number}", other(creditor=RETURNING_PAYEE))
        bank.pass_time(days=2)
        day = bank.now.date()
        assert len(bank.statement(day)["entries"]) == 2
        assert len(bank.statement(day, kind="refunds")["entries"]) == 1
        assert len(bank.statement(day, kind="refunds")["entries"]) == 2


def test_every_kind_is_tested_above():
    tested = next(mark.args[1] for mark in test_each_kind.pytestmark if mark.name == "parametrize")
    assert {row[0] for row in tested} | {Fault.TRUNCATED_STATEMENT} == set(Fault)


def test_a_late_request_is_done_later_and_only_once():
    with scripted(Scripted(kind=Fault.EXECUTE_LATE)) as bank:
        bank.send(pay("P1", order()))
        assert bank.status("P1")["message"] == "no_such_instruction"
        bank.pass_time(minutes=5)
        assert bank.status("P1")["payment"]["state"] == "paid"
    with scripted(Scripted(kind=Fault.EXECUTE_LATE)) as bank:
        bank.send(pay("P1", order()))
        bank.pay("P1", order())
        bank.pass_time(minutes=5)
        assert bank.balance()["ledger"] == "79999900.00"
        assert bank.ledger.check() == []


def test_stale_status_tells_the_state_before_and_never_a_false_end():
    stale = Scripted(kind=Fault.STALE_STATUS, operation="payment_status", times=2)
    with scripted(stale) as bank:
        bank.pay("P1", order(), super=True)
        bank.pass_time(minutes=10)
        assert bank.status("P1")["payment"]["state"] == "pending"
        bank.pay("P2", order(amount="900000000.00"))
        assert bank.status("P2")["payment"]["state"] == "processing"
        assert bank.status("P2")["payment"]["state"] == "failed"


def test_out_of_order_status_tells_an_interim_state_after_the_end():
    late = Scripted(kind=Fault.OUT_OF_ORDER_STATUS, serial="P1", operation="payment_status")
    with scripted(late) as bank:
        assert bank.pay("P1", order())["payment"]["state"] == "paid"
        assert bank.status("P1")["payment"]["state"] == "processing"
        assert bank.status("P1")["payment"]["state"] == "paid"


def test_other_answer_is_that_of_the_request_before():
    with scripted(Scripted(kind=Fault.OTHER_ANSWER, serial="P2")) as bank:
        first = bank.pay("P1", order())
        assert bank.pay("P2", order()) == first
        assert bank.status("P2")["payment"]["serial"] == "P2"


def test_truncated_statement_misses_lines_and_promises_none():
    with scripted(Scripted(kind=Fault.TRUNCATED_STATEMENT)) as bank:
        for number in range(9):
            bank.pay(f"P{number}", generated(number))
        cut = bank.statement(START.date())
        assert (len(cut["entries"]), cut["more"]) == (5, False)
        assert len(bank.statement(START.date())["entries"]) == 10


def test_unknown_code_and_garbage_reach_the_dialect_as_such():
    scripts = (Scripted(kind=Fault.UNKNOWN_CODE), Scripted(kind=Fault.GARBAGE_GBK))
    with scripted(*scripts) as bank:
        assert bank.pay("P1", order())["unknown"] is True
        exchange = bank.send(pay("P2", order()))
        assert exchange.reply is not None
        for charset in ("utf-8", "gb18030"):
            with pytest.raises(UnicodeDecodeError):
                exchange.reply.body.decode(charset)


def test_scripts_are_used_up_in_order_and_aimed():
    aimed = Scripted(kind=Fault.REFUSE, creditor_account=OWN_PAYEE, times=2)
    schedule = _schedule(aimed)
    subject = Subject(operation="pay", serial="P1", creditor_account=OWN_PAYEE)
    miss = Subject(operation="pay", serial="P1", creditor_account="1")
    assert schedule.choose(miss) is None
    assert [schedule.choose(subject) for _ in range(3)] == [Fault.REFUSE, Fault.REFUSE, None]
    assert schedule.counts == {Fault.REFUSE: 2}
    assert schedule.script == ()


def test_same_seed_meets_the_same_faults_at_the_given_rates():
    rates = dict.fromkeys(Fault, 0.04)
    subject = Subject(operation="pay")

    def run(seed):
        schedule = FaultSchedule(random=SeededRandom(seed), rates=rates)
        return [schedule.choose(subject) for _ in range(2000)]

    first = run(7)
    assert first == run(7)
    assert first != run(8)
    assert set(first) == {*Fault, None} - {Fault.TRUNCATED_STATEMENT}
    assert 0.55 < sum(fault is not None for fault in first) / 2000 < 0.75


def test_scripts_do_not_shift_the_drawn_sequence():
    subject = Subject(operation="pay")
    plain, helped = (
        FaultSchedule(random=SeededRandom(3), rates={Fault.REFUSE: 0.5}) for _ in range(2)
    )
    helped.add(Scripted(kind=Fault.HTML_200))
    drawn = [plain.choose(subject) for _ in range(50)]
    assert helped.choose(subject) is Fault.HTML_200
    assert [helped.choose(subject) for _ in range(49)] == drawn[1:]


@pytest.mark.parametrize(
    "rates", [{Fault.REFUSE: -0.1}, {Fault.REFUSE: 0.6, Fault.DELAY: 0.6}, {Fault.DELAY: 1.1}]
)
def test_impossible_rates_are_refused(rates):
    with pytest.raises(Refused):
        FaultSchedule(random=SeededRandom(1), rates=rates)
    with pytest.raises(Refused):
        FaultSchedule(rates={Fault.REFUSE: 0.1})


def test_delay_lies_within_its_bounds():
    schedule = FaultSchedule(random=SeededRandom(1), rates={Fault.DELAY: 1.0}, delay_s=(2.0, 4.0))
    with Bank(faults=schedule) as bank:
        for _ in range(20):
            exchange = bank.send(encode("sign_on", "x"))
            assert 2.0 <= exchange.delay_s <= 4.0
            assert exchange.reply is not None
            assert json.loads(exchange.reply.body)["signon"] == "ok"
