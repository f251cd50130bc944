"""What the sandbox bank answers, request by request."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.domain.errors import NotFound, NotPermitted
from gateway.sandbox import payees
from gateway.sandbox.execution import Decision
from gateway.sandbox.ledger import BANK_TIME, seconds
from gateway.sandbox.options import Options
from tests.sandbox_json import (
    CLOSED,
    FROZEN,
    LIMITED,
    MAIN,
    OTHER_BANK,
    OWN_NAME,
    OWN_PAYEE,
    POOR,
    RETURNING_PAYEE,
    START,
    UNSIGNED,
    Bank,
    encode,
    generated,
    order,
    other,
)

TODAY = START.date()
UNSIGNED_MAIN = "900010104000000018"
REVIEWED = "900010104000000026"


@pytest.fixture
def bank():
    with Bank() as opened:
        yield opened
        assert opened.ledger.check() == []


def test_own_bank_payment_is_paid_at_once_and_moves_the_money(bank):
    told = bank.pay("P1", order(amount="1200.50"))
    assert told["payment"]["state"] == "paid"
    assert told["payment"]["debtor_name"] == "示例制造有限公司"
    assert bank.balance()["ledger"] == "79998799.50"
    payee = bank.ledger.account(OWN_PAYEE)
    assert payee is not None
    assert payee.balance == 120050


def test_same_serial_is_a_replay_and_executes_nothing(bank):
    first = bank.pay("P1", order(amount="100.00"))
    again = bank.pay("P1", order(amount="100.00"))
    changed = bank.pay("P1", other(amount="999.00"))
    assert first["payment"] == again["payment"] == changed["payment"]
    assert changed["payment"]["amount"] == "100.00"
    assert bank.balance()["ledger"] == "79999900.00"


def test_serials_of_two_customers_do_not_meet(bank):
    bank.pay("P1", order())
    told = bank.pay("P1", order(debtor=UNSIGNED_MAIN), customer=UNSIGNED)
    assert told["payment"]["state"] == "auditing"


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (order(debtor="900019999999999999"), "debtor_unknown"),
        (order(debtor="BANK-CLEARING"), "debtor_unknown"),
        (order(debtor=CLOSED), "debtor_closed"),
        (order(debtor=UNSIGNED_MAIN), "not_permitted"),
        (order(amount="0.00"), "amount_invalid"),
        (order(purpose="  "), "purpose_illegal"),
        (order(purpose="a<b"), "purpose_illegal"),
        (order(purpose="货" * 31), "purpose_illegal"),
        (order("6222/01", name="甲"), "creditor_malformed"),
        (order(name="样本钢铁公司"), "name_mismatch"),
        (order(own_bank=False, name="别的公司"), "name_mismatch"),
        (order("900010801000000055", name="样本旧户有限公司"), "creditor_unknown"),
        (order("910010801000000013", name="示例化工有限公司"), "not_own_bank"),
        (other(due=TODAY), "date_invalid"),
        (other(due=TODAY + timedelta(days=16)), "date_invalid"),
    ],
)
def test_refused_message_leaves_nothing(bank, what, reason):
    told = bank.pay("P1", what)
    assert told["message"] == reason
    assert "payment" not in told
    assert bank.status("P1")["message"] == "no_such_instruction"


def test_operator_without_right_and_account_without_business_are_refused(bank):
    for user, password in (("erpquery", "Demo-Pass-2"), ("norights", "Demo-Pass-3")):
        told = bank.pay("P1", order(), operator=user, password=password)
        assert told["message"] == "not_permitted"
    told = bank.pay("P1", order(debtor="900010105000000025"), customer=UNSIGNED)
    assert told["message"] == "business_not_open"


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (order(debtor=POOR, amount="120.01"), "insufficient_funds"),
        (order(debtor=FROZEN), "debtor_frozen"),
        (order(debtor=LIMITED, amount="200000.01"), "over_limit"),
    ],
)
def test_what_the_core_refuses_is_a_stored_failure(bank, what, reason):
    told = bank.pay("P1", what)
    assert (told["message"], told["payment"]["state"]) == ("ok", "failed")
    assert told["payment"]["reason"] == reason
    assert bank.status("P1")["payment"]["state"] == "failed"
    assert bank.ask(encode("core_result", "q", original="P1"))["payment"]["core"] == "invalid"


def test_day_limit_counts_what_was_paid_that_day(bank):
    for number in range(5):
        told = bank.pay(f"P{number}", order(debtor=LIMITED, amount="200000.00"))
        assert told["payment"]["state"] == "paid"
    assert bank.pay("P5", order(debtor=LIMITED, amount="0.01"))["payment"]["reason"] == "over_limit"
    bank.pass_time(days=1)
    assert bank.pay("P6", order(debtor=LIMITED, amount="0.01"))["payment"]["state"] == "paid"


def test_own_bank_flag_is_corrected_by_the_bank(bank):
    assert bank.pay("P1", order(own_bank=False))["payment"]["own_bank"] is True


def test_other_bank_account_with_own_bank_signs_is_refused():
    options = Options(own_bank=lambda cnaps, _bic, name: cnaps[:3] == "309" or "兴业银行" in name)
    with Bank(options=options) as bank:
        agent = type(OTHER_BANK)(name="兴业银行样本支行")
        assert bank.pay("P1", other(agent=agent))["message"] == "not_own_bank"
        assert bank.pay("P2", other())["payment"]["state"] == "paid"


def test_wrong_password_locks_after_five_and_a_right_one_resets(bank):
    wrong = encode("sign_on", "x", password="no")
    assert [bank.ask(wrong)["signon"] for _ in range(4)] == ["password_wrong"] * 4
    assert bank.ask(encode("sign_on", "x"))["signon"] == "ok"
    told = [bank.ask(wrong)["signon"] for _ in range(5)]
    assert told == ["password_wrong"] * 4 + ["password_locked"]
    assert bank.ask(encode("sign_on", "x"))["signon"] == "password_locked"
    assert bank.pay("P1", order())["signon"] == "password_locked"
    assert bank.ask(encode("sign_on", "x", operator="nobody"))["signon"] == "operator_unknown"
    assert bank.ask(encode("sign_on", "x", customer="1"))["signon"] == "operator_unknown"


def test_malformed_request_is_refused_by_name_and_bytes_that_are_none_with_400(bank):
    assert bank.pay("P1", order(), malformed="/a/b")["message"] == "malformed"
    exchange = bank.send(b"\xff\xfe not json")
    assert exchange.reply is not None
    assert exchange.reply.status == 400


def test_super_channel_is_pending_then_final(bank):
    assert bank.pay("P1", other(), super=True)["payment"]["state"] == "pending"
    held = bank.balance()
    assert (held["ledger"], held["available"]) == ("80000000.00", "79999900.00")
    bank.pass_time(minutes=9)
    assert bank.status("P1")["payment"]["state"] == "pending"
    bank.pass_time(minutes=1)
    assert bank.status("P1")["payment"]["state"] == "paid"
    assert bank.balance()["available"] == "79999900.00"


def test_super_channel_fails_for_a_marked_payee_and_frees_the_money(bank):
    number = payees.other_account(7, payees.FAILING_PREFIX)
    bank.pay("P1", other(creditor=number, name="甲公司"), super=True)
    bank.pass_time(minutes=10)
    assert bank.status("P1")["payment"]["state"] == "failed"
    assert bank.balance()["available"] == "80000000.00"


def test_super_channel_limit_and_bank_number(bank):
    told = bank.pay("P1", other(amount="50000.01"), super=True)
    assert told["payment"]["reason"] == "over_limit"
    agent = type(OTHER_BANK)(name="示例商业银行")
    assert bank.pay("P2", other(agent=agent), super=True)["message"] == "creditor_malformed"


def test_returned_payment_comes_back_on_the_second_working_day(bank):
    bank.pass_time(days=3)  # Friday
    bank.pay("P1", other(creditor=RETURNING_PAYEE, name="示例退汇有限公司"))
    paid_on = bank.now.date()
    bank.pass_time(days=3)
    assert bank.balance()["ledger"] == "79999900.00"
    bank.pass_time(days=1)  # Tuesday
    assert bank.balance()["ledger"] == "80000000.00"
    entry = bank.statement(bank.now.date())["entries"][0]
    assert entry["amount"] == "100.00"
    assert entry["remittance"].startswith("退汇")
    assert entry["reference"] == bank.status("P1")["payment"]["reference"]
    assert bank.statement(paid_on)["entries"][0]["amount"] == "-100.00"
    assert bank.status("P1")["payment"]["state"] == "paid"


def test_core_result_of_an_other_bank_payment_settles_in_time(bank):
    bank.pay("P1", other())
    asked = encode("core_result", "q", original="P1")
    assert bank.ask(asked)["payment"]["core_status"] == "sent"
    bank.pass_time(minutes=30)
    told = bank.ask(asked)["payment"]
    assert (told["core"], told["core_status"]) == ("valid", "settled")
    by_reference = encode("core_result", "q", reference=told["reference"])
    assert bank.ask(by_reference)["payment"] == told
    unknown = encode("core_result", "q", original="P9")
    assert bank.ask(unknown)["message"] == "no_such_instruction"


def test_scheduled_payment_waits_for_its_day(bank):
    due = TODAY + timedelta(days=2)
    assert bank.pay("P1", order(due=due))["payment"]["state"] == "audited"
    bank.pass_time(days=1)
    assert bank.status("P1")["payment"]["state"] == "audited"
    bank.pass_time(days=1)
    assert bank.status("P1")["payment"]["state"] == "paid"
    assert bank.statement(due)["entries"][0]["day"] == due.isoformat()


def test_without_signing_an_instruction_waits_for_people(bank):
    for number in range(4):
        told = bank.pay(f"P{number}", order(debtor=UNSIGNED_MAIN), customer=UNSIGNED)
        assert told["payment"]["state"] == "auditing"
    at = seconds(bank.now)
    execution = bank.bank.execution
    for serial, decision in (("P0", "approve"), ("P1", "send_back"), ("P2", "withdraw")):
        with bank.ledger.transaction():
            execution.decide(execution.only(serial), Decision(decision), at)
    told = [bank.status(f"P{n}", customer=UNSIGNED)["payment"]["state"] for n in range(4)]
    assert told == ["paid", "sent_back", "withdrawn", "auditing"]
    with pytest.raises(NotPermitted):
        execution.decide(execution.only("P0"), Decision.WITHDRAW, at)
    with pytest.raises(NotFound):
        execution.only("P9")
    bank.pass_time(days=30)
    assert bank.status("P3", customer=UNSIGNED)["payment"]["state"] == "expired"


def test_branch_reviews_what_is_above_the_accounts_mark(bank):
    bank.pay("P1", order(debtor=REVIEWED, amount="3000000.01"), customer=UNSIGNED)
    execution, at = bank.bank.execution, seconds(bank.now)
    with bank.ledger.transaction():
        row = execution.decide(execution.only("P1"), Decision.APPROVE, at)
    assert row.state.value == "branch_review"
    with bank.ledger.transaction():
        row = execution.decide(row, Decision.APPROVE, at)
    assert row.state.value == "paid"


def test_statement_pages_hold_a_hundred_lines_and_chain(bank):
    for number in range(250):
        bank.pay(f"P{number}", generated(number))
    bank.pass_time(days=1)
    pages = [bank.statement(TODAY, page=page) for page in (1, 2, 3)]
    assert [len(page["entries"]) for page in pages] == [100, 100, 51]  # with the opening line
    assert [page["more"] for page in pages] == [True, True, False]
    lines = [line for page in pages for line in page["entries"]]
    assert len({line["key"] for line in lines}) == 251
    assert all(len(line["key"]) == 25 for line in lines)
    assert bank.statement(TODAY, page=4)["message"] == "no_entries"
    assert len(bank.statement(TODAY, direction="credit")["entries"]) == 1
    assert lines[-1]["balance"] == pages[-1]["ledger"] == "79975000.00"


def test_today_must_be_asked_for_alone(bank):
    bank.pass_time(days=1)
    assert bank.statement(TODAY, bank.now.date())["message"] == "date_invalid"
    assert bank.statement(bank.now.date(), TODAY)["message"] == "date_invalid"
    assert bank.statement(bank.now.date() + timedelta(days=1))["message"] == "date_invalid"
    assert bank.statement(bank.now.date())["message"] == "no_entries"
    assert bank.statement(TODAY - timedelta(days=9), TODAY)["message"] == "ok"
    balances = bank.ask(encode("statement", "s", account=MAIN))
    assert (balances["ledger"], balances["entries"]) == ("80000000.00", [])


def test_queries_need_the_account_and_the_right(bank):
    assert bank.balance("900019999999999999")["message"] == "account_unknown"
    assert bank.balance("BANK-CLEARING")["message"] == "account_unknown"
    norights = {"operator": "norights", "password": "Demo-Pass-3"}
    assert bank.balance(**norights)["message"] == "not_permitted"
    assert bank.statement(TODAY, **norights)["message"] == "not_permitted"
    assert bank.balance(FROZEN)["available"] == "0.00"


def test_a_past_day_never_changes_and_the_clock_may_jump_back(bank):
    bank.pay("P1", order())
    bank.pass_time(days=5)
    bank.pay("P2", order())
    bank.pass_time(days=-3)
    bank.pay("P3", order())
    bank.pass_time(days=4)
    days = [line["day"] for line in bank.statement(TODAY, date(2026, 9, 20))["entries"]]
    assert days == ["2026-09-15", "2026-09-15", "2026-09-20", "2026-09-20"]


def test_generated_payees_have_names_that_follow_from_their_number(bank):
    number = payees.own_account(41)
    assert bank.pay("P1", generated(41))["payment"]["state"] == "paid"
    assert bank.pay("P2", order(number, name="别名"))["message"] == "name_mismatch"
    assert payees.payee_name(number) != payees.payee_name(payees.own_account(42))
    assert bank.pay("P3", order(OWN_PAYEE, name=f" {OWN_NAME} "))["payment"]["state"] == "paid"


def test_drawn_fates_do_not_depend_on_the_order_of_requests():
    serials = [f"P{number}" for number in range(200)]

    def returned(sequence):
        with Bank(options=Options(return_rate=0.3)) as bank:
            for serial in sequence:
                bank.pay(serial, other(amount="1.00"))
            bank.pass_time(days=2)
            bank.balance()
            book = bank.bank.book
            rows = [book.by_serial("9900000001", serial) for serial in serials]
            return {row.serial for row in rows if row and book.returned(row)}

    found = returned(serials)
    assert 30 < len(found) < 90
    assert returned(serials[::-1]) == found


def test_time_zone_of_the_caller_does_not_matter(bank):
    bank.now = bank.now.astimezone(tz=None)
    assert bank.pay("P1", order())["payment"]["state"] == "paid"
    assert bank.bank.book.latest(1)[0].paid_on == START.astimezone(BANK_TIME).date().isoformat()
