"""The bank's own confirmations: stored once, for one account or for all, told after a while."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from adapters.bank.cib import DIALECT
from gateway.domain.errors import BankRefused
from gateway.domain.ids import Serial
from gateway.domain.money import CNY, Money
from gateway.ports.bank import SignOn
from gateway.ports.bank_confirm import ConfirmOrder, ConfirmQuestion, OrderVerdict, ResultVerdict
from gateway.sandbox.bank import SandboxBank
from gateway.sandbox.ledger import Ledger
from gateway.sandbox.options import Options
from gateway.sandbox.seed import plant, shipped
from tests.sandbox_json import MAIN, START

MONTH = date(2026, 9, 1)
ORDER = ConfirmOrder(account=MAIN, month=MONTH)
LATER = START + timedelta(days=20)


class Bank:
    def __init__(self) -> None:
        self.ledger = Ledger(":memory:", durable=False)
        plant(self.ledger, shipped(), START)
        side = DIALECT.bank_side
        self.bank = SandboxBank(self.ledger, side, options=Options(code="cib"))

    def order(self, serial="O1", order=ORDER, at=LATER):
        sent = DIALECT.confirm.encode(order, self._who(at), Serial(serial))
        reply = self.bank.handle(sent.body(), at).reply
        return DIALECT.confirm.decode(order, Serial(serial), reply)

    def result(self, serial="O1", order=ORDER, at=LATER):
        question = ConfirmQuestion(
            original=Serial(serial), account=order.account, month=order.month
        )
        sent = DIALECT.confirm_result.encode(question, self._who(at), Serial("Q1"))
        reply = self.bank.handle(sent.body(), at).reply
        return DIALECT.confirm_result.decode(question, Serial("Q1"), reply)

    def _who(self, at):
        return SignOn(customer="9900000001", operator="erpmaker", password="Demo-Pass-1", at=at)

    def close(self):
        self.ledger.close()


@pytest.fixture
def bank():
    made = Bank()
    yield made
    made.close()


def test_an_order_is_stored_once_and_its_result_comes_later(bank):
    assert bank.order().verdict is OrderVerdict.RUNNING
    assert bank.result(at=LATER + timedelta(minutes=14)).verdict is ResultVerdict.NOT_READY
    after = LATER + timedelta(minutes=16)
    assert bank.order(at=after).verdict is OrderVerdict.DONE
    told = bank.result(at=after)
    assert told.verdict is ResultVerdict.AGREED
    (closing,) = bank.ledger.db.execute("SELECT balance FROM account WHERE number = ?", (MAIN,))
    assert told.balance == Money(closing[0], CNY)
    assert bank.ledger.db.execute("SELECT COUNT(*) FROM confirmation").fetchone() == (1,)
    bank.bank.confirmations.misreads[MAIN] = 7
    assert bank.result(at=after).balance == Money(closing[0] + 7, CNY)


def test_a_month_that_was_confirmed_has_nothing_due_again(bank):
    bank.order("O1")
    bank.order("O2")
    after = LATER + timedelta(minutes=16)
    assert bank.result("O2", at=after).verdict is ResultVerdict.NOTHING_DUE
    assert bank.result("O1", at=after).verdict is ResultVerdict.AGREED


@pytest.mark.parametrize("month", [date(2026, 10, 1), date(2025, 8, 1)])
def test_the_month_that_runs_and_old_ones_are_refused(bank, month):
    told = bank.order(order=ConfirmOrder(account=MAIN, month=month))
    assert told.verdict is OrderVerdict.REFUSED


def test_whom_the_bank_does_not_know_it_does_not_confirm(bank):
    told = bank.order(order=ConfirmOrder(account="1" * 18, month=MONTH))
    assert told.verdict is OrderVerdict.REFUSED
    with pytest.raises(BankRefused):
        bank.result("none")


def test_without_an_account_it_would_confirm_all_of_them(bank):
    """Why a dialect must never leave the account out."""
    sent = DIALECT.confirm.encode(ORDER, bank._who(LATER), Serial("ALL")).body()
    named = f"<RECONCILEACCOUNT>{MAIN}</RECONCILEACCOUNT>".encode()
    assert named in sent
    bank.bank.handle(sent.replace(named, b""), LATER)
    rows = bank.ledger.db.execute("SELECT account FROM confirmation").fetchall()
    assert rows == [("",)]
    other = ConfirmOrder(account="900010101000000029", month=MONTH)
    told = bank.result("ALL", order=other, at=LATER + timedelta(minutes=16))
    assert told.verdict is ResultVerdict.AGREED
