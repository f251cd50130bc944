"""The sandbox speaks CIB's FOX: a client's questions, answered over the ledger."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.bank.cib import DIALECT
from gateway.domain.errors import BankRefused, WireError
from gateway.domain.ids import Serial
from gateway.domain.instruction import Urgency
from gateway.domain.outcome import Verdict
from gateway.ports.bank import (
    BalanceQuestion,
    SignOn,
    SignOnQuestion,
    StatementQuestion,
    StatusQuestion,
)
from gateway.sandbox import payees
from gateway.sandbox.bank import SandboxBank
from gateway.sandbox.faults import Fault, FaultSchedule, Scripted
from gateway.sandbox.ledger import Ledger
from gateway.sandbox.options import Options
from gateway.sandbox.seed import plant, shipped
from tests.sandbox_json import MAIN, POOR, START, generated, order, other


class Client:
    """What a gateway does: encode, send, decode."""

    def __init__(self, *scripts):
        faults = FaultSchedule()
        faults.add(*scripts)
        options = Options(code=DIALECT.code, own_bank=DIALECT.is_own_bank)
        self.ledger = Ledger(":memory:")
        plant(self.ledger, shipped(), START)
        self.bank = SandboxBank(self.ledger, DIALECT.bank_side, options=options, faults=faults)
        self.now = START
        self.count = 0

    def ask(self, operation, question, serial="", **who):
        self.count += 1
        number = Serial(serial or f"Q{self.count}")
        at = self.now
        who = {"operator": "erpmaker", "password": "Demo-Pass-1", **who}
        signon = SignOn(customer="9900000001", at=at, **who)
        message = operation.encode(question, signon, number)
        exchange = self.bank.handle(message.body(), at)
        if exchange.reply is None:
            return exchange.delivery
        return operation.decode(question, number, exchange.reply)

    def pay(self, serial, what, **who):
        return self.ask(DIALECT.pay, what, serial, **who)

    def enquire(self, serial, what):
        question = StatusQuestion(original=Serial(serial), order=what)
        return self.ask(DIALECT.payment_status, question)

    def core(self, serial, what):
        question = StatusQuestion(original=Serial(serial), order=what)
        return self.ask(DIALECT.core_result, question)


@pytest.fixture
def client():
    made = Client()
    yield made
    assert made.ledger.check() == []
    made.ledger.close()


def test_sign_on(client):
    assert client.ask(DIALECT.sign_on, SignOnQuestion()).verdict is not Verdict.REJECTED
    refused = client.ask(DIALECT.sign_on, SignOnQuestion(), password="wrong")
    assert refused.stage.value == "signon"


@pytest.mark.parametrize("what", [order(), other(), generated(3)])
def test_a_payment_is_settled_and_found_again(client, what):
    assert client.pay("P1", what).verdict is Verdict.SETTLED
    assert client.enquire("P1", what).verdict is Verdict.SETTLED
    assert client.pay("P1", what).verdict is Verdict.SETTLED
    assert client.enquire("P2", what).verdict is Verdict.NOT_FOUND
    client.now += timedelta(hours=1)
    assert client.core("P1", what).verdict is Verdict.SETTLED


@pytest.mark.parametrize(
    "what",
    [
        order(name="错名公司"),
        order(debtor=POOR),
        order(amount="900000000.00"),
        order("910010801000000013", name="示例化工有限公司"),
    ],
)
def test_what_the_bank_refuses_is_a_rejection_known_as_such(client, what):
    if what.debtor.account.number == POOR:
        client.pay("P0", order(debtor=POOR, amount="50.00"))
    outcome = client.pay("P1", what)
    assert outcome.verdict is Verdict.REJECTED


def test_a_changed_amount_under_an_old_serial_is_found_out(client):
    client.pay("P1", order(amount="1.00"))
    assert client.pay("P1", order(amount="2.00")).verdict is Verdict.UNCONFIRMED


def test_super_channel(client):
    what = other(urgency=Urgency.URGENT)
    assert client.pay("P1", what).verdict is Verdict.UNCONFIRMED
    client.now += timedelta(minutes=15)
    assert client.enquire("P1", what).verdict is Verdict.SETTLED


def test_statement_pages_chain_and_a_returned_payment_is_a_credit(client):
    returning = payees.other_account(1, payees.RETURNED_PREFIX)
    client.pay("R1", other(creditor=returning, name="某公司", amount="7.00"))
    for number in range(120):
        client.pay(f"P{number}", generated(number))
    client.now += timedelta(days=1)
    day = START.date()
    pages = []
    more = True
    while more:
        question = StatementQuestion(account=MAIN, start=day, end=day, page=len(pages) + 1)
        pages.append(client.ask(DIALECT.statement, question))
        more = pages[-1].more
    entries = [entry for page in pages for entry in page.entries]
    assert [len(page.entries) for page in pages] == [100, 22]
    balance = client.ask(DIALECT.balance, BalanceQuestion(account=MAIN))
    assert entries[-1].balance_after == balance.ledger
    assert len({entry.bank_key for entry in entries}) == 122
    client.now += timedelta(days=1)
    today = client.now.date()
    question = StatementQuestion(account=MAIN, start=today, end=today)
    (credit,) = client.ask(DIALECT.statement, question).entries
    assert credit.amount.text() == "7.00"
    assert credit.reference == client.bank.book.matching("R1")[0].bank_reference


def test_an_empty_day_is_an_empty_page_and_a_strange_account_a_refusal(client):
    day = START.date() - timedelta(days=3)
    question = StatementQuestion(account=MAIN, start=day, end=day)
    page = client.ask(DIALECT.statement, question)
    assert (page.entries, page.more) == ((), False)
    with pytest.raises(BankRefused):
        client.ask(DIALECT.balance, BalanceQuestion(account="900019999999999999"))


@pytest.mark.parametrize(
    "kind",
    [
        *(Fault.ERROR_5XX_AFTER_COMMIT, Fault.ERROR_5XX_BEFORE_COMMIT, Fault.HTML_200),
        *(Fault.GARBAGE_GBK, Fault.UNKNOWN_CODE, Fault.OTHER_ANSWER),
        *(Fault.STALE_STATUS, Fault.OUT_OF_ORDER_STATUS),
    ],
)
def test_no_fault_makes_a_false_end(kind):
    for what in (order(), order(amount="900000000.00")):
        client = Client(Scripted(kind=kind, serial="P1"))
        client.pay("P0", other())
        try:
            verdict = client.pay("P1", what).verdict
        except WireError:
            verdict = Verdict.UNCONFIRMED
        assert verdict in {Verdict.UNCONFIRMED, Verdict.PROCESSING}
        assert client.ledger.check() == []
        client.ledger.close()
